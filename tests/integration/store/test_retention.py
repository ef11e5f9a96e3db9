"""Recordings and words are deleted when they are old, and only then."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from agent.domain.calls import Speaker
from agent.errors import DatabaseUnavailable
from agent.settings import load_settings
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.opt_outs import OptOutList
from agent.store.retention import Deleted, Retention, delete_older_than
from agent.wiring.worker import delete_what_is_old
from tests.facts import NOON, Story

CUTOFF = NOON + timedelta(days=30)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn) as database:
        yield database


async def _told(database: Database, folder: Path, call: Story) -> Path:
    turn = call.turn(Speaker.AGENT, "Hello.")
    name = f"{call.call_id}.ogg"
    events = [
        call.created(),
        call("answered"),
        call("opted_out"),
        call("caller_hung_up"),
        call("recording_saved", path=name),
        call("summarised", summary="Wants no calls."),
    ]
    await CallStore(database).append(events, [turn])
    path = folder / name
    path.write_bytes(b"sound")
    return path


async def test_what_is_old_goes_and_what_is_young_stays(database: Database, tmp_path: Path) -> None:
    old, young = Story(), Story(start=CUTOFF)
    old_path = await _told(database, tmp_path, old)
    young_path = await _told(database, tmp_path, young)
    assert await delete_older_than(CUTOFF, database, tmp_path) == Deleted(1, 1, 0)
    assert (old_path.exists(), young_path.exists()) == (False, True)
    store = CallStore(database)
    detail = await store.show(old.call_id)
    assert detail.turns == ()
    assert (detail.record.summary, detail.record.duration_s) == ("Wants no calls.", 2.0)
    assert len((await store.show(young.call_id)).turns) == 1
    assert await OptOutList(database).standing("+32479202020")
    assert await delete_older_than(CUTOFF, database, tmp_path) == Deleted(0, 0, 0)


async def test_files_of_unknown_calls_go_by_their_age_and_other_files_stay(
    database: Database, tmp_path: Path
) -> None:
    left = tmp_path / f".{uuid4()}.partial.ogg"
    fresh = tmp_path / f"{uuid4()}.ogg"
    others = tmp_path / "music.ogg"
    for path, at in ((left, NOON), (fresh, CUTOFF), (others, NOON)):
        path.write_bytes(b"sound")
        os.utime(path, (at.timestamp(), at.timestamp()))
    assert await delete_older_than(CUTOFF, database, tmp_path) == Deleted(1, 0, 0)
    assert [path.exists() for path in (left, fresh, others)] == [False, True, True]


async def test_a_file_restored_yesterday_goes_by_its_calls_end(
    database: Database, tmp_path: Path
) -> None:
    path = await _told(database, tmp_path, Story())
    os.utime(path)
    assert (await delete_older_than(CUTOFF, database, tmp_path)).recordings == 1


async def test_a_folder_that_is_not_there_holds_no_recordings(
    database: Database, tmp_path: Path
) -> None:
    deleted = await delete_older_than(CUTOFF, database, tmp_path / "none")
    assert deleted == Deleted(0, 0, 0)


async def test_of_two_that_delete_at_once_one_waits_for_its_turn(
    dsn: str, database: Database, tmp_path: Path
) -> None:
    path = await _told(database, tmp_path, Story())
    retention = Retention(database, tmp_path, timedelta(days=30), lambda: NOON + timedelta(days=31))
    async with Database(dsn) as others, others.connection() as other:
        await other.execute("select pg_advisory_lock(0x41495344)")
        assert await retention.look() is None
        assert path.exists()
    assert await retention.look() == Deleted(1, 1, 0)
    assert await retention.look() == Deleted(0, 0, 0)  # the turn was given back


async def test_a_worker_deletes_by_itself_what_is_older_than_the_setting(
    dsn: str, database: Database, tmp_path: Path
) -> None:
    environ = {"DATABASE_URL": dsn, "RECORDINGS_DIR": str(tmp_path), "RETENTION_DAYS": "30"}
    settings = load_settings(environ=environ, env_file=None)
    today = datetime.now(UTC)
    old = await _told(database, tmp_path, Story(start=today - timedelta(days=31)))
    young = await _told(database, tmp_path, Story(start=today - timedelta(days=29)))
    deleting = asyncio.create_task(delete_what_is_old(settings))
    try:
        async with asyncio.timeout(20):
            while old.exists():  # noqa: ASYNC110  # the file system's fact
                await asyncio.sleep(0.02)
    finally:
        deleting.cancel()
        await asyncio.gather(deleting, return_exceptions=True)
    assert young.exists()


async def _sum(database: Database, table: str) -> int:
    async with database.connection() as connection:
        found: int = await connection.fetchval(f"select count(*) from {table}")
    return found


async def test_any_number_of_words_and_webhooks_is_deleted_in_batches(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.store.retention._ROWS", 7)
    for minutes in range(5):
        call = Story(start=NOON + timedelta(minutes=minutes))
        turns = [call.turn(Speaker.AGENT, "Hello.") for _ in range(6)]
        await CallStore(database).append([call.created(), call("ended")], turns)
    async with database.connection() as connection:
        await connection.execute(  # thirty of one moment
            "insert into webhook_inbox (source, event_id, event_type, at, received_at, "
            "tells_the_end, events, raw, headers, deliveries, status) "
            "select 'telnyx', n::text, 'call', $1, $1, false, '[]', '', '{}', 1, 'unlinked' "
            "from generate_series(1, 30) as n",
            NOON,
        )
    assert await delete_older_than(CUTOFF, database, tmp_path) == Deleted(0, 5, 0)
    assert (await _sum(database, "call_turns"), await _sum(database, "webhook_inbox")) == (0, 0)


async def test_words_that_must_stay_do_not_keep_the_others_from_going(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.store.retention._ROWS", 2)
    going_on = Story(start=CUTOFF - timedelta(days=1))
    words = [going_on.turn(Speaker.AGENT, "Hello.") for _ in range(5)]
    events = [going_on.created(), going_on("answered"), going_on("ended", after=2 * 86_400)]
    await CallStore(database).append(events, words)
    over = Story(start=CUTOFF - timedelta(hours=2))
    word = over.turn(Speaker.AGENT, "Bye.")
    await CallStore(database).append([over.created(), over("ended")], [word])
    assert await delete_older_than(CUTOFF, database, tmp_path) == Deleted(0, 1, 0)
    assert len((await CallStore(database).show(going_on.call_id)).turns) == 5


async def test_recordings_go_even_when_the_rows_cannot(database: Database, tmp_path: Path) -> None:
    path = await _told(database, tmp_path, Story())
    async with database.connection() as connection:
        await connection.execute("alter table call_turns rename to other")
    with pytest.raises(DatabaseUnavailable):
        await delete_older_than(CUTOFF, database, tmp_path)
    assert not path.exists()


async def _wish(database: Database, at: datetime, *, ended: bool, call: str | None) -> None:
    """An attempt of that time, its call in the state `call`, and its key."""
    async with database.connection() as connection:
        wish = uuid4()
        await connection.execute(
            "insert into attempts (id, created_at, origin, basis, number, wanted_at, due_at, "
            "call_id, state, outcome, ended_at) values ($1, $2, 'api', 'unstated', "
            "$1::uuid::text, $2, $2, $1, $3, $4, $5)",
            *(wish, at, "done" if ended else "queued", "rang" if ended else None),
            at if ended else None,
        )
        await connection.execute(
            "insert into idempotency_keys values ('me', $1::uuid::text, '', $1, 202, '{}', $2)",
            wish,
            at,
        )
        if call is not None:
            await connection.execute(
                "insert into dialings (call_id, attempt_id, number, room_name, trunk, state, "
                "dispatched_at, dialling_at, over_at) values ($1, $1, $1::uuid::text, 'room', "
                "'main', $2, $3, $3, $4)",
                *(wish, call, at, at if call == "over" else None),
            )


@pytest.mark.parametrize(
    ("days_before", "ended", "call", "stays"),
    [
        (1, True, "over", False),
        (1, True, None, False),
        (-1, True, "over", True),
        (1, False, None, True),  # it may still be called
        (1, False, "over", True),  # … and must not lose what says how often it rang
        (1, True, "dialling", True),
    ],
)
async def test_an_attempt_goes_with_its_calls_once_all_of_it_is_old(
    database: Database,
    tmp_path: Path,
    days_before: int,
    ended: bool,
    call: str | None,
    stays: bool,
) -> None:
    at = CUTOFF - timedelta(days=days_before)
    await _wish(database, at, ended=ended, call=call)
    await delete_older_than(CUTOFF, database, tmp_path)
    assert await _sum(database, "attempts") == int(stays)
    assert await _sum(database, "dialings") == int(stays and call is not None)
    assert await _sum(database, "idempotency_keys") == 0  # its day is over in any case


async def test_what_the_limits_count_stays_two_days_whatever_was_asked_for(
    database: Database, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    await _wish(database, now - timedelta(hours=30), ended=True, call="over")
    await delete_older_than(now - timedelta(hours=1), database, tmp_path)
    assert (await _sum(database, "attempts"), await _sum(database, "dialings")) == (1, 1)


async def test_facts_whose_call_never_became_known_go_and_those_of_a_call_stay(
    database: Database, tmp_path: Path
) -> None:
    call = Story()
    lost = replace(call("answered"), call_id=None)
    await CallStore(database).append([call.created(), call("ended"), lost])
    async with database.connection() as connection:
        await connection.execute("update call_events set stored_at = $1", NOON)
    await delete_older_than(CUTOFF, database, tmp_path)
    assert await _sum(database, "call_events") == 2
    assert (await CallStore(database).show(call.call_id)).record.outcome is not None
