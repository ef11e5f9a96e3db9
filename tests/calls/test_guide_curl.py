"""The guide's own request, from the token to the row in call_logs, over the local stack."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from google.protobuf.json_format import Parse
from livekit import api

from agent.domain.attempts import AttemptOutcome
from agent.domain.calls import Direction
from agent.domain.dispositions import Disposition
from agent.local.phone_network.behaviours import Refuses
from agent.local.stack.processes import LOOPBACK, free_port, spawn
from agent.settings import ROOT
from agent.store.attempts import AttemptStore
from agent.store.kill_switch import KillSwitchStore
from agent.store.trunks import TrunkStore
from tests.calls.call_centre import CallCentre, until
from tests.calls.outbound import Outbound, command

pytestmark = [
    pytest.mark.call,
    pytest.mark.asyncio(loop_scope="package"),
]

PATH = "/api/telnyx/outbound-call"
NUMBER = "+32479202020"
BODY: dict[str, int | str] = {
    "customer_id": 123,
    "phone_number": NUMBER,
    "room_name": "ai-sales-call",
    "participant_identity": "ai-sales-agent",
    "participant_name": "AI Sales Agent",
}
AT_ONCE = 20
STARTS_WITHIN = 60.0


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def out(centre: CallCentre) -> AsyncIterator[Outbound]:
    """A worker and a dialler."""
    database = centre.database
    async with centre.worker(IDLE_PROCESSES="1") as ours:
        outbound = Outbound(
            centre, ours, AttemptStore(database), TrunkStore(database), KillSwitchStore(database)
        )
        await outbound.kill_switch.resume()
        async with outbound.dialler():
            yield outbound


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def client(out: Outbound) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a token, and the API that is asked."""
    environment = out.centre.environment | {
        "PHONE_NUMBER": out.line.number,
        "API_JWT_SECRET": "example-secret-of-a-test-0123456789",
        "API_JWKS_URL": "",
        "API_PORT": str(free_port()),
    }
    token = await command(environment, "token")
    assert token.returncode == 0, token.stderr
    headers = {"Authorization": f"Bearer {token.stdout.strip()}"}
    async with (
        _api(out.centre, environment) as url,
        httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client,
    ):
        yield client


async def test_the_guides_request_rings_a_customer_who_talks_to_the_agent(
    out: Outbound, client: httpx.AsyncClient
) -> None:
    _, talked = out.customer(number=NUMBER)
    answer = await client.post(PATH, json=BODY)
    assert answer.status_code == 202, answer.text
    caller = await asyncio.wait_for(talked, 90)
    attempt = await _over(client, answer.json()["attempt_id"])
    await caller.record()

    assert attempt["outcome"] == AttemptOutcome.RANG
    assert len(out.rung(NUMBER)) == 1
    assert (caller.phone.identity, caller.phone.room_name) == ("ai-sales-agent", "ai-sales-call")
    row = await _call_logs(out.centre, answer.json()["call_id"])
    assert row["direction"] == Direction.OUTBOUND
    assert row["customer_id"] == "123"
    assert row["room_name"] == "ai-sales-call"
    assert (row["from_number"], row["to_number"]) == (out.line.number, NUMBER)
    assert row["disposition"] == Disposition.NOT_INTERESTED
    assert isinstance(row["duration_s"], float)
    assert row["duration_s"] > 0


@pytest.mark.call(0)
async def test_a_request_that_is_sent_again_under_its_key_rings_once(
    out: Outbound, client: httpx.AsyncClient
) -> None:
    number = out.number(Refuses(486))
    body, key = {"phone_number": number, "customer_id": 7}, {"Idempotency-Key": "one-after-another"}
    first = await client.post(PATH, json=body, headers=key)
    assert first.status_code == 202, first.text
    again = await client.post(PATH, json=body, headers=key)
    await _over(client, first.json()["attempt_id"])
    later = await client.post(PATH, json=body, headers=key)

    assert (again.status_code, later.status_code) == (202, 202)
    assert first.json() == again.json() == later.json()
    assert "Idempotency-Replayed" not in first.headers
    assert later.headers["Idempotency-Replayed"] == "true"
    assert await _attempts(out.centre, number) == 1
    assert len(out.rung(number)) == 1


