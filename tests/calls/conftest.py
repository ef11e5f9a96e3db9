"""One call centre for all whole calls, and one worker that most of them ring."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.calls.call_centre import CallCentre, Line


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def centre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CallCentre]:
    """The stack, without a worker."""
    async with CallCentre(tmp_path_factory.mktemp("calls")) as centre:
        yield centre


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def line(centre: CallCentre) -> AsyncIterator[Line]:
    """A number answered by a worker with the short playbook, three calls at a time."""
    async with centre.worker(IDLE_PROCESSES="3") as line:
        yield line
