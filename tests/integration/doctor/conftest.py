"""One installation for all faults: made well again after each."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.local.stack.postgres import LocalPostgres
from tests.database import migrated_database
from tests.integration.doctor.hospital import Hospital


@pytest.fixture(scope="module")
def hospital_dsn(postgres: LocalPostgres) -> Iterator[str]:
    """A migrated database for all tests of a file."""
    yield from migrated_database(postgres)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hospital(
    tmp_path_factory: pytest.TempPathFactory, hospital_dsn: str
) -> AsyncIterator[Hospital]:
    """A healthy installation."""
    folder: Path = tmp_path_factory.mktemp("hospital")
    async with Hospital(folder, hospital_dsn) as running:
        yield running