@pytest.mark.call(0)
async def test_twenty_requests_at_once_under_one_key_ring_once(
    out: Outbound, client: httpx.AsyncClient
) -> None:
    number = out.number(Refuses(486))
    body, key = {"phone_number": number, "customer_id": 7}, {"Idempotency-Key": "all-at-once"}
    answers = await asyncio.gather(
        *(client.post(PATH, json=body, headers=key) for _ in range(AT_ONCE))
    )
    assert [answer.status_code for answer in answers] == [202] * AT_ONCE
    assert len({answer.text for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert replayed.count("true") == AT_ONCE - 1

    await _over(client, answers[0].json()["attempt_id"])
    assert await _attempts(out.centre, number) == 1
    assert len(out.rung(number)) == 1


@pytest.mark.call(0)
async def test_print_config_is_what_the_livekit_cli_reads_and_calls_nobody(out: Outbound) -> None:
    environment = out.centre.environment | {"PHONE_NUMBER": out.line.number}
    number = out.number(Refuses(486))
    printed = await command(
        environment, "call", number, "--basis", "consent", "--room", "r-1", "--print-config"
    )
    assert printed.returncode == 0, printed.stderr
    request = Parse(printed.stdout, api.CreateSIPParticipantRequest())
    trunks = await out.centre.livekit.sip.list_outbound_trunk(api.ListSIPOutboundTrunkRequest())
    assert request.sip_trunk_id in {trunk.sip_trunk_id for trunk in trunks.items}
    assert (request.sip_call_to, request.sip_number) == (number, out.line.number)
    assert request.room_name == "r-1"
    assert request.wait_until_answered
    assert request.headers["X-Call-Id"]
    assert 0 < request.ringing_timeout.seconds < request.max_call_duration.seconds
    assert await _attempts(out.centre, number) == 0
    assert out.rung(number) == []


@asynccontextmanager
async def _api(centre: CallCentre, environment: dict[str, str]) -> AsyncIterator[str]:
    """An API process; its URL, as soon as it answers."""
    process = spawn(
        "api",
        [sys.executable, ROOT / "agent.py", "api"],
        log=centre.folder / "logs" / "api.log",
        environment=environment,
        cwd=ROOT,
    )
    url = f"http://{LOOPBACK}:{environment['API_PORT']}"

    async def answers() -> bool:
        async with httpx.AsyncClient(base_url=url, timeout=2) as probe:
            try:
                return (await probe.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

    try:
        await process.ready(answers, timeout=STARTS_WITHIN)
        yield url
        await process.stop(timeout=20)
        assert process.exit_code == 0, process.last_words()
    finally:
        process.kill()


async def _over(client: httpx.AsyncClient, attempt_id: str) -> dict[str, object]:
    """The attempt as the API tells it, when it is over."""
    found: dict[str, object] = {}

    async def over() -> bool:
        answer = await client.get(f"/api/attempts/{attempt_id}")
        assert answer.status_code == 200, answer.text
        found.update(json.loads(answer.text))
        return found["state"] == "done"

    await until(over, "the attempt is over", within=60, every=1)
    return found


async def _call_logs(centre: CallCentre, call_id: str) -> dict[str, object]:
    """The row of the table that the guide names."""
    async with centre.database.connection() as connection:
        row = await connection.fetchrow("select * from call_logs where id = $1", call_id)
    assert row is not None
    return dict(row)


async def _attempts(centre: CallCentre, number: str) -> int:
    async with centre.database.connection() as connection:
        found: int = await connection.fetchval(
            "select count(*) from attempts where number = $1", number
        )
    return found
