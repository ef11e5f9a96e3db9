"""Closing what a dead process left open, in a real Postgres."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest_asyncio

from agent.domain.calls import CallState
from agent.domain.dispositions import Disposition, Reason
from agent.store.calls import CallStore
from agent.store.crashed import CrashedCalls
from agent.store.database import Database
from agent.store.spool import write_spool
from tests.facts import Story


@pytest_asyncio.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn, max_size=3) as opened:
        yield opened


async def test_the_spool_is_read_before_a_call_is_closed(
    database: Database, tmp_path: Path
) -> None:
    calls, crashed = CallStore(database), CrashedCalls(database, tmp_path)
    call = Story()
    await calls.append([call.created(), call("answered"), call("disclosed")])
    rest = [call("goodbye_said"), call("agent_hung_up"), call("ended")]
    write_spool(tmp_path, call.call_id, rest, [])
    assert not await crashed.close_crashed(call.call_id, call.now)
    outcome = (await calls.show(call.call_id)).record.outcome
    assert outcome is not None
    assert outcome.disposition is Disposition.NOT_INTERESTED


async def test_only_the_call_that_lost_its_process_is_closed_whatever_room_it_shares(
    database: Database, tmp_path: Path
) -> None:
    calls, crashed = CallStore(database), CrashedCalls(database, tmp_path)
    first, second = Story(), Story()
    room = ""
    for call in (first, second):
        created = call.created()
        room = str(created.detail["room_name"])
        await calls.append([created, call("answered")])
    assert await crashed.others_in(room, [first.call_id])
    assert await crashed.close_crashed(first.call_id, first.now)
    assert not await crashed.close_crashed(first.call_id, first.now)
    record = (await calls.show(first.call_id)).record
    assert record.outcome is not None
    assert record.outcome.reason is Reason.CRASHED
    assert (await calls.show(second.call_id)).record.state is CallState.ACTIVE
    assert await crashed.unfinished(second.now) == {second.call_id: room}
    assert not await crashed.others_in(room, [second.call_id])
    assert not await crashed.close_crashed(uuid4(), first.now)


async def test_one_sweep_at_a_time(database: Database, dsn: str, tmp_path: Path) -> None:
    async with Database(dsn, max_size=2) as other:
        ours, theirs = CrashedCalls(database, tmp_path), CrashedCalls(other, tmp_path)
        async with ours.alone() as first, theirs.alone() as second:
            assert (first, second) == (True, False)
        async with theirs.alone() as next_one:
            assert next_one
