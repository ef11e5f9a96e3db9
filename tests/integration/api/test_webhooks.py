"""Webhooks over HTTP: durable before they are acknowledged; what is not believed has no effect."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest

from agent.api.app import build_app
from agent.api.scopes import Scope
from agent.settings import load_settings
from agent.store.database import Database
from agent.store.webhook_links import WebhookLinks
from agent.wiring.api import webhook_receiver
from tests.integration.api.conftest import bearer, running_api
from tests.webhooks import (
    LIVEKIT_KEY,
    LIVEKIT_SECRET,
    Leg,
    Telnyx,
    livekit_headers,
    room_event,
)

TELNYX = "/api/telnyx/webhooks/call-events"
LIVEKIT = "/api/livekit/webhooks"
OURS, BEFORE, FOREIGN = Telnyx(), Telnyx(), Telnyx()


@pytest.fixture
async def client(dsn: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The application with two of Telnyx's keys; nothing but the signature is its credential."""
    async with serving(dsn, tmp_path) as client:
        yield client


def serving(dsn: str, folder: Path, *, keys: tuple[Telnyx, ...] = (OURS, BEFORE)) -> "_Serving":
    return _Serving(dsn, folder, keys)


class _Serving:
    def __init__(self, dsn: str, folder: Path, keys: tuple[Telnyx, ...]) -> None:
        names = ("TELNYX_PUBLIC_KEY", "TELNYX_PUBLIC_KEY_OLD")
        given = {name: key.public_key for name, key in zip(names, keys, strict=False)}
        environ = {"LIVEKIT_URL": "ws://127.0.0.1:1", "DATABASE_URL": dsn, **given}
        environ |= {"LIVEKIT_API_KEY": LIVEKIT_KEY, "LIVEKIT_API_SECRET": LIVEKIT_SECRET}
        self._settings = load_settings(environ=environ, env_file=None)
        self._api = running_api(dsn, folder)

    async def __aenter__(self) -> httpx.AsyncClient:
        api = await self._api.__aenter__()
        self._desk = webhook_receiver(self._settings)
        parts = replace(api.parts, webhooks=await self._desk.__aenter__())
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(build_app(parts)), base_url="http://api"
        )
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        await self._desk.__aexit__(None, None, None)
        await self._api.__aexit__(None, None, None)


