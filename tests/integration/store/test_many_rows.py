"""What is asked often stays quick however many calls there are: by index, no whole table."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from agent.errors import Refused
from agent.local.stack.postgres import LocalPostgres
from agent.store.calls import CallStore
from agent.store.database import Connection, Database
from agent.store.query import query
from tests.database import migrated_database
from tests.facts import Story

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=300)
_MANY = 4_000
_FEW_BLOCKS = 60
"""Of 8 KiB; the tables have hundreds."""

_FILL = f"""
insert into call_logs (
    id, created_at, direction, from_number, to_number, status, disposition, room_name, ended_at,
    answered_at, duration_s, playbook, language, facts, evidence
)
select
    gen_random_uuid(), at, case when n % 2 = 0 then 'inbound' else 'outbound' end, '+1', '+2',
    'ended', 'completed', 'room-' || n, at + interval '1 minute', at, 60, 'default', 'en', '{{}}',
    '[]'
from generate_series(1, {_MANY}) as n, lateral (select now() - n * interval '2 hours' as at);

insert into call_turns (
    call_id, turn_id, speaker, text, started_at, ended_at, interrupted, metrics
)
select id, 'turn', 'agent', 'Hello.', created_at, ended_at, false, '{{}}' from call_logs;

insert into attempts (
    id, created_at, origin, basis, number, wanted_at, due_at, state, outcome, call_id, ended_at
)
select id, created_at, 'api', 'unstated', '+1', created_at, created_at, 'done', 'rang', id, ended_at
from call_logs;

insert into dialings (
    call_id, attempt_id, number, room_name, trunk, state, rang, dispatched_at, dialling_at,
    answered_at, over_at
)
select
    id, id, '+1', 'room', 'main', 'over', true, created_at, created_at, created_at, ended_at
from call_logs;

insert into call_events (source, source_id, call_id, kind, at, detail, stored_at)
select 'livekit', n::text, case when n % 2 = 0 then gen_random_uuid() end, 'answered', now(),
    '{{}}', now() - n * interval '2 hours'
from generate_series(1, {_MANY}) as n;

insert into idempotency_keys (subject, key, body_hash, attempt_id, status, response, created_at)
select 'me', n::text, repeat('x', 600), gen_random_uuid(), 202, '{{}}',
    now() - n * interval '2 hours'
from generate_series(1, {_MANY}) as n;

insert into webhook_inbox (
    source, event_id, event_type, at, received_at, tells_the_end, events, raw, headers, deliveries,
    status, look_at
)
select 'telnyx', n::text, 'call.initiated', now(), now() - n * interval '2 hours', false, '[]',
    '', '{{}}', 1, 'unlinked', case when n % 40 = 0 then now() - n * interval '1 second'
        else now() + n * interval '1 second' end
from generate_series(1, {_MANY}) as n;

insert into opt_outs (number, source, at)
select '+32' || n, 'letter', now() from generate_series(1, {_MANY}) as n;

analyze;
"""


@pytest.fixture(scope="module")
def filled(postgres: LocalPostgres) -> Iterator[str]:
    """URL of a database with many calls, for every test here."""
    for dsn in migrated_database(postgres):
        asyncio.run(_fill(dsn))
        yield dsn


async def _fill(dsn: str) -> None:
    async with Database(dsn) as database, database.connection() as connection:
        await connection.execute(_FILL, timeout=60)


@pytest.fixture
async def database(filled: str) -> AsyncIterator[Database]:
    async with Database(filled) as database:
        yield database


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a statement would read whole, and how many blocks it read."""

    whole_tables: frozenset[str]
    blocks: int


async def _cost(connection: Connection, text: str, *arguments: object) -> _Cost:
    """Run the statement and take back what it did."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        said = await connection.fetchval(
            f"explain (analyze, buffers, timing off, format json) {text}", *arguments
        )
    finally:
        await transaction.rollback()
    plan = json.loads(said)[0]["Plan"]
    return _Cost(
        frozenset(_whole_tables(plan)), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    )


def _whole_tables(plan: dict[str, object]) -> list[str]:
    found = [str(plan["Relation Name"])] if plan["Node Type"] == "Seq Scan" else []
    below = plan.get("Plans", [])
    assert isinstance(below, list)
    return found + [name for each in below for name in _whole_tables(each)]


_SMALL = {"switches", "outbound_minutes", "trunks"}
_ID = UUID("7f000000-0000-4000-8000-000000000000")
_ASKED_OFTEN: dict[str, dict[str, object]] = {
    "calls/find": {"first": _ID, "last": _ID},
    "calls/abandoned": {"before": NOW},
    "dialings/open": {},
    "statistics/outbound_activity": {"now": NOW},
    "attempts/contact_facts": {"number": "+32479202020", "now": NOW},
    "webhooks/unfolded": {"our_side_first": timedelta(seconds=15)},
}


async def test_what_is_asked_every_few_seconds_reads_by_index(database: Database) -> None:
    async with database.connection() as connection:
        for name, values in _ASKED_OFTEN.items():
            await connection.fetch(*query(name)(**values))  # what is planned once is planned
            cost = await _cost(connection, *query(name)(**values))
            assert cost.whole_tables <= _SMALL, name
            assert cost.blocks < _FEW_BLOCKS, name


@pytest.mark.parametrize(
    "name", ["turns", "webhooks", "idempotency_keys", "attempts", "events_without_call"]
)
async def test_a_batch_of_what_is_old_is_found_by_its_time(database: Database, name: str) -> None:
    values = {"cutoff": OLD, "since": OLD - timedelta(days=1), "limit": 20}
    async with database.connection() as connection:
        cost = await _cost(connection, *query(f"retention/{name}")(**values))
    assert cost.whole_tables <= _SMALL
    assert cost.blocks < 20 * _FEW_BLOCKS


async def test_a_call_is_found_by_its_id_and_by_any_beginning_of_it(database: Database) -> None:
    ids = [
        UUID("ab12cd34-0000-4000-8000-000000000001"),
        UUID("ab12cd35-ffff-4fff-8fff-ffffffffffff"),
    ]
    store = CallStore(database)
    await store.append([Story(each).created() for each in ids[:1]])
    await store.append([Story(each).created() for each in ids[1:]])
    for beginning in (
        ids[0],
        str(ids[0]),
        str(ids[0]).upper(),
        "ab12cd34",
        "ab12cd34-0",
        "AB12CD340",
    ):
        assert (await store.show(beginning)).record.id == ids[0]
    assert (await store.show("ab12cd35-ffff-4fff-8fff-fffffffffff")).record.id == ids[1]
    for beginning, problem in (
        ("ab12cd3", "several"),
        ("", "several"),
        ("ab12cd36", "no call"),
        (uuid4(), "no call"),
        ("ab12cd34%", "no call"),
        ("٣", "no call"),
        (f"{ids[0]}0", "no call"),
    ):
        with pytest.raises(Refused, match=problem):
            await store.show(beginning)
