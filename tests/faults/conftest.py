"""A call centre of its own: what is broken here must not be needed elsewhere."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.calls.call_centre import CallCentre, Line


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def centre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CallCentre]:
    """The stack, and a worker that takes two calls at once."""
    async with (
        CallCentre(tmp_path_factory.mktemp("faults")) as centre,
        centre.worker(MAX_CONCURRENT_CALLS="2") as centre.line,
    ):
        yield centre


@pytest.fixture
def line(centre: CallCentre) -> Line:
    """The worker's number."""
    return centre.line


@pytest_asyncio.fixture(loop_scope="package", autouse=True)
async def everything_is_mended(centre: CallCentre) -> AsyncIterator[None]:
    """Whatever a test broke, the next one finds whole, with nobody on the line."""
    yield
    await centre.speech.faults(chat="ok", speech="ok", listen="ok")
    await centre.to_livekit.mend()
    await centre.to_postgres.mend()
    await centre.line.is_free()
