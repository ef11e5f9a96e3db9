"""The counter of a day says what summing its calls would say, whatever happens to them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from agent.store.database import Connection, Database

NOON = datetime(2026, 9, 14, 12, 0, tzinfo=UTC)
LATE = NOON + timedelta(hours=11)


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[Connection]:
    async with Database(dsn) as database, database.connection() as connection:
        yield connection


async def _dialled(connection: Connection, at: datetime) -> UUID:
    call_id = uuid4()
    await connection.execute(
        "insert into attempts (id, created_at, origin, basis, number, wanted_at, due_at, call_id) "
        "values ($1, $2, 'api', 'unstated', '+1', $2, $2, $1)",
        *(call_id, at),
    )
    await connection.execute(
        "insert into dialings (call_id, attempt_id, number, room_name, trunk, dispatched_at) "
        "values ($1, $1, $1::uuid::text, 'room', 'main', $2)",
        *(call_id, at),
    )
    await _set(connection, call_id, "state = 'dialling', dialling_at = $2", at)
    return call_id


async def _set(connection: Connection, call_id: UUID, what: str, *values: object) -> None:
    await connection.execute(f"update dialings set {what} where call_id = $1", call_id, *values)


async def _minutes(connection: Connection, at: datetime) -> int:
    found: int = await connection.fetchval("select minutes_today($1)", at)
    return found


async def test_a_call_counts_from_its_dial_on_and_once_it_is_over_what_it_took(
    connection: Connection,
) -> None:
    call = await _dialled(connection, NOON)
    assert await _minutes(connection, NOON + timedelta(seconds=20)) == 1
    await _set(connection, call, "answered_at = $2", NOON + timedelta(seconds=30))
    assert await _minutes(connection, NOON + timedelta(minutes=4)) == 4
    await _set(connection, call, "state = 'over', over_at = $2", NOON + timedelta(seconds=91))
    assert await _minutes(connection, LATE) == 2
    assert await _minutes(connection, LATE + timedelta(days=1)) == 0
    assert await _minutes(connection, LATE - timedelta(days=1)) == 0


async def test_an_answer_that_becomes_known_after_the_end_counts(connection: Connection) -> None:
    call = await _dialled(connection, NOON)
    await _set(connection, call, "state = 'over', over_at = $2", NOON + timedelta(minutes=3))
    assert await _minutes(connection, LATE) == 0
    await _set(connection, call, "answered_at = $2", NOON)
    assert await _minutes(connection, LATE) == 3
    await _set(connection, call, "answered_at = $2", NOON)  # told twice
    assert await _minutes(connection, LATE) == 3
    await _set(connection, call, "returned = true")
    assert await _minutes(connection, LATE) == 0


async def test_a_step_that_is_taken_back_counts_nothing(connection: Connection) -> None:
    call = await _dialled(connection, NOON)
    await _set(connection, call, "answered_at = $2", NOON)
    transaction = connection.transaction()
    await transaction.start()
    await _set(connection, call, "state = 'over', over_at = $2", NOON + timedelta(minutes=9))
    await transaction.rollback()
    assert await _minutes(connection, NOON + timedelta(seconds=61)) == 2


async def test_calls_that_end_at_once_wait_for_the_counter_only_while_they_commit(
    dsn: str, connection: Connection
) -> None:
    calls = [await _dialled(connection, NOON) for _ in range(2)]
    over = "answered_at = dialling_at, state = 'over', over_at = $2"
    async with Database(dsn) as database, database.connection() as other:
        first, second = connection.transaction(), other.transaction()
        await first.start()
        await second.start()
        await other.execute("set local lock_timeout = '2s'")
        await _set(connection, calls[0], over, NOON + timedelta(minutes=2))
        await _set(other, calls[1], over, NOON + timedelta(minutes=3))
        await second.commit()  # while the first is still open
        await first.commit()
    assert await _minutes(connection, LATE) == 5


async def test_the_counter_stays_when_old_calls_are_deleted(connection: Connection) -> None:
    call = await _dialled(connection, NOON)
    over = "answered_at = dialling_at, state = 'over', over_at = $2"
    await _set(connection, call, over, NOON + timedelta(minutes=2))
    await connection.execute("delete from dialings where call_id = $1", call)
    assert await _minutes(connection, LATE) == 2
