"""Recordings and words are deleted when they are old, and only then."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from agent.domain.calls import Speaker
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
