"""The record of calls in Postgres: facts go in, the row of a call follows from them.

    await store.append(events, turns)            # any order, any number of times, from anywhere
    for record in await store.recent(10): ...

Whatever is appended is folded with everything that is known of its call, in one transaction.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from agent.domain.appointments import Appointment
from agent.domain.calls import (
    CallEvent,
    CallOrigin,
    CallTurn,
    Direction,
    EventKind,
    Source,
    Speaker,
    ordered,
)
from agent.domain.carrier import CarrierView
from agent.domain.phone_numbers import country_of, parse
from agent.domain.record import CallRecord, fold
from agent.errors import Refused
from agent.store.calendar import appointment_from
from agent.store.database import Connection, Database
from agent.store.event_json import Json, events_form, storable, turns_form
from agent.store.opt_outs import comparable
from agent.store.query import query

_LOCK_CALL = query("calls/lock")
_APPEND_EVENTS = query("calls/append_events")
_RECORD_CALL = query("calls/record")
_RECENT_EVENTS = query("calls/recent_events")
_FIND_CALLS = query("calls/find")
_EVENTS_OF_CALL = query("calls/events")
_TURNS_OF_CALL = query("calls/turns")
_LAST_LANGUAGE = query("calls/last_language")
_APPOINTMENT_OF_CALL = query("calls/appointment")


@dataclass(frozen=True, slots=True)
class CallDetail:
    """Everything that is known of one call. Turns and events in the order of time."""

    record: CallRecord
    turns: tuple[CallTurn, ...]
    events: tuple[CallEvent, ...]
    appointment: Appointment | None


class CallStore:
    """Calls, their events and turns. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, events: Sequence[CallEvent], turns: Sequence[CallTurn] = ()) -> None:
        """Store facts and bring the rows of their calls up to date; opt-outs in the same step.

        One transaction and five round trips a call. Idempotent, also when an earlier try
        succeeded and only its answer was lost. Events without a call are kept until it is known.
        """
        by_call: dict[UUID | None, tuple[list[CallEvent], list[CallTurn]]]
        by_call = defaultdict(lambda: ([], []))
        for event in events:
            by_call[event.call_id][0].append(event)
        for turn in turns:
            by_call[turn.call_id][1].append(turn)
        for call_id, (its_events, its_turns) in by_call.items():
            await self._append_to(call_id, its_events, its_turns)

    async def recent(
        self, limit: int = 20, *, origin: CallOrigin = CallOrigin.PHONE
    ) -> list[CallRecord]:
        """The latest calls of one origin, newest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_RECENT_EVENTS(limit=limit, origin=origin))
        by_call: dict[UUID, list[CallEvent]] = defaultdict(list)
        for event in _events(rows):
            if event.call_id is not None:
                by_call[event.call_id].append(event)
        records = [fold(call_id, events) for call_id, events in by_call.items()]
        return sorted(records, key=lambda record: (record.created_at, record.id), reverse=True)

    async def show(self, call_id: UUID | str) -> CallDetail:
        """One call by its id or the beginning of it.

        Raises Refused: no such call, or several begin like this.
        """
        async with self._database.connection() as connection:
            found = await connection.fetch(*_FIND_CALLS(**_ids_that_begin(str(call_id))))
            if len(found) != 1:
                problem = "several calls have an id that begins" if found else "no call has an id"
                raise Refused(
                    f"{problem} like {str(call_id)!r}: `python agent.py calls` lists them"
                )
            full_id: UUID = found[0]["id"]
            events = await connection.fetch(*_EVENTS_OF_CALL(call_id=full_id))
            turns = await connection.fetch(*_TURNS_OF_CALL(call_id=full_id))
            appointment = await connection.fetchrow(*_APPOINTMENT_OF_CALL(call_id=full_id))
        known = ordered(_events(events))
        return CallDetail(
            record=fold(full_id, known),
            turns=tuple(_turn(row) for row in turns),
            events=known,
            appointment=appointment_from(appointment) if appointment else None,
        )

    async def last_language(self, number: str) -> str | None:
        """The language of the latest call with this number that was answered; None: there is none.

        What this says is where a call begins, never what it must stay in.
        """
        async with self._database.connection() as connection:
            found: str | None = await connection.fetchval(*_LAST_LANGUAGE(number=number))
        return found or None

    async def _append_to(
        self, call_id: UUID | None, events: Sequence[CallEvent], turns: Sequence[CallTurn]
    ) -> None:
        async with self._database.connection() as connection, connection.transaction():
            await append_within(connection, call_id, events, turns)


async def append_within(
    connection: Connection,
    call_id: UUID | None,
    events: Sequence[CallEvent],
    turns: Sequence[CallTurn] = (),
) -> None:
    """Store facts of one call as part of a transaction that does more; see `CallStore.append`."""
    # An upsert cannot write a row twice: of a turn told twice the later version counts.
    latest = list({turn.turn_id: turn for turn in turns}.values())
    if call_id is not None:
        await connection.execute(*_LOCK_CALL(call_id=str(call_id)))
    rows = await connection.fetch(
        *_APPEND_EVENTS(events=events_form(events), turns=turns_form(latest), call_id=call_id)
    )
    known = ordered(_events(rows))
    if call_id is not None and known:
        record = fold(call_id, known)
        await connection.execute(
            *_RECORD_CALL(row=columns_of(record), opt_outs=_opt_outs(record, known))
        )


def _ids_that_begin(beginning: str) -> dict[str, UUID | None]:
    """The first and the last id that begin like this, hyphens or not; None: no id does.

    >>> _ids_that_begin("7f")  # from 7f000000-0000-… to 7fffffff-ffff-…
    """
    digits = beginning.lower().replace("-", "")
    if not _HEX.fullmatch(digits):
        return {"first": None, "last": None}
    return {"first": UUID(digits.ljust(32, "0")), "last": UUID(digits.ljust(32, "f"))}


_HEX = re.compile(r"[0-9a-f]{0,32}")


def columns_of(record: CallRecord) -> Json:
    """The record as a row of call_logs, by column."""
    outcome = record.outcome
    return storable(
        {
            "id": str(record.id),
            "created_at": record.created_at.isoformat(),
            "direction": record.direction,
            "origin": None if record.origin is CallOrigin.PHONE else record.origin,
            "customer_id": record.customer_id,
            "from_number": record.from_number,
            "to_number": record.to_number,
            "room_name": record.room_name,
            "status": record.state,
            "disposition": outcome.disposition if outcome else None,
            "reason": (outcome.reason or None) if outcome else None,
            "evidence": events_form(outcome.evidence) if outcome else [],
            "summary": record.summary,
            "answered_at": _iso(record.answered_at),
            "disclosed_at": _iso(record.disclosed_at),
            "ended_at": _iso(record.ended_at),
            "duration_s": record.duration_s,
            "recording": record.recording,
            "playbook": record.playbook,
            "language": record.language,
            "telnyx_session_id": record.telnyx_session_id,
            "telnyx_leg_id": record.telnyx_leg_id,
            **_carrier(record.carrier),
            "facts": {
                "answers": dict(record.facts.answers),
                "appointment_at": _iso(record.facts.appointment_at),
                "callback_at": _iso(record.facts.callback_at),
            },
        }
    )


def _carrier(carrier: CarrierView) -> dict[str, Json]:
    return {
        "cost_micros": carrier.bill.micros if carrier.bill else None,
        "cost_currency": carrier.bill.currency if carrier.bill else None,
        "hangup_cause": carrier.hangup_cause,
        "hangup_source": carrier.hangup_source,
        "mos": carrier.mos,
        "jitter": carrier.jitter,
    }


def _opt_outs(record: CallRecord, events: Iterable[CallEvent]) -> Json:
    """The opt-outs of a call. In the order of numbers, so that two calls cannot deadlock."""
    if record.origin is CallOrigin.BROWSER:
        return storable([])  # a developer tries the agent: nobody who was called
    ours, other_side = record.to_number, record.from_number
    if record.direction is Direction.OUTBOUND:
        ours, other_side = other_side, ours
    country = _country_of(ours)
    found: dict[str, Json] = {}
    for event in events:
        number = str(event.detail.get("number") or other_side)
        if event.kind is EventKind.OPTED_OUT and number:
            wished = comparable(number, country)
            found.setdefault(
                wished,
                {
                    "number": wished,
                    "scope": "all",
                    "source": f"call:{event.detail.get('heard_by') or event.source}",
                    "call_id": str(record.id),
                    "at": event.at.isoformat(),
                },
            )
    return storable([found[number] for number in sorted(found)])


def _country_of(number: str | None) -> str | None:
    """The country of our side of a call: the other side's national form is meant there."""
    try:
        return country_of(parse(number or ""))
    except Refused:
        return None


def _events(rows: Iterable[asyncpg.Record]) -> list[CallEvent]:
    """Rows as events, without those of a kind that only a newer version of this program knows."""
    return [
        CallEvent(
            call_id=row["call_id"],
            kind=EventKind(row["kind"]),
            at=row["at"].astimezone(UTC),
            source=Source(row["source"]),
            source_id=row["source_id"],
            detail=row["detail"],
        )
        for row in rows
        if row["kind"] in _KINDS and row["source"] in _SOURCES
    ]


_KINDS: frozenset[str] = frozenset(EventKind)
_SOURCES: frozenset[str] = frozenset(Source)


def _turn(row: asyncpg.Record) -> CallTurn:
    return CallTurn(
        call_id=row["call_id"],
        turn_id=row["turn_id"],
        speaker=Speaker(row["speaker"]),
        text=row["text"],
        started_at=row["started_at"].astimezone(UTC),
        ended_at=row["ended_at"].astimezone(UTC),
        interrupted=row["interrupted"],
        heard_latency=row["heard_latency"],
        metrics=row["metrics"],
    )


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
