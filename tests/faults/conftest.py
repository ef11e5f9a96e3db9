"""A call centre of its own, whose parts are broken: not those that other tests need."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.calls.at_the_same_time import AtTheSameTime
from tests.calls.call_centre import CallCentre, Line
from tests.calls.places import Places

_together = AtTheSameTime("centre", alone=["line", "badly_served"])


@pytest.hookimpl(trylast=True)  # what is not chosen does not begin
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of this folder begin together."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.parent == Path(__file__).parent:
            _together.add(item)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def centre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CallCentre]:
    """The stack, a worker that takes two calls at once, and one with other providers."""
    async with (
        CallCentre(tmp_path_factory.mktemp("faults")) as centre,
        centre.worker(MAX_CONCURRENT_CALLS="2") as centre.line,
        centre.other_providers() as providers,
        centre.worker(speech=providers) as badly_served,
    ):
        _together.open(
            Places(tmp_path_factory.getbasetemp().parent),
            centre=centre,
            line=centre.line,
            badly_served=badly_served,
        )
        try:
            yield centre
        finally:
            await _together.close()


@pytest.fixture(scope="package")
def line(centre: CallCentre) -> Line:
    """A number whose worker has what it needs. One test at a time has it."""
    return centre.line


@pytest.fixture(scope="package")
def badly_served(centre: CallCentre) -> None:
    """A number whose worker has providers of its own. One test at a time has it."""
    # The tests get it from `_together`; this is what pytest knows it by.
