"""`POST /api/telnyx/outbound-call`: one request is one attempt, and a refusal says why."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.api.routes.attempts import keys_of_wish
from agent.api.scopes import Scope
from agent.domain.attempts import AttemptOutcome, Basis, Origin
from agent.domain.phone_numbers import parse
from agent.store.heartbeats import ProcessKind
from tests.facts import NOON
from tests.integration.api.conftest import GUIDES_BODY, Api, bearer, running_api


async def _count(api: Api, state: str = "queued") -> int:
    async with api.database.connection() as connection:
        counted: int = await connection.fetchval(
            "select count(*) from attempts where state = $1", state
        )
    return counted


async def test_the_guides_body_becomes_an_attempt(api: Api) -> None:
    answer = await api.call()
    assert answer.status_code == 202
    told = answer.json()
    assert (told["room_name"], told["status"]) == ("ai-sales-call", "queued")
    (attempt,) = await api.parts.attempts.recent()
    assert (str(attempt.id), str(attempt.call_id)) == (told["attempt_id"], told["call_id"])
    request = attempt.request
    assert (request.origin, request.number, request.customer_id) == (
        Origin.API,
        "+32479202020",
        "123",
    )
    assert (request.participant_identity, request.participant_name, request.basis) == (
        "ai-sales-agent",
        "AI Sales Agent",
        Basis.UNSTATED,
    )
    assert attempt.gate is not None
    assert attempt.gate.allowed
    shown = await api.client.get(answer.headers["Location"])
    assert (shown.json()["state"], shown.json()["phone_number"]) == ("queued", "+32479202020")


async def test_only_the_number_is_needed_and_the_room_is_told(api: Api) -> None:
    answer = await api.client.post(
        "/api/telnyx/outbound-call", json={"phone_number": "0479 20 20 20"}
    )
    assert answer.status_code == 202
    (attempt,) = await api.parts.attempts.recent()
    assert answer.json()["room_name"] == attempt.room_name == f"ai-sales-call_{attempt.call_id}"
    assert attempt.request.number == "+32479202020"


async def test_a_stated_basis_is_stored(api: Api) -> None:
    assert (await api.call(basis="consent")).status_code == 202
    (attempt,) = await api.parts.attempts.recent()
    assert attempt.request.basis is Basis.CONSENT


async def test_one_key_is_one_attempt_one_after_the_other(api: Api) -> None:
    headers = {"Idempotency-Key": "order-17"}
    answers = [
        await api.client.post("/api/telnyx/outbound-call", json=GUIDES_BODY, headers=headers)
        for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [
        *(None, "true", "true")
    ]
    assert await _count(api) == 1


async def test_one_key_is_one_attempt_twenty_at_once(api: Api) -> None:
    headers = {"Idempotency-Key": "order-18"}
    body = {"phone_number": "+32479202020"}
    answers = await asyncio.gather(
        *(
            api.client.post("/api/telnyx/outbound-call", json=body, headers=headers)
            for _ in range(20)
        )
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert await _count(api) == 1


async def test_a_repetition_gets_the_first_answer_although_the_rules_say_no_by_now(
    api: Api,
) -> None:
    headers = {"Idempotency-Key": "order-19"}
    first = await api.client.post("/api/telnyx/outbound-call", json=GUIDES_BODY, headers=headers)
    await api.parts.opt_outs.add([parse("+32479202020")], source="letter", at=datetime.now(UTC))
    again = await api.client.post("/api/telnyx/outbound-call", json=GUIDES_BODY, headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())


async def test_a_key_with_another_body_is_refused_and_places_nothing(api: Api) -> None:
    headers = {"Idempotency-Key": "order-20"}
    await api.client.post("/api/telnyx/outbound-call", json=GUIDES_BODY, headers=headers)
    other = {**GUIDES_BODY, "phone_number": "+32479202021", "room_name": "another"}
    answer = await api.client.post("/api/telnyx/outbound-call", json=other, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert await _count(api) == 1


async def test_the_same_key_of_another_client_is_another_key(api: Api) -> None:
    for subject in ("office", "shop"):
        answer = await api.client.post(
            "/api/telnyx/outbound-call",
            json={"phone_number": "+32479202020"},
            headers={
                "Idempotency-Key": "order-21",
                **bearer(Scope.CALLS_WRITE, subject=subject),
            },
        )
        assert answer.status_code == 202
    assert await _count(api) == 2


@pytest.mark.parametrize(
    "number",
    [
        *("+882 16 123 456", "+32 90 212 345", "+1 876 555 1234", "112", "1722", "+3226010500"),
        *(
            "+32479202020;ext=5",
            "O479202020",
            "+32479202020 / +32470123456",
            "+33612345678",
            "not a number",
            "+8835100012345",
        ),
        *("+870 773 111 222", "+32479202020x12", "sip:+32479202020@evil.example"),
    ],
)
async def test_numbers_of_toll_fraud_are_refused_naming_the_field(api: Api, number: str) -> None:
    answer = await api.call(phone_number=number)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {error["field"] for error in answer.json()["errors"]} == {"phone_number"}
    assert await _count(api) == 0


async def test_an_early_refusal_is_kept_with_its_reasons_and_no_dialler_sees_it(api: Api) -> None:
    await api.parts.opt_outs.add([parse("+32479202020")], source="letter", at=datetime.now(UTC))
    answer = await api.call()
    assert answer.status_code == 403
    assert answer.json()["reasons"][0].startswith("opted_out: ")
    (attempt,) = await api.parts.attempts.recent()
    assert attempt.outcome is AttemptOutcome.REFUSED
    assert attempt.gate is not None
    assert [each.rule for each in attempt.gate.denials] == ["opted_out"]
    assert await api.parts.attempts.claim(attempt.id, 5, "trunk") == []


async def test_a_room_that_is_planned_or_open_is_in_use(api: Api) -> None:
    assert (await api.call()).status_code == 202
    api.livekit.open("busy-room")
    for room in ("ai-sales-call", "busy-room"):
        answer = await api.call(room_name=room, again=True)
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["field"] == "room_name"
    assert await _count(api) == 1


@pytest.mark.parametrize("missing", [ProcessKind.DIALER, ProcessKind.WORKER])
async def test_without_a_dialler_or_a_worker_it_is_said_at_once(
    dsn: str, tmp_path: Path, missing: ProcessKind
) -> None:
    async with running_api(dsn, tmp_path) as api:
        for kind in {ProcessKind.DIALER, ProcessKind.WORKER} - {missing}:
            await api.start(kind)
        answer = await api.call()
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert len(answer.json()["reasons"]) == 1
        assert await _count(api) == 0


async def test_a_stopped_dialler_is_said_at_once(api: Api) -> None:
    await api.parts.kill_switch.stop("a test")
    assert (await api.call()).status_code == 503
    await api.parts.kill_switch.resume()
    assert (await api.call()).status_code == 202


async def test_livekit_or_the_database_away_is_a_503_that_tells_no_address(api: Api) -> None:
    api.livekit.away = True
    answer = await api.call()
    assert answer.status_code == 503
    assert "127.0.0.1" not in answer.text
    assert "Timeout" not in answer.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phone_number": None}, "phone_number"),
        ({"phone_number": 32479202020}, "phone_number"),
        ({"customer_id": True}, "customer_id"),
        ({"customer_id": 1.5}, "customer_id"),
        ({"customer_id": {"$ne": 1}}, "customer_id"),
        ({"customer_id": "a\x00b"}, "customer_id"),
        ({"customer_id": 10**30}, "customer_id"),
        ({"room_name": "../../etc"}, "room_name"),
        ({"room_name": ""}, "room_name"),
        ({"room_name": "x" * 129}, "room_name"),
        ({"participant_name": "a\nb"}, "participant_name"),
        ({"participant_identity": "\ud800"}, "participant_identity"),
        ({"participant_identity": "person"}, "participant_identity"),
        ({"participant_identity": "Person "}, "participant_identity"),
        ({"participant_identity": "sup_eva_1"}, "participant_identity"),
        ({"participant_identity": "sip_+32470555000"}, "participant_identity"),
        ({"participant_identity": "browser_1"}, "participant_identity"),
        ({"basis": "because"}, "basis"),
        ({"playbook": "../default"}, "playbook"),
        ({"playbook": "unknown"}, "playbook"),
        ({"tenant_id": "other"}, "tenant_id"),
        ({"role": "admin"}, "role"),
        ({"cost": 0}, "cost"),
        ({"call_id": "6f9619ff-8b86-d011-b42d-00c04fc964ff"}, "call_id"),
    ],
)
async def test_a_wrong_field_is_named(api: Api, change: dict[str, Any], field: str) -> None:
    body = {**GUIDES_BODY, **change}
    text = json.dumps(body)
    answer = await api.client.post(
        "/api/telnyx/outbound-call", content=text, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await _count(api) == 0


async def test_a_wish_can_be_taken_back_until_it_is_dialled(api: Api) -> None:
    place = (await api.call()).headers["Location"]
    assert (await api.client.delete(place)).status_code == 204
    assert (await api.client.get(place)).json()["outcome"] == "cancelled"
    assert (await api.client.delete(place)).status_code == 409


async def test_the_spent_budget_is_a_refusal(dsn: str, tmp_path: Path) -> None:
    async with running_api(dsn, tmp_path, daily_budget=0) as api:
        await api.ready()
        answer: httpx.Response = await api.call()
        assert (answer.status_code, answer.json()["reasons"][0][:7]) == (403, "budget:")


async def test_the_same_request_twice_without_a_key_is_one_attempt(api: Api) -> None:
    first, second = await asyncio.gather(api.call(room_name=None), api.call(room_name=None))
    third = await api.call(room_name=None)
    assert {answer.status_code for answer in (first, second, third)} == {202}
    assert first.json() == second.json() == third.json()
    assert third.headers["Idempotency-Replayed"] == "true"
    assert len(await api.parts.attempts.recent()) == 1


async def test_it_is_another_call_where_it_says_so_or_differs_or_somebody_else_asks(
    api: Api,
) -> None:
    first = await api.call(room_name=None)
    answers = [
        await api.call(room_name=None, again=True),
        await api.call(room_name=None, again=True),
        await api.call(room_name=None, customer_id=124),
    ]
    api.client.headers.update(bearer(Scope.ADMIN, subject="somebody else"))
    answers.append(await api.call(room_name=None))
    ids = {answer.json()["attempt_id"] for answer in (first, *answers)}
    assert len(ids) == 5


@pytest.mark.parametrize(("later", "same"), [(0, True), (59, True), (121, False)])
def test_the_same_request_is_another_call_after_a_while(later: int, same: bool) -> None:
    keys = keys_of_wish("hash", NOON)
    assert (keys[0] in keys_of_wish("hash", NOON + timedelta(seconds=later))) is same
