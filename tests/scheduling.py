"""Which tests run in one process of `pytest -n 3`: whole calls in two, the rest behind them.

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

_BEHIND_THE_CALLS = "gw2"


class CallsTogether(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Calls come first in the collection, and so get the first two processes."""

    def _split_scope(self, nodeid: str) -> str:
        path = PurePosixPath(nodeid.partition("::")[0])
        if path.parent.name == "calls":
            return "calls out" if path.stem.removeprefix("test_") in CALLS_OUT else "calls"
        return "calls" if path.parent.name == "faults" else str(path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> CallsTogether:
    """For every `-n`, whatever `--dist` says."""
    return CallsTogether(config, log)


@pytest.fixture(scope="session", autouse=True)
def calls_go_first() -> None:
    """Whole calls happen in real time; what the third process computes waits for them."""
    if os.environ.get("PYTEST_XDIST_WORKER") == _BEHIND_THE_CALLS:
        os.setpriority(os.PRIO_PROCESS, 0, 10)
