"""The record of calls in a real Postgres."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from agent.domain.calls import CallEvent, CallState, EventKind, Source, Speaker
from agent.domain.dispositions import Disposition
from agent.domain.phone_numbers import parse
from agent.domain.record import fold
from agent.errors import DatabaseUnavailable, Refused, SettingsError
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.migrate import migrate
from agent.store.opt_outs import OptOutList
from tests.facts import NOON, Story


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn) as database:
        yield database


@pytest.fixture
def store(database: Database) -> CallStore:
    return CallStore(database)


@pytest.fixture
def opt_outs(database: Database) -> OptOutList:
    return OptOutList(database)


async def _rows(dsn: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


def _booking(call: Story) -> list[CallEvent]:
    return [
        call.created(),
        call("answered"),
        call("disclosed"),
        call("answer_saved", question="budget", value=250),
        call("appointment_booked", starts_at="2026-09-15T10:00:00+02:00"),
        call("goodbye_said", after=60),
        call("caller_hung_up"),
        call("summarised", summary="Booked a visit."),
    ]


async def test_the_guides_query_reads_well(store: CallStore, dsn: str) -> None:
    call = Story()
    await store.append(_booking(call))
    (row,) = await _rows(dsn, "SELECT * FROM call_logs ORDER BY created_at DESC LIMIT 10")
    assert list(row.keys())[:10] == [
        *("created_at", "direction", "customer_id", "from_number", "to_number"),
        *("status", "disposition", "reason", "duration_s", "summary"),
    ]
    shown = {key: row[key] for key in ("direction", "from_number", "status", "disposition")}
    assert shown == {
        "direction": "inbound",
        "from_number": "+32479202020",
        "status": "ended",
        "disposition": "converted",
    }
    assert (row["duration_s"], row["summary"], row["reason"]) == (64.0, "Booked a visit.", None)
    assert row["id"] == call.call_id


async def test_what_is_read_back_is_what_was_folded(store: CallStore) -> None:
    call = Story()
    events = _booking(call)
    turn = call.turn(Speaker.AGENT, "Hello, this is an assistant.")
    await store.append(events, [turn])
    assert await store.recent(5) == [fold(call.call_id, events)]
    detail = await store.show(str(call.call_id)[:8])
    assert detail.record == fold(call.call_id, events)
    assert detail.events == tuple(events)
    assert detail.turns == (turn,)
    assert detail.appointment is None


async def test_facts_in_any_order_any_number_of_times_and_at_once_make_one_row(
    store: CallStore, dsn: str
) -> None:
    rng = random.Random(3)
    call = Story()
    events = _booking(call)
    deliveries = [[event] for event in events * 3] + [rng.sample(events, 3) for _ in range(5)]
    rng.shuffle(deliveries)
    await asyncio.gather(*(store.append(delivery) for delivery in deliveries))
    assert await store.recent(5) == [fold(call.call_id, events)]
    assert len(await _rows(dsn, "select from call_events")) == len(events)
    (row,) = await _rows(dsn, "select * from call_logs")
    assert row["disposition"] == Disposition.CONVERTED


async def test_processes_that_write_the_same_call_at_once_lose_nothing(dsn: str) -> None:
    databases = [Database(dsn) for _ in range(8)]
    stores = [CallStore(database) for database in databases]
    await asyncio.gather(*(store.recent(1) for store in stores))  # connected
    calls = [Story() for _ in range(5)]
    for call in calls:
        events = _booking(call)
        await asyncio.gather(
            *(store.append([event]) for store, event in zip(stores, events, strict=True))
        )
    for database in databases:
        await database.close()
    rows = await _rows(dsn, "select status, disposition, summary from call_logs")
    assert [tuple(row) for row in rows] == [("ended", "converted", "Booked a visit.")] * len(calls)


async def test_a_later_version_of_a_turn_replaces_the_earlier(store: CallStore) -> None:
    call = Story()
    whole = call.turn(Speaker.AGENT, "We have three offers for you.")
    cut = replace(whole, text="We have three", interrupted=True)
    await store.append([call.created()], [whole])
    await store.append([], [whole, cut])
    detail = await store.show(call.call_id)
    assert [(turn.text, turn.interrupted) for turn in detail.turns] == [("We have three", True)]


async def test_an_opt_out_is_stored_with_the_fact_that_tells_it(
    store: CallStore, opt_outs: OptOutList, dsn: str
) -> None:
    call = Story()
    assert not await opt_outs.standing("+32479202020")
    opted_out = call("opted_out", heard_by="phrase")
    await store.append([call.created(), opted_out])
    assert await opt_outs.standing("+32479202020")
    assert await opt_outs.standing("+32 479 20 20 20")
    (row,) = await _rows(dsn, "select number, scope, source, call_id, at from opt_outs")
    assert tuple(row) == ("+32479202020", "all", "call:phrase", call.call_id, opted_out.at)
    again = Story()
    await store.append([again.created(), again("opted_out")])
    assert [each.at for each in (await opt_outs.page(limit=9)).opt_outs] == [opted_out.at]


async def test_whom_we_called_is_the_one_who_opts_out(
    store: CallStore, opt_outs: OptOutList
) -> None:
    call = Story()
    await store.append([call.created(direction="outbound"), call("opted_out")])
    assert [each.number for each in (await opt_outs.page(limit=9)).opt_outs] == ["+32479202020"]


async def test_an_opt_out_told_before_the_call_is_known_counts_once_it_is(
    store: CallStore, opt_outs: OptOutList
) -> None:
    call = Story()
    created = call.created()
    await store.append([call("opted_out")])
    assert await opt_outs.standing("+32479202020") is None
    await store.append([created])
    assert await opt_outs.standing("+32479202020")


async def test_the_first_of_two_opt_outs_added_by_hand_counts(opt_outs: OptOutList) -> None:
    assert await opt_outs.add([parse("+32 2 601 05 00")], source="letter", at=NOON) == 1
    again = NOON + timedelta(days=1)
    assert await opt_outs.add([parse("+3226010500")], source="again", at=again) == 0
    page = await opt_outs.page(limit=9)
    assert [(each.number, each.source) for each in page.opt_outs] == [("+3226010500", "letter")]


async def test_a_fact_of_an_unknown_call_is_kept(store: CallStore, dsn: str) -> None:
    fact = CallEvent(None, EventKind.ENDED, NOON, Source.TELNYX, "e-1")
    await store.append([fact])
    await store.append([fact])
    (row,) = await _rows(dsn, "select call_id, kind from call_events")
    assert tuple(row) == (None, "ended")
    assert await store.recent() == []


async def test_a_fact_of_a_kind_that_only_a_newer_version_knows_does_no_harm(
    store: CallStore, dsn: str
) -> None:
    call = Story()
    await store.append([call.created()])
    await _rows(
        dsn,
        "insert into call_events (source, source_id, call_id, kind, at, detail) "
        f"values ('worker', 'new', '{call.call_id}', 'teleported', now(), '{{}}')",
    )
    await store.append([call("answered")])
    assert (await store.show(call.call_id)).record.state is CallState.ACTIVE


async def test_words_that_postgres_cannot_keep_do_not_keep_the_call_out(store: CallStore) -> None:
    call = Story()
    odd = call.turn(Speaker.CALLER, "a\0b\ud800c")
    turn = replace(odd, metrics={"llm": float("nan")})
    events = [call.created(), call("summarised", summary="x\0y"), call("ended")]
    await store.append(events, [turn])
    detail = await store.show(call.call_id)
    assert (detail.turns[0].text, detail.record.summary) == ("ab?c", "xy")


async def test_recent_calls_come_newest_first_up_to_the_limit(store: CallStore) -> None:
    calls = [Story(start=NOON + timedelta(hours=hour)) for hour in range(4)]
    for call in calls:
        await store.append([call.created()])
    assert [record.id for record in await store.recent(2)] == [
        calls[3].call_id,
        calls[2].call_id,
    ]


@pytest.mark.parametrize("prefix", ["00000000-0000", "%", ""])
async def test_an_id_that_names_no_single_call_is_refused(store: CallStore, prefix: str) -> None:
    for _ in range(2):
        await store.append([Story().created()])
    with pytest.raises(Refused, match=r"python agent\.py calls"):
        await store.show(prefix)


async def test_a_database_that_is_away_is_said_so_without_its_password() -> None:
    url = "postgresql://me:example-password@127.0.0.1:1/none"
    async with Database(url) as database:
        with pytest.raises(DatabaseUnavailable) as told:
            await CallStore(database).recent()
    assert "127.0.0.1:1/none" in str(told.value)
    assert "example-password" not in str(told.value)


async def test_a_database_without_tables_names_the_command(empty_dsn: str) -> None:
    async with Database(empty_dsn) as database:
        with pytest.raises(DatabaseUnavailable, match=r"python agent\.py migrate"):
            await CallStore(database).recent()


async def test_a_read_only_database_is_unavailable(store: CallStore, dsn: str) -> None:
    name = dsn.rsplit("/", 1)[1]
    await _rows(dsn, f'alter database "{name}" set default_transaction_read_only = on')
    with pytest.raises(DatabaseUnavailable):
        await store.append([Story().created()])


async def test_a_store_works_again_after_its_connections_were_cut(
    store: CallStore, dsn: str
) -> None:
    call = Story()
    await store.append([call.created()])
    await _rows(
        dsn,
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()",
    )
    ended = call("ended")
    async with asyncio.timeout(10):
        while True:
            try:
                await store.append([ended])
                break
            except DatabaseUnavailable:
                continue
    assert (await store.recent())[0].state is CallState.ENDED


async def test_a_url_that_is_none_is_a_setting_to_be_changed() -> None:
    for url in ("mysql://host/db", "postgresql://host:port/db"):
        with pytest.raises(SettingsError, match="DATABASE_URL"):
            await migrate(url)
