"""Fixtures that every part of the suite shares."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A test is no lottery: the same examples every time, and no deadline on a machine that others use too. Searching
# further is a run by hand with other seeds.
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")

PROJECT = Path(__file__).resolve().parent.parent
SHARED_DATA = PROJECT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real telegrams, shelters and roads; skip where it is not at hand.

    In CI nothing is skipped: a missing folder there is a failure of the set-up.
    """
    if SHARED_DATA.is_dir():
        return SHARED_DATA
    if os.environ.get("CI"):
        pytest.fail(f"real data are missing at {SHARED_DATA}, and CI skips nothing")
    pytest.skip(f"real data are not at {SHARED_DATA}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests of the whole: they take longest, and side by side the longest must not start last."""
    items.sort(key=lambda item: "whole" not in item.path.parts)
