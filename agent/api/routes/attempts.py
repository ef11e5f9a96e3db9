"""`POST /api/telnyx/outbound-call`: writes a request for a call down; the dialler places it.

The gate is asked here already, to refuse early and in words; the dialler asks it again.
"""

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Response

from agent.api.access import needs
from agent.api.parts import ApiParts
from agent.api.problems import FieldError, Problem, not_found, problems
from agent.api.schemas import AcceptedCall, AttemptView, GateReason, OutboundCallForm
from agent.api.scopes import Client, Scope
from agent.domain.attempts import ROOM_PREFIX, Attempt, CallRequest, IdempotencyKey, Origin
from agent.domain.contactability import Decision, Rule, may_call
from agent.domain.phone_numbers import PhoneNumber, country_code, parse
from agent.errors import IdempotencyConflict, Refused, RoomInUse

KEY_HEADER = "Idempotency-Key"
_REPLAYED = "Idempotency-Replayed"
_ACCEPTED = 202
SAME_WISH_SECONDS = 60
"""Without a key: an equal request within this time is the same one, unless it says `again`."""
_WRONG_NUMBER = frozenset({Rule.COUNTRY, Rule.NUMBER_KIND, Rule.OWN_NUMBER})
"""Rules that speak of the number itself (422); the others of what may be done now (403)."""

KeyHeader = Annotated[
    str | None,
    Header(
        alias=KEY_HEADER,
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="The same key with the same body places one call, however often it is sent; "
        "kept for at least 24 hours.",
    ),
]


def outbound_routes(parts: ApiParts) -> APIRouter:
    """The routes that ask for calls."""
    router = APIRouter(tags=["calls"])

    @router.post(
        "/api/telnyx/outbound-call",
        status_code=_ACCEPTED,
        responses=problems(400, 403, 408, 409, 413, 415, 422, 503),
    )
    async def outbound_call(
        form: OutboundCallForm,
        response: Response,
        client: Annotated[Client, needs(Scope.CALLS_WRITE)],
        key: KeyHeader = None,
    ) -> AcceptedCall:
        """Ask for a call. 202: it is written down and will be placed when an agent is free."""
        number = read_number(form.phone_number, read_country(form.country, parts.country))
        body_hash = hashlib.sha256(form.model_dump_json().encode()).hexdigest()
        keys = [key] if key else [] if form.again else keys_of_wish(body_hash, parts.now())
        for each in keys:
            if known := await _known(parts, client, each, body_hash):
                return _answered(response, known, replayed=True)
        request = _request_of(parts, form, number)
        await _ask_gate(parts, request)
        await _ask_dialler(parts)
        if form.room_name is not None and await parts.livekit.room(form.room_name) is not None:
            raise _room_in_use("room_name: a call is going on in this room; choose another name")
        attempt_id, call_id = parts.new_id(), parts.new_id()
        accepted = AcceptedCall(
            attempt_id=attempt_id,
            call_id=call_id,
            room_name=form.room_name or f"{ROOM_PREFIX}_{call_id}",
        )
        attempt = await _add(parts, request, accepted, client, keys, body_hash)
        if attempt.id == attempt_id:
            return _answered(response, accepted, replayed=False)
        # A parallel request with this key was first: return its answer.
        known = await _known(parts, client, keys[0], body_hash)
        assert known is not None, "keys are kept for longer than a request takes"
        return _answered(response, known, replayed=True)

    @router.get("/api/attempts/{attempt_id}", responses=problems(403, 404, 422, 503))
    async def attempt(
        attempt_id: Annotated[UUID, Path()],
        _: Annotated[Client, needs(Scope.CALLS_READ)],
    ) -> AttemptView:
        """What became of a request for a call."""
        try:
            return _view(await parts.attempts.show(attempt_id))
        except Refused:
            raise not_found("there is no such attempt") from None

    @router.delete(
        "/api/attempts/{attempt_id}", status_code=204, responses=problems(403, 404, 409, 422, 503)
    )
    async def cancel_attempt(
        attempt_id: Annotated[UUID, Path()],
        _: Annotated[Client, needs(Scope.CALLS_WRITE)],
    ) -> None:
        """Call nobody after all. 409: too late, the phone may ring already."""
        if await parts.attempts.cancel(attempt_id):
            return
        try:
            await parts.attempts.show(attempt_id)
        except Refused:
            raise not_found("there is no such attempt") from None
        raise Problem(409, "too-late", "it is being dialled, or is over; end its room instead")

    return router


def read_country(text: str | None, usual: str | None) -> str | None:
    """The country a client named, else the `usual` one. Raises Problem 422."""
    if text is None:
        return usual
    try:
        return country_code(text)
    except Refused as error:
        found = FieldError("country", str(error))
        raise Problem(422, "invalid", "correct these: country", errors=[found]) from None


