"""A call that has been, told again to empty databases: does the same row come of it every time?

    await check_rows(centre, phone, call)

The facts of our own processes are those of the call, its webhooks those that Telnyx's stand-in and
livekit-server posted meanwhile, with their signatures; both go in by the doors of production.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from random import Random
from uuid import UUID, uuid4

import asyncpg
import httpx

from agent.api.app import build_app
from agent.domain.calls import CallEvent
from agent.local.phones.phone import Phone
from agent.settings import load_settings
from agent.store.calls import CallDetail, CallStore
from agent.store.database import Database
from agent.store.migrate import migrate
from agent.wiring.api import api_parts
from tests.calls.call_centre import CallCentre, until
from tests.calls.letter_box import Letter

Row = Mapping[str, object]

BY_THE_CARRIER = frozenset(
    {"hangup_cause", "hangup_source", "mos", "jitter", "cost_micros", "cost_currency"}
)
"""Columns that only webhooks fill."""
BY_THE_CARRIERS_CLOCK = frozenset({"answered_at", "ended_at", "duration_s"})
"""Columns in which the carrier's clock counts, where it has told."""

COME_WITH_THE_ANSWER = frozenset({"telnyx_session_id", "telnyx_leg_id"})
"""Of a call that we placed: LiveKit may tell us that it is answered before it tells these."""
_CLOCKS_APART = timedelta(seconds=5)
"""A busy machine hears of an answer or an end this much later than the telephone."""


class Telling(StrEnum):
    """How the webhooks come, between the facts of our own side."""

    IN_ORDER = "in order"
    SHUFFLED = "shuffled"
    TEN_TIMES = "ten times each"
    NOT_AT_ALL = "not at all"


async def check_rows(centre: CallCentre, phone: Phone, call: CallDetail) -> None:
    """The row is the same in order, shuffled and tenfold, and without webhooks but for what only
    they tell; that is the row which the call itself has left in Postgres."""
    rows = await _replayed(centre, phone, call)
    told, untold = rows[Telling.IN_ORDER], rows[Telling.NOT_AT_ALL]
    assert rows[Telling.SHUFFLED] == told
    assert rows[Telling.TEN_TIMES] == told
    assert untold == await row_of(centre.environment["DATABASE_URL"], call.record.id)
    differs = {column for column in told if told[column] != untold[column]}
    assert differs <= BY_THE_CARRIER | BY_THE_CARRIERS_CLOCK | COME_WITH_THE_ANSWER, differs
    assert all(told[column] is not None for column in BY_THE_CARRIER)
    assert all(untold[column] is None for column in BY_THE_CARRIER)
    for column in ("answered_at", "ended_at"):
        by_carrier, by_us = told[column], untold[column]
        assert isinstance(by_carrier, datetime)
        assert isinstance(by_us, datetime)
        assert abs(by_carrier - by_us) < _CLOCKS_APART, column


async def _replayed(centre: CallCentre, phone: Phone, call: CallDetail) -> dict[Telling, Row]:
    """The row of `call_logs` that follows from each telling, each in a database of its own."""
    session = phone.attributes["sip.telnyx.callSessionID"]
    letters = await centre.letters.of_call(phone.room_name, session)
    dsn = centre.environment["DATABASE_URL"]
    async with _database(dsn) as template:
        await migrate(template)
        rows = await asyncio.gather(
            *(_told(centre, call, letters, telling, template) for telling in Telling)
        )
    return dict(zip(Telling, rows, strict=True))


async def row_of(dsn: str, call_id: UUID) -> Row:
    """The whole row of the call."""
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetchrow("select * from call_logs where id = $1", call_id)
        assert found is not None
        return dict(found)
    finally:
        await connection.close()


async def _told(
    centre: CallCentre, call: CallDetail, letters: list[Letter], telling: Telling, template: str
) -> Row:
    rng = Random(7)
    deliveries: list[Letter | CallEvent] = [*call.events]
    match telling:
        case Telling.IN_ORDER:
            half = len(call.events) // 2
            deliveries = [*call.events[:half], *letters, *call.events[half:]]
        case Telling.SHUFFLED:
            deliveries += letters
            rng.shuffle(deliveries)
        case Telling.TEN_TIMES:
            deliveries += letters * 10
            rng.shuffle(deliveries)
    async with _database(template, template=template) as dsn:
        async with _application(centre, dsn) as client, Database(dsn) as database:
            store = CallStore(database)
            for each in deliveries:
                if isinstance(each, CallEvent):
                    await store.append([each])
                else:
                    await until(partial(_taken, client, each), "it is taken", every=0.5)
            if telling is not Telling.NOT_AT_ALL:
                await until(lambda: _all_folded(database, len(letters)), "all are folded")
        return await row_of(dsn, call.record.id)


async def _taken(client: httpx.AsyncClient, letter: Letter) -> bool:
    """Post it; False where it could not be stored in time, as on a busy machine: then it comes
    again, as Telnyx's do."""
    answer = await client.post(letter.path, content=letter.body, headers=letter.headers)
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 200


async def _all_folded(database: Database, webhooks: int) -> bool:
    async with database.connection() as connection:
        folded = await connection.fetchval(
            "select count(*) from webhook_inbox where folded_at is not null"
        )
    return bool(folded == webhooks)


@asynccontextmanager
async def _application(centre: CallCentre, dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    """What `python agent.py api` serves, on that database."""
    environ = centre.environment | {
        "DATABASE_URL": dsn,
        "API_JWT_SECRET": "example-secret-of-a-test-0123456789",
        "TELNYX_PUBLIC_KEY": centre.telnyx_key,
    }
    async with api_parts(load_settings(environ=environ, env_file=None)) as parts:
        transport = httpx.ASGITransport(build_app(parts))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            yield client


@asynccontextmanager
async def _database(server: str, *, template: str = "template0") -> AsyncIterator[str]:
    """URL of a new database on that server, dropped at the end."""
    name = f"replay_{uuid4().hex}"
    await _execute(server, f"create database {name} template {template.rsplit('/', 1)[-1]}")
    try:
        yield f"{server.rsplit('/', 1)[0]}/{name}"
    finally:
        await _execute(server, f"drop database {name} with (force)")


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(f"{server.rsplit('/', 1)[0]}/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
