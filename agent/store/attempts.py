"""Attempts in Postgres: who is to be called, what the gate said, who has it, how it ended.

    attempt = await store.add(request, attempt_id=uuid4(), call_id=uuid4(), now=now)
    mine = await store.claim(dialler_id, 3, trunk)

Adding one wakes the diallers (NOTIFY). The calls of an attempt: `dialings.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from agent.domain.attempts import (
    Attempt,
    AttemptOutcome,
    AttemptState,
    Basis,
    CallRequest,
    IdempotencyKey,
    Origin,
)
from agent.domain.calls import Scalar
from agent.domain.contactability import ContactFacts, Decision, Denial, Rule
from agent.domain.phone_numbers import PhoneNumber
from agent.errors import IdempotencyConflict, Refused, RoomInUse
from agent.store.database import Database
from agent.store.event_json import Json, storable
from agent.store.query import query

NOTIFY_CHANNEL = "attempts"

_ADD = query("attempts/add")
_ADD_KEY = query("attempts/add_key")
_KEY = query("attempts/key")
_SHOW = query("attempts/show")
_OF_CALL = query("attempts/of_call")
_RECENT = query("attempts/recent")
_FACTS = query("attempts/contact_facts")
_NOTIFY = query("attempts/notify")
_CLAIM = query("attempts/claim")
_RECORD_GATE = query("attempts/record_gate")
_END = query("attempts/end")
_CANCEL = query("attempts/cancel")
_REQUEUE = query("attempts/requeue")
_LOST_CLAIMS = query("attempts/lost_claims")
_ADD_REFUSED = query("attempts/add_refused")


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """What a request with this Idempotency-Key was answered with the first time."""

    attempt_id: UUID
    status: int
    answer: Mapping[str, Scalar]


class AttemptStore:
    """Attempts. Every method also raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        request: CallRequest,
        *,
        attempt_id: UUID,
        call_id: UUID,
        now: datetime,
        gate: Decision | None = None,
        idempotency: IdempotencyKey | None = None,
    ) -> Attempt:
        """Write down that somebody is to be called, and wake the diallers.

        The ids are the caller's, so that the answer is known before anything is written. With an
        idempotency key that is known already nothing is added: the attempt of the first request
        comes back, recognisable by its id (see `known_answer`). `gate`: what the gate said early.
        Raises RoomInUse when the wished room belongs to an open attempt, IdempotencyConflict when
        the key was used for another request.
        """
        async with self._database.connection() as connection, connection.transaction():
            if idempotency is not None:
                new = await connection.fetchval(
                    *_ADD_KEY(
                        subject=idempotency.subject,
                        key=idempotency.key,
                        body_hash=idempotency.body_hash,
                        attempt_id=attempt_id,
                        status=idempotency.status,
                        answer=dict(idempotency.answer),
                        now=now,
                    )
                )
                if new is None:
                    # Its own statement: it sees what was committed while the one above waited.
                    known = await connection.fetchrow(
                        *_KEY(subject=idempotency.subject, key=idempotency.key)
                    )
                    assert known is not None, "keys are kept for longer than a request takes"
                    _same_request(known, idempotency.body_hash)
                    return _attempt(
                        await connection.fetchrow(*_SHOW(attempt_id=known["attempt_id"]))
                    )
            try:
                row = await connection.fetchrow(
                    *_ADD(
                        **_request_columns(request, attempt_id, call_id, gate, now),
                        room_name=request.room_name,
                        participant_identity=request.participant_identity,
                        participant_name=request.participant_name,
                    )
                )
            except asyncpg.UniqueViolationError as error:
                if error.constraint_name == "attempts_room":
                    raise RoomInUse(
                        "room_name: a call is going on or planned in this room; choose another "
                        "name, or leave it out"
                    ) from None
                raise
            await connection.execute(*_NOTIFY())
        return _attempt(row)

    async def known_answer(self, subject: str, key: str, body_hash: str) -> KnownAnswer | None:
        """What the first request under this key was answered with; None if there was none.

        Raises IdempotencyConflict when that was another request.
        """
        async with self._database.connection() as connection:
            row = await connection.fetchrow(*_KEY(subject=subject, key=key))
        if row is None:
            return None
        _same_request(row, body_hash)
        return KnownAnswer(row["attempt_id"], row["status"], row["response"])

    async def show(self, attempt_id: UUID) -> Attempt:
        """One attempt. Raises Refused: there is none."""
        async with self._database.connection() as connection:
            return _attempt(await connection.fetchrow(*_SHOW(attempt_id=attempt_id)))

    async def of_call(self, call_id: UUID) -> Attempt:
        """The attempt that a call belongs to. Raises Refused: it is nobody's."""
        async with self._database.connection() as connection:
            return _attempt(await connection.fetchrow(*_OF_CALL(call_id=call_id)))

    async def recent(self, limit: int = 20) -> list[Attempt]:
        """The latest attempts, newest first."""
        async with self._database.connection() as connection:
            return [_attempt(row) for row in await connection.fetch(*_RECENT(limit=limit))]

    async def contact_facts(self, number: PhoneNumber, now: datetime) -> ContactFacts:
        """What the gate has to know for a call to this number at `now`."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(*_FACTS(number=number, now=now))
        assert row is not None
        return ContactFacts(row["opted_out"], row["calls_in_a_day"], row["minutes_today"])

    async def claim(self, dialler_id: UUID, limit: int, trunk: str) -> list[Attempt]:
        """Take up to `limit` attempts that are due; nobody else gets these."""
        if limit <= 0:
            return []
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_CLAIM(dialler_id=dialler_id, limit=limit, trunk=trunk))
        return [_attempt(row) for row in rows]

    async def record_gate(
        self, attempt_id: UUID, dialler_id: UUID, decision: Decision, now: datetime
    ) -> bool:
        """Keep the gate's latest answer with all its reasons. False: another dialler has it now."""
        async with self._database.connection() as connection:
            found = await connection.fetchval(
                *_RECORD_GATE(
                    attempt_id=attempt_id, dialler_id=dialler_id, gate=_gate_json(decision, now)
                )
            )
        return found is not None

    async def end(
        self, attempt_id: UUID, dialler_id: UUID, outcome: AttemptOutcome, why: str | None = None
    ) -> bool:
        """The attempt is over without (another) call. False: it is not this dialler's any more."""
        async with self._database.connection() as connection:
            found = await connection.fetchval(
                *_END(
                    attempt_id=attempt_id,
                    outcome=outcome,
                    why=why,
                    dialler_id=dialler_id,
                    of_call=None,
                )
            )
        return found is not None

    async def cancel(self, attempt_id: UUID) -> bool:
        """Nobody is to be called after all. False: too late, it is being dialled or over."""
        async with self._database.connection() as connection:
            return await connection.fetchval(*_CANCEL(attempt_id=attempt_id)) is not None

    async def requeue(
        self,
        attempt_id: UUID,
        *,
        after: float,
        call_id: UUID,
        why: str | None,
        claimed_by: UUID | None,
    ) -> bool:
        """Put a claimed attempt that has no call yet back, to be tried in `after` seconds.

        False: `claimed_by` does not have it any more.
        """
        async with self._database.connection() as connection:
            done = await connection.fetchval(
                *_REQUEUE(
                    attempt_id=attempt_id,
                    after=after,
                    call_id=call_id,
                    why=why,
                    dialler_id=claimed_by,
                    of_call=None,
                )
            )
        return done is not None

    async def lost_claims(self, seconds: float) -> list[Attempt]:
        """Attempts claimed so long ago of which no call is on its way: their dialler died."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_LOST_CLAIMS(seconds=seconds))
        return [_attempt(row) for row in rows]

    async def add_refused(
        self,
        request: CallRequest,
        *,
        attempt_id: UUID,
        call_id: UUID,
        gate: Decision,
        now: datetime,
    ) -> None:
        """Write a request down that the gate refused at once, over in the same statement.

        No dialler ever sees it.
        """
        async with self._database.connection() as connection:
            await connection.execute(
                *_ADD_REFUSED(**_request_columns(request, attempt_id, call_id, gate, now))
            )


def _same_request(known: asyncpg.Record, body_hash: str) -> None:
    if known["body_hash"] != body_hash:
        raise IdempotencyConflict(
            "Idempotency-Key: it was used for a request with another body; use a new key"
        )


def _request_columns(
    request: CallRequest,
    attempt_id: UUID,
    call_id: UUID,
    gate: Decision | None,
    now: datetime,
) -> dict[str, object]:
    """What every attempt is written with, refused or not."""
    return {
        "id": attempt_id,
        "now": now,
        "origin": request.origin,
        "basis": request.basis,
        "customer_id": request.customer_id,
        "number": request.number,
        "playbook": request.playbook,
        "due_at": request.due_at,
        "call_id": call_id,
        "gate": _gate_json(gate, now),
    }


def _gate_json(decision: Decision | None, now: datetime) -> Json:
    """The gate's answer as JSON, with the moment at which it was given."""
    if decision is None:
        return None
    return storable(
        {
            "at": now.isoformat(),
            "allowed": decision.allowed,
            "reasons": [{"rule": each.rule, "why": each.why} for each in decision.denials],
        }
    )


