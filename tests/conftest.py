"""Fixtures that every test may use, and the guard over all of them."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester", "tests.database", "tests.network_guard.plugin"]

_CALLS = {Path(__file__).parent / "calls", Path(__file__).parent / "faults"}


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For `pytest -n 3`: whole calls stay together in two processes, other tests with their file.

    Calls come first in the collection, and so get the first two.
    """
    for item in items:
        if item.get_closest_marker("xdist_group"):
            continue
        group = "calls" if item.path.parent in _CALLS else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session", autouse=True)
def calls_go_first() -> None:
    """Whole calls happen in real time; what the third process computes waits for them."""
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw2":
        os.setpriority(os.PRIO_PROCESS, 0, 10)
