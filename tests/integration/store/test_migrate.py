"""Bringing a real database up to date: from nothing, from 0.1.0, beside running processes."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from agent.domain.record import fold
from agent.errors import DatabaseUnavailable, SettingsError
from agent.store.calls import columns_of
from agent.store.database import Connection, Database
from agent.store.event_json import events_form, turns_form
from agent.store.migrate import migrate, read_migrations, schema_state
from tests.facts import Story

FIXTURES = Path(__file__).parents[2] / "fixtures"
OLD_SCHEMA = 5
"""So many migrations had version 0.1.0."""


def _old_statements() -> dict[str, str]:
    """The SQL of version 0.1.0 (commit 0230204), by the names that its files had."""
    parts = re.split(
        r"^-- name: (\w+)\n", (FIXTURES / "statements-0.1.0.sql").read_text(), flags=re.M
    )
    return {name: sql.strip() for name, sql in zip(parts[1::2], parts[2::2], strict=True)}


OLD = _old_statements()


@pytest.fixture
async def connection(empty_dsn: str) -> AsyncIterator[Connection]:
    async with Database(empty_dsn) as database, database.connection() as connection:
        yield connection


async def _as_pogo_left_it(connection: Connection) -> None:
    """A database of version 0.1.0: its tables, and pogo's account of what it applied."""
    await connection.execute("""
        create table public._pogo_migration (
            migration_hash varchar(64), migration_id varchar(255), applied timestamptz,
            schema_name varchar(64) not null, primary key (migration_hash, schema_name)
        );
        create table public._pogo_version (version int not null primary key, installed timestamptz);
        insert into public._pogo_version values (0, now()), (1, now());
    """)
    for each in read_migrations()[:OLD_SCHEMA]:
        await connection.execute(each.sql)
        await connection.execute(
            "insert into public._pogo_migration values (md5($1), $1, now(), 'public')", each.name
        )


async def test_migrations_are_applied_once_also_by_two_at_the_same_time(empty_dsn: str) -> None:
    first, second = await asyncio.gather(migrate(empty_dsn), migrate(empty_dsn))
    assert sorted(first + second) == [each.name for each in read_migrations()]
    assert await migrate(empty_dsn) == []
    async with Database(empty_dsn) as database, database.connection() as connection:
        schemas = await connection.fetch(
            "select nspname from pg_namespace where nspname !~ '^pg_' "
            "and nspname <> 'information_schema'"
        )
    assert [row["nspname"] for row in schemas] == ["public"]


async def test_a_database_that_pogo_migrated_is_taken_over(
    empty_dsn: str, connection: Connection
) -> None:
    await _as_pogo_left_it(connection)
    names = [each.name for each in read_migrations()]
    assert (await schema_state(empty_dsn)).missing == tuple(
        name for name in names[OLD_SCHEMA:] if "_post_" not in name
    )
    applied = await migrate(empty_dsn, post=True)
    assert applied == names[OLD_SCHEMA:]  # none of the first five a second time
    kept = await connection.fetch("select name, hash from schema_migrations order by name")
    assert [(row["name"], row["hash"]) for row in kept] == [
        (each.name, each.hash) for each in read_migrations()
    ]


async def test_what_the_older_version_uses_stays_until_it_is_gone(
    empty_dsn: str, connection: Connection
) -> None:
    await _as_pogo_left_it(connection)
    applied = await migrate(empty_dsn)
    assert not [name for name in applied if "_post_" in name]
    state = await schema_state(empty_dsn)
    assert (state.missing, state.unknown) == ((), ())
    assert state.waiting == tuple(each.name for each in read_migrations() if each.is_post)
    assert await migrate(empty_dsn, post=True) == list(state.waiting)
    assert (await schema_state(empty_dsn)).waiting == ()


async def test_the_older_version_finds_what_its_statements_name(old_on_new: Connection) -> None:
    broken: dict[str, str] = {}
    for name, statement in OLD.items():
        try:
            await old_on_new.prepare(statement)
        except asyncpg.PostgresError as error:
            broken[name] = str(error)
    assert broken == {}
    assert len(OLD) > 60


