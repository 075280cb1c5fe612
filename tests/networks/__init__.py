"""The adapters, each held to one contract."""

import pytest

pytest.register_assert_rewrite("tests.networks.contract")