def _gate(form: dict[str, list[dict[str, str]]] | None) -> Decision | None:
    if form is None:
        return None
    return Decision(tuple(Denial(Rule(each["rule"]), each["why"]) for each in form["reasons"]))


def _attempt(row: asyncpg.Record | None) -> Attempt:
    if row is None:
        raise Refused("there is no such attempt")
    return Attempt(
        id=row["id"],
        created_at=row["created_at"].astimezone(UTC),
        request=CallRequest(
            origin=Origin(row["origin"]),
            number=PhoneNumber(row["number"]),
            basis=Basis(row["basis"]),
            due_at=row["wanted_at"].astimezone(UTC),
            customer_id=row["customer_id"],
            room_name=row["room_name"],
            participant_identity=row["participant_identity"],
            participant_name=row["participant_name"],
            playbook=row["playbook"],
        ),
        call_id=row["call_id"],
        state=AttemptState(row["state"]),
        due_at=row["due_at"].astimezone(UTC),
        tries=row["tries"],
        outcome=AttemptOutcome(row["outcome"]) if row["outcome"] else None,
        gate=_gate(row["gate"]),
        last_error=row["last_error"],
        ended_at=row["ended_at"].astimezone(UTC) if row["ended_at"] else None,
        claimed_by=row["claimed_by"],
    )
