"""What the watch sees of outbound calls."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from agent.domain.suspicion import Activity
from agent.store.activity import ActivityStore
from agent.store.calls import CallStore
from agent.store.database import Database
from tests.facts import NOON, Story

NOW = NOON + timedelta(hours=1)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn) as database:
        yield database


async def _call(database: Database, minutes_ago: float, *, then: str, talked: float = 60) -> None:
    call = Story(start=NOW - timedelta(minutes=minutes_ago))
    events = [call.created(direction="outbound")]
    if then == "failed":
        events.append(call("not_connected", sip_code=500))
    elif then == "busy":
        events.append(call("not_connected", sip_code=486))
    elif then == "talked":
        events += [call("answered"), call("disclosed"), call("caller_hung_up", after=talked)]
    await CallStore(database).append(events)


async def test_a_quiet_database_is_quiet(database: Database) -> None:
    assert await ActivityStore(database).activity(NOW) == Activity()


async def test_failures_count_from_the_latest_back_to_the_last_call_that_was_none(
    database: Database,
) -> None:
    for minutes_ago, then in ((50, "failed"), (40, "busy"), (30, "failed"), (20, "failed")):
        await _call(database, minutes_ago, then=then)
    await _call(database, 10, then="going on")
    activity = await ActivityStore(database).activity(NOW)
    assert activity.failures_in_a_row == 2
    assert activity.calls_to_one_number == 5


async def test_failures_only_are_all_counted(database: Database) -> None:
    for minutes_ago in (3, 2, 1):
        await _call(database, minutes_ago, then="failed")
    assert (await ActivityStore(database).activity(NOW)).failures_in_a_row == 3


async def test_short_calls_are_answered_ones_of_the_last_hour(database: Database) -> None:
    await _call(database, 30, then="talked", talked=3)
    await _call(database, 20, then="talked", talked=30)
    await _call(database, 90, then="talked", talked=3)
    await _call(database, 10, then="busy")
    assert (await ActivityStore(database).activity(NOW)).short_calls == 1


async def test_inbound_calls_are_nobodys_suspicion(database: Database) -> None:
    call = Story(start=NOW - timedelta(minutes=5))
    await CallStore(database).append([call.created(), call("not_connected", sip_code=500)])
    assert await ActivityStore(database).activity(NOW) == Activity()
    assert await ActivityStore(database).outcomes(NOW) == {"failed": 1}
