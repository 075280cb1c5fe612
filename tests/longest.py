"""The longest tests go first: one that began last would keep one process busy while the others wait for it.

Where they stand among themselves, and all others, is left to chance. `pytest.mark.longest` marks a test that alone
takes more than about a fiftieth of the time of all.
"""

from __future__ import annotations

import pytest

MARK = "longest"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARK}: takes so long that it begins first")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After they were shuffled."""
    items.sort(key=lambda item: item.get_closest_marker(MARK) is None)
