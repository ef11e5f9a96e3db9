"""Which tests run in one process of `pytest -n 3`: whole calls in three groups, the rest behind.

Whole calls mostly wait, and share a stack that is dear to start; what computes meanwhile yields to
them. `--dist loadgroup` would do the same, but pytest-xdist 3.8 cannot with pytest 9.2: it sets the
name of a test where pytest no longer looks for it.
"""

import os
from pathlib import PurePosixPath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

CALLS_OUT = {"guide_curl", "outbound", "outbound_killed", "put_through", "stop_all"}
"""Tests of tests/calls/ that have a worker and a dialler of their own: one after the other."""

_WHOLE_CALLS = {"calls", "faults"}

_TALKING = {"phone_network", "providers"}
"""Folders of tests that speak and listen; in whole calls each test says whether it does."""


class CallsTogether(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Calls come first in the collection, and so get the three processes."""

    def _split_scope(self, nodeid: str) -> str:
        path = PurePosixPath(nodeid.partition("::")[0])
        if path.parent.name not in _WHOLE_CALLS:
            return str(path)
        if path.parent.name == "faults":
            return "faults"
        return "calls out" if path.stem.removeprefix("test_") in CALLS_OUT else "calls in"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> CallsTogether:
    """For every `-n`, whatever `--dist` says."""
    return CallsTogether(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A busy machine garbles speech, as a bad line does: once is told (R), twice is a failure.

    Not so what only counts, claims or is killed: once too often is a fault.
    """
    for item in items:
        call = item.get_closest_marker("call")
        talks = item.path.parent.name in _TALKING if call is None else call.args != (0,)
        if talks:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Whole calls happen in real time: a process that comes to other tests yields to them."""
    if "PYTEST_XDIST_WORKER" in os.environ and item.path.parent.name not in _WHOLE_CALLS:
        os.setpriority(os.PRIO_PROCESS, 0, 10)