async def kept(dsn: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch("select * from webhook_inbox order by received_at")
    finally:
        await connection.close()


async def test_a_signed_event_is_stored_byte_for_byte_before_it_is_acknowledged(
    client: httpx.AsyncClient, dsn: str
) -> None:
    body = Leg().hangup()
    answer = await client.post(TELNYX, content=body, headers=OURS.headers(body))
    assert answer.status_code == 200
    (row,) = await kept(dsn)
    assert (row["raw"], row["event_type"], row["status"]) == (body, "call.hangup", "unlinked")
    assert (row["from_number"], row["to_number"]) == ("+32479202020", "+3226010500")


async def test_both_keys_are_believed_while_they_are_rotated(client: httpx.AsyncClient) -> None:
    for account, status in ((OURS, 200), (BEFORE, 200), (FOREIGN, 401)):
        body = Leg().initiated()
        answer = await client.post(TELNYX, content=body, headers=account.headers(body))
        assert answer.status_code == status


def _tampered() -> dict[str, tuple[bytes, dict[str, str]]]:
    body = Leg().hangup()
    good = OURS.headers(body)
    signature = good["telnyx-signature-ed25519"]
    now = int(time.time())
    spaced = json.dumps(json.loads(body), indent=1).encode()

    def at(stamp: str) -> dict[str, str]:
        return OURS.headers(body, timestamp=stamp)

    return {
        "nothing signed": (body, {"content-type": "application/json"}),
        "no signature": (body, good | {"telnyx-signature-ed25519": ""}),
        "no timestamp": (body, good | {"telnyx-timestamp": ""}),
        "not base64": (body, good | {"telnyx-signature-ed25519": "!" * 88}),
        "too short": (body, good | {"telnyx-signature-ed25519": signature[4:]}),
        "too long": (body, good | {"telnyx-signature-ed25519": "AAAA" + signature}),
        "white space in it": (
            body,
            good | {"telnyx-signature-ed25519": signature[:8] + " " + signature[8:]},
        ),
        "another account": (body, FOREIGN.headers(body)),
        "one byte changed": (body.replace(b"caller", b"callex", 1), good),
        "one byte more": (body + b" ", good),
        "serialised anew": (spaced, good),
        "no utf-8": (b"\xff" + body, OURS.headers(b"\xff" + body)),
        "another timestamp": (body, good | {"telnyx-timestamp": str(now - 1)}),
        "301 s old": (body, at(str(now - 302))),
        "301 s ahead": (body, at(str(now + 302))),
        "no number": (body, at("now")),
        "a float": (body, at(f"{now}.0")),
        "a plus": (body, at(f"+{now}")),
        "an underscore": (body, at(f"{now // 1000}_{now % 1000:03}")),
        "negative": (body, at("-1")),
        "endless": (body, at("9" * 400)),
    }


@pytest.mark.parametrize("how", _tampered())
async def test_a_tampered_webhook_is_401_and_changes_nothing(
    client: httpx.AsyncClient, dsn: str, how: str
) -> None:
    body, headers = _tampered()[how]
    answer = await client.post(TELNYX, content=body, headers=headers)
    assert answer.status_code == 401
    assert await kept(dsn) == []


async def test_two_signatures_are_none(client: httpx.AsyncClient, dsn: str) -> None:
    body = Leg().hangup()
    headers = [*OURS.headers(body).items(), *FOREIGN.headers(body).items()][1:]
    answer = await client.post(TELNYX, content=body, headers=[*headers])
    assert answer.status_code in (401, 415)
    assert await kept(dsn) == []


async def test_refusals_are_counted_by_their_reason_and_keep_no_body(
    client: httpx.AsyncClient, dsn: str
) -> None:
    body = Leg().hangup()
    for _ in range(3):
        await client.post(TELNYX, content=body, headers=FOREIGN.headers(body))
    async with Database(dsn) as database, asyncio.timeout(10):
        links = WebhookLinks(database)
        while not (found := await links.refused(datetime.now(UTC))):  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # written each second by a task of its own
    assert [(each.source, each.reason, each.deliveries) for each in found] == [
        ("telnyx", "bad_signature", 3)
    ]


async def test_a_repeated_event_is_acknowledged_and_counted_once(
    client: httpx.AsyncClient, dsn: str
) -> None:
    body = Leg().hangup()
    answers = await asyncio.gather(
        *(client.post(TELNYX, content=body, headers=OURS.headers(body)) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {200}
    (row,) = await kept(dsn)
    assert row["deliveries"] == 10


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"data":{}}', b'{"data":{"event_type":"call.hangup"}}', b"1e999"]
)
async def test_what_is_signed_but_no_event_is_kept_for_a_person_and_400(
    client: httpx.AsyncClient, dsn: str, body: bytes
) -> None:
    answer = await client.post(TELNYX, content=body, headers=OURS.headers(body))
    assert answer.status_code == 400
    (row,) = await kept(dsn)
    assert (row["status"], row["reason"], row["raw"]) == ("refused", "unreadable", body)


@pytest.mark.parametrize(
    ("event_type", "known_as"),
    [("call_hangup", "call.hangup"), ("streaming_started", "streaming.started"), ("x", "x")],
)
async def test_types_with_underscores_and_unknown_ones_are_kept(
    client: httpx.AsyncClient, dsn: str, event_type: str, known_as: str
) -> None:
    body = Leg().event(event_type, 1, oddity={"nested": [1, None]}, start_time=7, mos="x\0")
    answer = await client.post(TELNYX, content=body, headers=OURS.headers(body))
    assert answer.status_code == 200
    (row,) = await kept(dsn)
    assert row["event_type"] == known_as


async def test_the_body_is_limited_before_it_is_looked_at(client: httpx.AsyncClient) -> None:
    body = b"x" * (256 * 1024 + 1)
    for path, headers in ((TELNYX, OURS.headers(body)), (LIVEKIT, livekit_headers(body))):
        assert (await client.post(path, content=body, headers=headers)).status_code == 413


async def test_without_a_key_telnyx_is_asked_to_come_again(dsn: str, tmp_path: Path) -> None:
    async with serving(dsn, tmp_path, keys=()) as client:
        body = Leg().hangup()
        answer = await client.post(TELNYX, content=body, headers=OURS.headers(body))
        assert answer.status_code == 503
    assert await kept(dsn) == []


async def test_what_cannot_be_stored_is_503_and_never_200(tmp_path: Path) -> None:
    async with serving("postgresql://me@127.0.0.1:1/none", tmp_path) as client:
        body = Leg().hangup()
        answer = await client.post(TELNYX, content=body, headers=OURS.headers(body))
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        room = room_event("room_finished", "a-room", datetime.now(UTC))
        answer = await client.post(LIVEKIT, content=room, headers=livekit_headers(room))
        assert answer.status_code == 503


async def test_the_same_delivery_of_livekit_again_is_a_no_op_and_401_once_its_token_is_over(
    client: httpx.AsyncClient, dsn: str
) -> None:
    body = room_event("room_finished", "a-room", datetime.now(UTC))
    for age, status in ((0, 200), (10, 200), (299, 200), (420, 401)):
        headers = livekit_headers(body, age=age)  # as if it had been recorded so long ago
        answer = await client.post(LIVEKIT, content=body, headers=headers)
        assert answer.status_code == status, age
    (row,) = await kept(dsn)
    assert row["deliveries"] == 3


async def test_a_livekit_event_counts_once_however_often_it_is_replayed(
    client: httpx.AsyncClient, dsn: str
) -> None:
    body = room_event("room_finished", "a-room", datetime.now(UTC))
    for age in (0, 0, 10, 290):
        answer = await client.post(LIVEKIT, content=body, headers=livekit_headers(body, age=age))
        assert answer.status_code == 200
    (row,) = await kept(dsn)
    assert (row["event_type"], row["room_name"], row["deliveries"]) == (
        "room_finished",
        "a-room",
        4,
    )
    assert "authorization" not in row["headers"]


def _livekit_tampered() -> dict[str, tuple[bytes, dict[str, str]]]:
    body = room_event("room_finished", "a-room", datetime.now(UTC))
    good = livekit_headers(body)
    other = livekit_headers(room_event("room_finished", "another", datetime.now(UTC)))
    none = good["authorization"].split(".")
    return {
        "no token": (body, {"content-type": "application/webhook+json"}),
        "the body swapped": (body, other),
        "a byte more": (body + b"\n", good),
        "another secret": (
            body,
            livekit_headers(body, secret="example-secret-of-somebody-else-000"),
        ),
        "another key": (body, livekit_headers(body, key="other")),
        "six minutes and more old": (body, livekit_headers(body, age=420)),
        "from the future": (body, livekit_headers(body, age=-120)),
        "no token at all": (body, good | {"authorization": "x"}),
        "no signature": (body, good | {"authorization": f"{none[0]}.{none[1]}."}),
    }


@pytest.mark.parametrize("how", _livekit_tampered())
async def test_a_tampered_livekit_webhook_is_401_and_changes_nothing(
    client: httpx.AsyncClient, dsn: str, how: str
) -> None:
    body, headers = _livekit_tampered()[how]
    answer = await client.post(LIVEKIT, content=body, headers=headers)
    assert answer.status_code == 401
    assert await kept(dsn) == []


async def test_health_says_when_webhooks_stop_coming(dsn: str, tmp_path: Path) -> None:
    async with serving(dsn, tmp_path) as client, Database(dsn) as database:

        async def told() -> tuple[bool, str, dict[str, object]]:
            answer = await client.get("/api/telnyx/health", headers=bearer(Scope.CALLS_READ))
            health = answer.json()
            (part,) = [each for each in health["parts"] if each["name"] == "webhooks"]
            (telnyx,) = [each for each in health["webhooks"] if each["source"] == "telnyx"]
            return part["ok"], part["detail"], telnyx

        async def execute(statement: str) -> None:
            async with database.connection() as connection:
                await connection.execute(statement)

        ok, detail, telnyx = await told()
        assert ok
        assert "Telnyx: none ever" in detail
        assert telnyx["last_received_at"] is None

        body = Leg().hangup()
        await client.post(TELNYX, content=body, headers=OURS.headers(body))
        await execute(
            "insert into call_logs (created_at, from_number, to_number, status, room_name, "
            "playbook, language, facts, evidence, id) values (now() - interval '10 minutes', "
            "'', '', 'active', '', '', '', '{}', '[]', gen_random_uuid())"
        )
        ok, detail, telnyx = await told()
        assert ok, detail
        assert (telnyx["received"], telnyx["unlinked"], telnyx["refused"]) == (1, 0, 0)

        await execute("update webhook_inbox set received_at = now() - interval '1 day'")
        ok, detail, _ = await told()
        assert not ok
        assert detail == "none of Telnyx for the last call; see `python agent.py webhooks`"

        await execute(
            "insert into webhook_refusals values "
            "('telnyx', 'bad_signature', date_trunc('hour', now()), 5, now())"
        )
        ok, detail, telnyx = await told()
        assert not ok
        assert "5 not believed: check its key" in detail
        assert telnyx["refused"] == 5

        body = Leg().hangup()
        await client.post(TELNYX, content=body, headers=OURS.headers(body))
        ok, detail, _ = await told()
        assert ok, detail
        assert "Telnyx: 1 lately, 0 unlinked, 5 refused" in detail
