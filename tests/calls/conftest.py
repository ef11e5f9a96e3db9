"""One call centre for all whole calls, and one worker that most of them ring."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.calls.at_the_same_time import AtTheSameTime
from tests.calls.call_centre import CallCentre, Line
from tests.calls.places import Places

_together = AtTheSameTime("line", "centre", alone=["calendar", "adviser"])


@pytest.hookimpl(trylast=True)  # what is not chosen does not begin
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of this folder begin together."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.parent == Path(__file__).parent:
            _together.add(item)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def centre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CallCentre]:
    """The stack, and a worker with the short playbook."""
    async with (
        CallCentre(tmp_path_factory.mktemp("calls")) as centre,
        # More places than calls: one that has hung up still writes its record.
        centre.worker(IDLE_PROCESSES="3", MAX_CONCURRENT_CALLS="8") as centre.line,
    ):
        _together.open(
            Places(tmp_path_factory.getbasetemp().parent),
            line=centre.line,
            centre=centre,
            calendar=None,
            adviser=None,
        )
        try:
            yield centre
        finally:
            await _together.close()


@pytest.fixture(scope="package")
def line(centre: CallCentre) -> Line:
    """A number with the short playbook."""
    return centre.line


@pytest.fixture(scope="package")
def calendar(centre: CallCentre) -> None:
    """Every playbook's times are in one calendar. One test at a time has it."""
    # The tests get it from `_together`; this is what pytest knows it by.


@pytest.fixture(scope="package")
def adviser(centre: CallCentre) -> None:
    """Callers are transferred to one number. One test at a time says what it does."""
