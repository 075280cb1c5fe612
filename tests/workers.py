"""The processes that the tests run in: one more than there are processors.

Much of what the tests do is waiting, for workers that were killed to come back or for a lease to run out.
"""

from __future__ import annotations

import gc
import os


def pytest_xdist_auto_num_workers() -> int:
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """What the tests are made of stays to the end; it need not be looked through again and again."""
    gc.collect()
    gc.freeze()