async def test_the_older_version_writes_a_whole_call(old_on_new: Connection) -> None:
    """Each of its statements that adds a row, with what it would write."""
    call, attempt_id, now = Story(), uuid4(), datetime.now(UTC)
    events = [call.created(direction="outbound"), call("answered"), call("ended")]
    run = old_on_new.execute
    row = columns_of(fold(call.call_id, events))
    await run(OLD["ensure_trunk"], "main", 5.0)
    who = ("api", "consent", None, "+32479202020", None, None, None, None, now)
    await run(OLD["add_attempt"], attempt_id, now, *who, call.call_id, None)
    await run(OLD["add_idempotency_key"], "me", "k", "h", attempt_id, 202, {}, now)
    await run(OLD["add_dialing"], call.call_id, attempt_id, "+32479202020", "room", "main")
    slot = await old_on_new.fetchrow(OLD["begin_dialling"], call.call_id, 3, None, 0.2)
    assert slot is not None
    assert (slot["refusal"], slot["settled"]) == (None, True)
    assert await old_on_new.fetchrow(OLD["look_at_slot"], call.call_id) is not None
    assert await old_on_new.fetchrow(OLD["renew_slot"], call.call_id, 0.2) is not None
    for _ in range(2):  # added, then updated
        await run(OLD["append_events"], events_form(events), turns_form([]), call.call_id)
        await run(OLD["record_call"], row, [])
    await run(OLD["add_opt_out"], "+32479202021", "all", "letter", now)
    await run(OLD["beat"], uuid4(), "worker", "here", 1, now, {})
    await run(OLD["set_switch"], "dialling", True, "a test")
    assert await old_on_new.fetchval("select disposition from call_logs") is not None


@pytest.fixture
async def old_on_new(empty_dsn: str, connection: Connection) -> Connection:
    """The new schema as `migrate` leaves it while processes of version 0.1.0 still run."""
    await _as_pogo_left_it(connection)
    await migrate(empty_dsn)
    return connection


async def test_a_migration_that_fails_changes_nothing(empty_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "0001_good.sql").write_text("create table good ();")
    (tmp_path / "0002_pre_bad.sql").write_text("create table half (); select nothing;")
    with pytest.raises(DatabaseUnavailable, match=r"0002_pre_bad failed and was rolled back"):
        await migrate(empty_dsn, folder=tmp_path)
    assert (await schema_state(empty_dsn, tmp_path)).missing == ("0002_pre_bad",)
    (tmp_path / "0002_pre_bad.sql").write_text("create table half ();")
    assert await migrate(empty_dsn, folder=tmp_path) == ["0002_pre_bad"]


async def test_a_file_that_was_changed_after_it_was_applied_is_named(
    empty_dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "0001_tables.sql"
    file.write_text("create table a ();")
    await migrate(empty_dsn, folder=tmp_path)
    file.write_text("create table a (b text);")
    with pytest.raises(SettingsError, match="0001_tables was changed after"):
        await migrate(empty_dsn, folder=tmp_path)


@pytest.mark.parametrize("holds", ["select pg_advisory_lock(1095324483)", "lock table call_logs"])
async def test_migrate_says_what_it_waits_for_instead_of_hanging(
    holds: str, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.store.migrate._WAIT", "300ms")
    for each in read_migrations():
        (tmp_path / f"{each.name}.sql").write_text(each.sql)
    (tmp_path / "9000_pre_more.sql").write_text("alter table call_logs add column more text;")
    other = await asyncpg.connect(dsn)
    try:
        await other.execute("begin")
        await other.execute(holds)
        with pytest.raises(DatabaseUnavailable, match=r"another process|a long transaction"):
            await migrate(dsn, folder=tmp_path)
    finally:
        await other.close()
    assert await migrate(dsn, folder=tmp_path) == ["9000_pre_more"]