def read_number(text: str, country: str | None, field: str = "phone_number") -> PhoneNumber:
    """The number a client sent. Raises Problem 422 naming the field."""
    try:
        return parse(text, country=country)
    except Refused as error:
        found = FieldError(field, str(error))
        raise Problem(422, "invalid", f"correct these: {field}", errors=[found]) from None


def keys_of_wish(body_hash: str, now: datetime) -> list[str]:
    """Keys for a request that came without one: a double click must not ring a phone twice.

    This minute's, then the last one's: the same body is found for at least a minute. No client can
    send them, for they have spaces.
    """
    minute = int(now.timestamp()) // SAME_WISH_SECONDS
    return [f"same wish {body_hash} {each}" for each in (minute, minute - 1)]


def _request_of(parts: ApiParts, form: OutboundCallForm, number: PhoneNumber) -> CallRequest:
    if form.playbook is not None and form.playbook not in parts.playbooks:
        found = FieldError("playbook", "there is no such playbook")
        raise Problem(422, "invalid", "correct these: playbook", errors=[found])
    return CallRequest(
        origin=Origin.API,
        number=number,
        basis=form.basis,
        due_at=parts.now(),
        customer_id=None if form.customer_id is None else str(form.customer_id),
        room_name=form.room_name,
        participant_identity=form.participant_identity,
        participant_name=form.participant_name,
        playbook=form.playbook,
    )


async def _known(parts: ApiParts, client: Client, key: str, body_hash: str) -> AcceptedCall | None:
    """The answer to the first request under this key, whatever the gate would say now."""
    try:
        known = await parts.attempts.known_answer(client.subject, key, body_hash)
    except IdempotencyConflict as error:
        raise _other_body(error) from None
    if known is None:
        return None
    return AcceptedCall.model_validate(dict(known.answer))


async def _ask_gate(parts: ApiParts, request: CallRequest) -> None:
    now = parts.now()
    decision = may_call(
        request.number, await parts.attempts.contact_facts(request.number, now), parts.rules
    )
    if decision.allowed:
        return
    await parts.attempts.add_refused(
        request, attempt_id=parts.new_id(), call_id=parts.new_id(), gate=decision, now=now
    )
    raise _refused(decision)


def _refused(decision: Decision) -> Problem:
    reasons = [f"{each.rule}: {each.why}" for each in decision.denials]
    wrong = [each for each in decision.denials if each.rule in _WRONG_NUMBER]
    if wrong:
        errors = [FieldError("phone_number", each.why) for each in wrong]
        return Problem(422, "not-callable", str(decision), errors=errors, reasons=reasons)
    return Problem(403, "not-allowed-now", str(decision), reasons=reasons)


async def _ask_dialler(parts: ApiParts) -> None:
    problems = await parts.kill_switch.why_no_dialling()
    if problems:
        raise Problem(
            503,
            "no-dialling",
            "nobody would place this call now",
            reasons=problems,
            headers={"Retry-After": "10"},
        )


async def _add(
    parts: ApiParts,
    request: CallRequest,
    accepted: AcceptedCall,
    client: Client,
    keys: list[str],
    body_hash: str,
) -> Attempt:
    key = keys[0] if keys else None
    stored = {name: str(value) for name, value in accepted.model_dump().items()}
    idempotency = IdempotencyKey(client.subject, key, body_hash, _ACCEPTED, stored) if key else None
    try:
        return await parts.attempts.add(
            request,
            attempt_id=accepted.attempt_id,
            call_id=accepted.call_id,
            now=parts.now(),
            gate=Decision(),
            idempotency=idempotency,
        )
    except IdempotencyConflict as error:
        raise _other_body(error) from None
    except RoomInUse as error:
        raise _room_in_use(str(error)) from None


def _answered(response: Response, accepted: AcceptedCall, *, replayed: bool) -> AcceptedCall:
    response.headers["Location"] = f"/api/attempts/{accepted.attempt_id}"
    if replayed:
        response.headers[_REPLAYED] = "true"
    return accepted


def _other_body(error: IdempotencyConflict) -> Problem:
    found = FieldError(KEY_HEADER, str(error).removeprefix(f"{KEY_HEADER}: "))
    return Problem(422, "idempotency-key-reused", str(error), errors=[found])


def _room_in_use(why: str) -> Problem:
    found = FieldError("room_name", why.removeprefix("room_name: "))
    return Problem(409, "room-in-use", why, errors=[found])


def _view(attempt: Attempt) -> AttemptView:
    request, gate = attempt.request, attempt.gate or Decision()
    return AttemptView(
        id=attempt.id,
        created_at=attempt.created_at,
        state=attempt.state,
        outcome=attempt.outcome,
        call_id=attempt.call_id,
        phone_number=request.number,
        customer_id=request.customer_id,
        basis=request.basis,
        room_name=attempt.room_name,
        due_at=attempt.due_at,
        tries=attempt.tries,
        reasons=[GateReason(rule=each.rule, why=each.why) for each in gate.denials],
        last_error=attempt.last_error,
        ended_at=attempt.ended_at,
    )
