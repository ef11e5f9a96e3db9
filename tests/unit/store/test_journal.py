"""The journal of a live call: nothing waits for the database, nothing is lost with it."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from agent.domain.calls import CallEvent, CallTurn, Speaker
from agent.errors import DatabaseUnavailable
from agent.store import journal as journal_module
from agent.store.journal import Journal
from agent.store.spool import recover, write_spool
from tests.facts import Story


class FakeStore:
    """A database that can be away, hang, or store what it then reports as failed."""

    def __init__(self) -> None:
        self.away = False
        self.loses_answers = 0
        self.broken = False
        self.hangs = False
        self.appends = 0
        self.tries = 0
        self.events: dict[str, CallEvent] = {}
        self.turns: dict[str, CallTurn] = {}
        self.tried = asyncio.Event()
        self.stored = asyncio.Event()

    async def append(self, events: Sequence[CallEvent], turns: Sequence[CallTurn] = ()) -> None:
        self.tries += 1
        self.tried.set()
        if self.hangs:
            await asyncio.Event().wait()
        if self.broken:
            raise ValueError("a bug")
        if self.away:
            raise DatabaseUnavailable("away")
        self.appends += 1
        self.events |= {event.source_id: event for event in events}
        self.turns |= {turn.turn_id: turn for turn in turns}
        self.stored.set()
        if self.loses_answers:
            self.loses_answers -= 1
            raise DatabaseUnavailable("stored, but who knows")


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def call() -> Story:
    return Story()


@pytest.fixture
def journal(call: Story, store: FakeStore, tmp_path: Path) -> Journal:
    return Journal(call.call_id, store, tmp_path / "spool")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_RETRY_SECONDS", "LONGEST_RETRY_SECONDS", "LAST_RETRY_SECONDS"):
        monkeypatch.setattr(journal_module, name, 0.01)


def _spooled(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "spool").glob("*"))


async def test_facts_of_one_moment_go_to_the_database_together(
    journal: Journal, store: FakeStore, call: Story
) -> None:
    written = [call.created(), call("ringing"), call("answered")]
    for event in written:
        journal.record(event)
    journal.turn(call.turn(Speaker.CALLER, "Hello?"))
    assert await journal.close(5)
    assert list(store.events.values()) == written
    assert [turn.text for turn in store.turns.values()] == ["Hello?"]
    assert store.appends == 1


async def test_an_opt_out_does_not_wait_for_company(
    journal: Journal, store: FakeStore, call: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "GATHER_SECONDS", 60.0)
    journal.record(call("answered"))
    journal.record(call("opted_out"), urgent=True)
    async with asyncio.timeout(5):
        await store.stored.wait()
    assert len(store.events) == 2
    await journal.close(1)


async def test_an_urgent_fact_ends_a_gathering_that_has_begun(
    journal: Journal, store: FakeStore, call: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathering = asyncio.Event()
    wait_for = Journal._wait_for

    async def watched(self: Journal, event: asyncio.Event, seconds: float) -> None:
        gathering.set()
        await wait_for(self, event, seconds)

    monkeypatch.setattr(journal_module, "GATHER_SECONDS", 60.0)
    monkeypatch.setattr(Journal, "_wait_for", watched)
    async with asyncio.timeout(5):
        journal.record(call.created())  # the first fact goes at once
        await store.stored.wait()
        store.stored.clear()
        journal.record(call("answered"))
        await gathering.wait()
        assert len(store.events) == 1
        journal.record(call("opted_out"), urgent=True)
        await store.stored.wait()
    assert len(store.events) == 3
    await journal.close(1)


async def test_what_was_written_while_the_database_was_away_arrives_when_it_is_back(
    journal: Journal, store: FakeStore, call: Story, tmp_path: Path
) -> None:
    store.away = True
    journal.record(call.created(), urgent=True)
    async with asyncio.timeout(5):
        await store.tried.wait()
    journal.record(call("answered"))
    store.away = False
    assert await journal.close(5)
    assert len(store.events) == 2
    assert _spooled(tmp_path) == []


async def test_a_write_that_succeeded_and_reported_an_error_is_written_again(
    journal: Journal, store: FakeStore, call: Story
) -> None:
    store.loses_answers = 2
    journal.record(call.created(), urgent=True)
    assert await journal.close(5)
    assert (store.appends, len(store.events)) == (3, 1)


@pytest.mark.parametrize("how", ["away", "broken", "hangs"])
async def test_what_cannot_be_stored_is_spooled_and_loaded_later(
    how: str, journal: Journal, store: FakeStore, call: Story, tmp_path: Path
) -> None:
    setattr(store, how, True)
    written = [call.created(), call("answered"), call("answer_saved", question="q", value=7)]
    for event in written:
        journal.record(event)
    turn = call.turn(Speaker.AGENT, "Bonjour, ça va ?")
    journal.turn(turn)
    with capture_logs() as logs:
        assert not await journal.close(0.2)
    reported = [line for line in logs if line["event"] == "call_record_spooled"]
    assert [(line["log_level"], line["call_id"]) for line in reported] == [
        ("error", str(call.call_id))
    ]
    assert "Bonjour" not in str(logs)
    (path,) = _spooled(tmp_path)
    assert path.name == f"{call.call_id}.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    setattr(store, how, False)
    assert await recover(path.parent, store) == 1
    assert list(store.events.values()) == written
    assert list(store.turns.values()) == [turn]
    assert _spooled(tmp_path) == []
    assert await recover(path.parent, store) == 0


async def test_a_journal_that_is_cancelled_while_closing_spools_first(
    journal: Journal, store: FakeStore, call: Story, tmp_path: Path
) -> None:
    store.hangs = True
    journal.record(call.created(), urgent=True)
    closing = asyncio.create_task(journal.close(60))
    async with asyncio.timeout(5):
        await store.tried.wait()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert [path.suffix for path in _spooled(tmp_path)] == [".jsonl"]


async def test_a_fact_after_the_close_is_stored_by_the_next_close(
    journal: Journal, store: FakeStore, call: Story
) -> None:
    journal.record(call.created())
    assert await journal.close(5)
    journal.record(call("summarised", summary="Late."))
    assert await journal.close(5)
    assert len(store.events) == 2


async def test_a_journal_with_nothing_written_closes_at_once(journal: Journal) -> None:
    assert await journal.close(5)


async def test_no_task_is_left_behind(journal: Journal, store: FakeStore, call: Story) -> None:
    before = asyncio.all_tasks()
    store.hangs = True
    journal.record(call.created())
    await journal.close(0.05)
    assert asyncio.all_tasks() == before


async def test_a_second_spooling_keeps_the_first(store: FakeStore, tmp_path: Path) -> None:
    call = Story()
    write_spool(tmp_path, call.call_id, [call.created()], [])
    write_spool(tmp_path, call.call_id, [call("ended")], [])
    assert await recover(tmp_path, store) == 1
    assert len(store.events) == 2


async def test_lines_that_cannot_be_read_are_kept_aside_and_reported(
    store: FakeStore, tmp_path: Path
) -> None:
    call = Story()
    path = write_spool(tmp_path, call.call_id, [call.created(), call("ended")], [])
    whole = path.read_bytes()
    path.write_bytes(b"\x00garbage\n{}\n" + whole[:-20])  # the last line is cut off
    with capture_logs() as logs:
        assert await recover(tmp_path, store) == 1
    assert [event.kind for event in store.events.values()] == ["created"]
    assert [line.get("lines") for line in logs if line["log_level"] == "error"] == [3]
    (aside,) = tmp_path.glob("*")
    assert aside.name == f"{call.call_id}.bad"
    assert len(aside.read_bytes().splitlines()) == 3
    assert await recover(tmp_path, store) == 0


async def test_a_recovery_that_is_cut_off_can_be_run_again(
    store: FakeStore, tmp_path: Path
) -> None:
    for _ in range(3):
        call = Story()
        write_spool(tmp_path, call.call_id, [call.created()], [])
    store.loses_answers = 1
    assert await recover(tmp_path, store) == 0
    assert await recover(tmp_path, store) == 3
    assert len(store.events) == 3


async def test_two_recoveries_at_once_load_everything(store: FakeStore, tmp_path: Path) -> None:
    for _ in range(10):
        call = Story(uuid4())
        write_spool(tmp_path, call.call_id, [call.created()], [])
    await asyncio.gather(recover(tmp_path, store), recover(tmp_path, store))
    assert len(store.events) == 10
    assert list(tmp_path.glob("*")) == []


async def test_a_folder_that_does_not_exist_has_nothing_to_load(
    store: FakeStore, tmp_path: Path
) -> None:
    assert await recover(tmp_path / "none", store) == 0


@pytest.mark.parametrize("how", ["away", "broken", "hangs"])
async def test_an_urgent_fact_is_on_disk_while_the_database_does_not_take_it(
    how: str, journal: Journal, store: FakeStore, call: Story, tmp_path: Path
) -> None:
    setattr(store, how, True)
    journal.record(call.created())
    journal.record(call("opted_out"), urgent=True)
    after_kill = FakeStore()
    async with asyncio.timeout(5):
        while "opted_out" not in [event.kind for event in after_kill.events.values()]:
            await asyncio.sleep(0.01)
            await recover(tmp_path / "spool", after_kill)
    await journal.close(0.05)


async def test_what_was_on_disk_for_safety_leaves_it_when_the_database_has_it(
    journal: Journal, store: FakeStore, call: Story, tmp_path: Path
) -> None:
    store.away = True
    journal.record(call("opted_out"), urgent=True)
    async with asyncio.timeout(5):
        while not list((tmp_path / "spool").glob("*.jsonl")):  # noqa: ASYNC110  # the disk's fact
            await asyncio.sleep(0.01)
    store.away = False
    assert await journal.close(5)
    assert _spooled(tmp_path) == []
    assert len(store.events) == 1


async def test_a_spool_that_nobody_else_remembers_is_not_removed_by_a_later_close(
    journal: Journal, store: FakeStore, call: Story, tmp_path: Path
) -> None:
    store.away = True
    journal.record(call("opted_out"), urgent=True)
    assert not await journal.close(0.05)
    store.away = False
    journal.record(call("summarised", summary="Late."))
    assert await journal.close(5)
    assert await recover(tmp_path / "spool", store) == 1
    assert [event.kind for event in store.events.values()] == ["summarised", "opted_out"]


_KILLED = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from agent.domain.calls import CallEvent, EventKind, Source
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.journal import Journal

async def main():
    call, at = UUID(int=7), datetime(2026, 9, 14, tzinfo=UTC)
    database = Database("postgresql://nobody@127.0.0.1:1/away")
    journal = Journal(call, CallStore(database), Path(sys.argv[1]))
    opted_out = CallEvent(call, EventKind.OPTED_OUT, at, Source.WORKER, "opted-out")
    journal.record(opted_out, urgent=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_an_opt_out_survives_kill_9_while_postgres_is_away(
    store: FakeStore, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _KILLED, str(spool))
    try:
        async with asyncio.timeout(30):
            while not list(spool.glob("*.jsonl")):  # noqa: ASYNC110  # the other process's fact
                await asyncio.sleep(0.02)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    await recover(spool, store)
    assert [event.kind for event in store.events.values()] == ["opted_out"]
