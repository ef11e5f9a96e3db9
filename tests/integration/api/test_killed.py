"""An API process that is killed when a call is written down, but its client not told yet (R03)."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import httpx

from agent.api.scopes import Scope
from agent.settings import ROOT
from agent.store.attempts import AttemptStore
from agent.store.database import Database
from agent.store.heartbeats import HeartbeatStore, Process, ProcessKind
from tests.calls.cable import Cable
from tests.calls.call_centre import port_of, through
from tests.integration.api.conftest import bearer
from tests.integration.api.test_process import answers, environment

__all__ = ["environment"]  # a fixture

BODY = {"phone_number": "+32479202020", "customer_id": 7}
PATH = "/api/telnyx/outbound-call"


@asynccontextmanager
async def _api(
    environment: Mapping[str, str], **settings: str
) -> AsyncIterator[tuple[httpx.AsyncClient, "subprocess.Popen[str]"]]:
    """An API process that answers, and a client of it."""
    process = subprocess.Popen(
        [sys.executable, "agent.py", "api"],
        cwd=ROOT,
        env={**environment, **settings},
        stderr=subprocess.DEVNULL,
        text=True,
    )
    headers = {**bearer(Scope.CALLS_WRITE), "Idempotency-Key": "sent-again"}
    url = f"http://127.0.0.1:{environment['API_PORT']}"
    try:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
            await answers(client, process)
            yield client, process
    finally:
        process.kill()
        process.wait()


async def _ready(database: Database) -> None:
    """A dialler and a worker live, as far as their heartbeats tell."""
    for kind in (ProcessKind.DIALER, ProcessKind.WORKER):
        process = Process(uuid4(), kind, "here", 1, datetime.now(UTC), {"places": 8, "free": 8})
        await HeartbeatStore(database).beat(process)


async def test_who_asks_again_after_the_api_was_killed_gets_the_one_call(
    environment: dict[str, str], dsn: str
) -> None:
    async with Database(dsn) as database, Cable(port_of(dsn)) as to_postgres:
        attempts = AttemptStore(database)
        way = {"DATABASE_URL": through(dsn, to_postgres.port)}
        async with _api(environment, **way) as (client, process):
            await _ready(database)
            async with to_postgres.stopped_at(b"COMMIT", answer_only=True) as reached:
                asking = asyncio.create_task(client.post(PATH, json=BODY))
                await asyncio.wait_for(reached.wait(), 20)
                process.kill()
                (answer,) = await asyncio.gather(asking, return_exceptions=True)
        assert isinstance(answer, httpx.TransportError)
        (written,) = await attempts.recent()

        async with _api(environment) as (client, _):
            await _ready(database)
            again = await client.post(PATH, json=BODY)
        assert again.status_code == 202, again.text
        assert again.headers["Idempotency-Replayed"] == "true"
        told = (again.json()["attempt_id"], again.json()["call_id"])
        assert told == (str(written.id), str(written.call_id))
        assert await attempts.recent() == [written]
