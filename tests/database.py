"""A real Postgres for tests: one server a session, an own migrated database a test."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import asyncpg
import pytest

from agent.local.stack.postgres import LocalPostgres
from agent.store.migrate import migrate

_TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def postgres() -> Iterator[LocalPostgres]:
    """A server for the whole session, with a migrated template database."""
    server = LocalPostgres()
    asyncio.run(server.start())
    try:
        asyncio.run(_execute(server.dsn, f"create database {_TEMPLATE}"))
        asyncio.run(migrate(_named(server.dsn, _TEMPLATE)))
        yield server
    finally:
        asyncio.run(server.stop())


@pytest.fixture
def empty_dsn(postgres: LocalPostgres) -> Iterator[str]:
    """URL of a database of the test's own without any table."""
    yield from empty_database(postgres)


@pytest.fixture
def dsn(postgres: LocalPostgres) -> Iterator[str]:
    """URL of a migrated database of the test's own."""
    yield from migrated_database(postgres)


def migrated_database(postgres: LocalPostgres) -> Iterator[str]:
    """URL of a migrated database, dropped when the generator goes on: for wider fixtures."""
    yield from _database(postgres, _TEMPLATE)


def empty_database(postgres: LocalPostgres) -> Iterator[str]:
    """URL of a database without any table, dropped when the generator goes on."""
    yield from _database(postgres, "template0")


def _database(server: LocalPostgres, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    asyncio.run(_execute(server.dsn, f"create database {name} template {template}"))
    yield _named(server.dsn, name)
    asyncio.run(_execute(server.dsn, f"drop database {name} with (force)"))


def _named(dsn: str, name: str) -> str:
    return f"{dsn.rsplit('/', 1)[0]}/{name}"


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
