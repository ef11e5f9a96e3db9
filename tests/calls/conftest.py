"""One call centre for all whole calls, and one worker that most of them ring."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.calls.at_the_same_time import AtTheSameTime
from tests.calls.call_centre import CallCentre, Line

_together = AtTheSameTime()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of this folder that share a worker begin together."""
    for item in items:
        ours = item.path.parent == Path(__file__).parent
        if ours and isinstance(item, pytest.Function) and "line" in item.fixturenames:
            _together.add(item)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def centre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CallCentre]:
    """The stack, without a worker."""
    async with CallCentre(tmp_path_factory.mktemp("calls")) as centre:
        yield centre


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def line(centre: CallCentre) -> AsyncIterator[Line]:
    """A number answered by a worker with the short playbook."""
    # More places than calls: one that has hung up still writes its record.
    async with centre.worker(IDLE_PROCESSES="3", MAX_CONCURRENT_CALLS="8") as line:
        try:
            yield line
        finally:
            await _together.close()
