"""What the watch sees of outbound calls."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from agent.domain.suspicion import Activity
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.statistics import ActivityStore
from tests.facts import Story

NOW = datetime.now(UTC) + timedelta(hours=3)
"""Later than the migration: nothing from before dialling was last allowed counts."""


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


async def dialled(
    database: Database, at: datetime, *, number: str = "+32479202020", returned: bool = False
) -> None:
    """A call went out at that moment and is over."""
    async with database.connection() as connection:
        attempt_id, call_id = uuid4(), uuid4()
        await connection.execute(
            "insert into attempts (id, created_at, origin, basis, number, wanted_at, due_at, "
            "call_id) values ($1, $2, 'api', 'unstated', $3, $2, $2, $4)",
            *(attempt_id, at, number, call_id),
        )
        await connection.execute(
            "insert into dialings (call_id, attempt_id, number, room_name, trunk, state, returned, "
            "dispatched_at, dialling_at, over_at) "
            "values ($1, $2, $3, 'room', 'trunk', 'over', $5, $4, $4, $4)",
            *(call_id, attempt_id, number, at, returned),
        )


async def test_a_quiet_database_is_quiet(database: Database) -> None:
    assert await ActivityStore(database).activity(NOW) == Activity()


async def test_failures_count_from_the_latest_back_to_the_last_call_that_was_none(
    database: Database,
) -> None:
    for minutes_ago, then in ((50, "failed"), (40, "busy"), (30, "failed"), (20, "failed")):
        await _call(database, minutes_ago, then=then)
    await _call(database, 10, then="going on")
    assert (await ActivityStore(database).activity(NOW)).failures_in_a_row == 2


async def test_failures_only_are_all_counted(database: Database) -> None:
    for minutes_ago in (3, 2, 1):
        await _call(database, minutes_ago, then="failed")
    assert (await ActivityStore(database).activity(NOW)).failures_in_a_row == 3


async def test_calls_that_rang_nobody_and_are_tried_again_are_no_failures(
    database: Database,
) -> None:
    for reason in ("no_agent", "trunk_busy", "not_allowed", "dialling_stopped"):
        call = Story(start=NOW - timedelta(minutes=5))
        events = [call.created(direction="outbound"), call("not_connected", reason=reason)]
        await CallStore(database).append(events)
    assert await ActivityStore(database).activity(NOW) == Activity()


async def test_one_number_counts_as_often_as_it_may_have_rung(database: Database) -> None:
    for minutes_ago, returned in ((50, False), (40, False), (30, True), (70, False)):
        await dialled(database, NOW - timedelta(minutes=minutes_ago), returned=returned)
    await dialled(database, NOW - timedelta(minutes=5), number="+32479202021")
    assert (await ActivityStore(database).activity(NOW)).calls_to_one_number == 2


async def test_what_happened_before_a_person_let_dialling_go_on_does_not_count(
    database: Database,
) -> None:
    await _call(database, 10, then="failed")
    await dialled(database, NOW - timedelta(minutes=10))
    async with database.connection() as connection:
        await connection.execute("update switches set since = $1", NOW - timedelta(minutes=5))
    activity = await ActivityStore(database).activity(NOW)
    assert (activity.failures_in_a_row, activity.calls_to_one_number) == (0, 0)


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
