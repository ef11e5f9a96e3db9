"""Whatever keeps us from the database is one line with a remedy, wherever it is asked for."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from agent.errors import CallError, DatabaseUnavailable
from agent.local.stack.processes import free_port
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.database_errors import unavailable
from agent.store.migrate import migrate, schema_state
from tests.facts import Story


async def _recent(dsn: str) -> None:
    async with Database(dsn) as database:
        await CallStore(database).recent(1)


_WAYS: list[Callable[[str], Awaitable[object]]] = [migrate, schema_state, _recent]


async def _says(dsn: str) -> str:
    """What all ways to the database say, in one line each; one of them is returned."""
    said = []
    for way in _WAYS:
        with pytest.raises(CallError) as raised:
            await way(dsn)
        said.append(str(raised.value))
    assert not [line for line in said if "\n" in line or "example-password" in line]
    assert len({line.rsplit(": ", 1)[1] for line in said}) == 1, said
    return said[0]


@asynccontextmanager
async def _refusing(code: str, message: str) -> AsyncIterator[str]:
    """A server, or a pooler, that answers every connection with this error."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size, _ = struct.unpack("!ii", await reader.readexactly(8))
        await reader.readexactly(size - 8)
        fields = f"SFATAL\0VFATAL\0C{code}\0M{message}\0\0".encode()
        writer.write(b"E" + struct.pack("!i", len(fields) + 4) + fields)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"postgresql://me:example-password@127.0.0.1:{port}/db?sslmode=disable"


@pytest.mark.parametrize(
    ("code", "message", "remedy"),
    [
        ("28P01", 'password authentication failed for user "me"', "check user and password"),
        ("28000", 'role "me" does not exist', "check the user"),
        ("28000", "no pg_hba.conf entry for host, no encryption", "sslmode=require"),
        ("3D000", 'database "db" does not exist', "create that database"),
        ("53300", "sorry, too many clients already", "max_connections"),
        ("53100", "could not write: No space left on device", "its disk is full"),
        ("57P03", "the database system is starting up", "try again in a moment"),
        ("42501", "permission denied for database", "grant this user"),
        ("42704", 'unrecognized configuration parameter "x"', "take that option out"),
        ("55P02", 'parameter "x" cannot be changed now', "take that option out"),
        ("08P01", "no such database: db", "the pooler before it refuses us"),
        ("XX000", "Tenant or user not found", "check DATABASE_URL"),
        ("0A000", "not supported", "check DATABASE_URL"),
        ("ZZ999", "of no class that we know", "check DATABASE_URL"),
    ],
)
async def test_what_a_server_refuses_is_said_with_a_remedy(
    code: str, message: str, remedy: str
) -> None:
    async with _refusing(code, message) as dsn:
        said = await _says(dsn)
    assert message in said
    assert remedy in said


async def test_a_server_that_is_not_there() -> None:
    said = await _says(f"postgresql://me:example-password@127.0.0.1:{free_port()}/db")
    assert "nothing listens there" in said


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (socket.gaierror(-2, "Name or service not known"), "no server has that name"),
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), "sslrootcert"),
        (ssl.SSLError(1, "wrong version number"), "check sslmode"),
    ],
)
def test_what_happens_on_the_way_there(error: OSError, remedy: str) -> None:
    assert remedy in str(unavailable("db.example:5432/sales", error))


async def test_a_socket_that_is_not_there() -> None:
    assert "check its path" in await _says("postgresql:///db?host=/nowhere&user=me")


async def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.store.database.CONNECT_SECONDS", 0.2)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert "firewall" in await _says(f"postgresql://me@127.0.0.1:{port}/db")


async def test_a_server_without_tls(dsn: str) -> None:
    assert "sslmode=disable" in await _says(f"{dsn}?sslmode=require")


async def test_an_option_of_postgres_that_it_does_not_know(dsn: str) -> None:
    assert "take that option out" in await _says(f"{dsn}?options=-c%20nonsense%3D1")


@pytest.mark.parametrize(
    "undo",
    [
        "alter table call_events drop column detail",
        "drop table call_events",
        "alter table call_events rename to other",
    ],
)
async def test_a_schema_of_another_version(dsn: str, undo: str) -> None:
    async with Database(dsn) as database:
        async with database.connection() as connection:
            await connection.execute(undo)
        with pytest.raises(DatabaseUnavailable, match=r"run `python agent\.py migrate`"):
            await CallStore(database).recent(1)


async def test_a_function_that_a_migration_makes(dsn: str) -> None:
    async with Database(dsn) as database, database.connection() as connection:
        with pytest.raises(DatabaseUnavailable, match=r"run `python agent\.py migrate`"):
            async with Database(dsn) as other, other.connection() as asking:
                await asking.execute("select slot_wait_of_another_version()")
        assert await connection.fetchval("select 1") == 1


async def test_a_user_who_may_not_read_the_tables(dsn: str) -> None:
    role = "reader_" + dsn.rsplit("_", 1)[1][:8]
    async with Database(dsn) as database, database.connection() as connection:
        await connection.execute(f"create role {role} login")
        try:
            other = dsn.replace("//postgres@", f"//{role}@")
            async with Database(other) as denied:
                with pytest.raises(DatabaseUnavailable, match="grant this user the tables"):
                    await CallStore(denied).recent(1)
            with pytest.raises(DatabaseUnavailable, match="grant this user the tables"):
                await migrate(other)
        finally:
            await connection.execute(f"drop role {role}")


async def test_a_standby(dsn: str) -> None:
    read_only = f"{dsn}?options=-c%20default_transaction_read_only%3Don"
    async with Database(read_only) as database:
        with pytest.raises(DatabaseUnavailable, match="must name the primary"):
            await CallStore(database).append([Story().created()])
