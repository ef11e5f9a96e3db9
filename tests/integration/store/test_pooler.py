"""A transaction pooler between us and Postgres: pgbouncer, Neon's, Supabase's."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from agent.domain.calls import CallState
from agent.store.calls import CallStore
from agent.store.database import Database, listen
from agent.store.migrate import migrate, read_migrations, schema_state
from agent.store.retention import Retention
from tests.facts import Story
from tests.pooler import transaction_pooler


async def test_the_stand_in_breaks_what_relies_on_a_session(dsn: str) -> None:
    async with transaction_pooler(dsn) as pooled:
        connection = await asyncpg.connect(pooled)
        assert await connection.fetchval("select $1::int", 1) == 1
        with pytest.raises(asyncpg.InvalidSQLStatementNameError):
            await connection.fetchval("select $1::int", 1)
        await connection.close()


async def test_two_migrate_at_once_through_a_pooler(empty_dsn: str) -> None:
    async with transaction_pooler(empty_dsn, servers=3) as pooled:
        first, second = await asyncio.gather(migrate(pooled), migrate(pooled))
        assert sorted(first + second) == [each.name for each in read_migrations()]
        assert await migrate(pooled) == []
        assert (await schema_state(pooled)).missing == ()


@pytest.mark.parametrize("extra", ["", "?pgbouncer=true&connection_limit=1"])
async def test_calls_are_written_and_read_through_a_pooler(dsn: str, extra: str) -> None:
    async with (
        transaction_pooler(dsn) as pooled,
        Database(pooled + extra, max_size=4) as one,
        Database(pooled + extra, max_size=4) as other,
    ):

        async def call(database: Database) -> CallState:
            store, story = CallStore(database), Story()
            await store.append([story.created()])
            await store.append([story("answered"), story("ended")])
            return (await store.show(story.call_id)).record.state

        states = await asyncio.gather(*(call(each) for each in (one, other) * 10))
        assert set(states) == {CallState.ENDED}
        assert len(await CallStore(one).recent(100)) == 20


async def test_no_lock_stays_with_the_pooler(dsn: str, tmp_path: Path) -> None:
    async with transaction_pooler(dsn) as pooled, Database(pooled, max_size=2) as database:
        retention = Retention(database, tmp_path, timedelta(days=1), lambda: datetime.now(UTC))
        for _ in range(3):
            assert await retention.look() is not None
        assert await migrate(pooled) == []
    async with Database(dsn) as database, database.connection() as connection:
        assert await connection.fetch("select from pg_locks where locktype = 'advisory'") == []


async def test_who_listens_through_a_pooler_is_told_what_to_set(dsn: str) -> None:
    with capture_logs() as logs:
        async with transaction_pooler(dsn) as pooled:
            looked = asyncio.Event()
            listening = asyncio.create_task(listen(pooled, "attempts", looked.set))
            await asyncio.wait_for(looked.wait(), 10)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    assert ("listening_through_a_pooler", "set DIRECT_DATABASE_URL") in [
        (each["event"], each.get("remedy")) for each in logs
    ]


async def test_without_a_pooler_statements_stay_prepared(dsn: str) -> None:
    async with Database(dsn) as database, database.connection() as connection:
        await connection.fetchval("select 1")
        assert await connection.fetchval("select count(*) from pg_prepared_statements") > 0
