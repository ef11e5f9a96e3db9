"""The record of a call: a pure function of its events.

>>> record = fold(call_id, events)        # any order, any repetition: the same record
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from agent.domain.calls import (
    CallEvent,
    CallOrigin,
    CallState,
    Direction,
    EventKind,
    Scalar,
    Source,
    ordered,
    witnessed,
)
from agent.domain.carrier import CarrierView, carrier_view
from agent.domain.outcomes import Outcome, decide, direction_of


@dataclass(frozen=True, slots=True)
class Facts:
    """What the call taught us. The latest word on a question counts."""

    answers: Mapping[str, Scalar] = field(default_factory=dict)
    appointment_at: datetime | None = None
    callback_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call as a row of `call_logs`. Times are UTC; None while it has not happened.

    `direction` is None and the texts are empty until the CREATED event is known (a carrier's
    report can come first). `duration_s`: seconds from answer to end, None if never answered.
    `outcome` is None until the call has ended, then there is exactly one.
    """

    id: UUID
    state: CallState
    created_at: datetime
    direction: Direction | None = None
    origin: CallOrigin = CallOrigin.PHONE
    from_number: str = ""
    to_number: str = ""
    room_name: str = ""
    customer_id: str | None = None
    playbook: str = ""
    language: str = ""
    answered_at: datetime | None = None
    disclosed_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: float | None = None
    recording: str | None = None
    summary: str | None = None
    telnyx_session_id: str | None = None
    telnyx_leg_id: str | None = None
    carrier: CarrierView = field(default_factory=CarrierView)
    facts: Facts = field(default_factory=Facts)
    outcome: Outcome | None = None


def fold(call_id: UUID, events: Iterable[CallEvent]) -> CallRecord:
    """The record that follows from `events`; those of other calls are left out.

    The state only moves forward as events are added. Raises ValueError without any event.
    """
    known = witnessed(ordered(event for event in events if event.call_id in (None, call_id)))
    if not known:
        raise ValueError(f"no event of call {call_id}")
    state = max((_reached(event.kind) for event in known), key=list(CallState).index)
    answered_at = _when(known, EventKind.ANSWERED)
    ended_at = _when(known, *_ENDING) if state is CallState.ENDED else None
    created = _details(known, EventKind.CREATED)
    return CallRecord(
        id=call_id,
        state=state,
        created_at=_when(known, EventKind.CREATED) or known[0].at,
        direction=direction_of(known),
        origin=_origin(created),
        from_number=_text(created, "from_number") or "",
        to_number=_text(created, "to_number") or "",
        room_name=_text(created, "room_name") or "",
        customer_id=_text(created, "customer_id"),
        playbook=_text(created, "playbook") or "",
        language=_latest_text(known, EventKind.LANGUAGE_CHOSEN, "language")
        or _text(created, "language")
        or "",
        answered_at=answered_at,
        disclosed_at=_when(known, EventKind.DISCLOSED),
        ended_at=ended_at,
        duration_s=_seconds(answered_at, ended_at),
        recording=_latest_text(known, EventKind.RECORDING_SAVED, "path"),
        summary=_latest_text(known, EventKind.SUMMARISED, "summary"),
        telnyx_session_id=_text(_ours_first(known), "telnyx_session_id"),
        telnyx_leg_id=_text(_ours_first(known), "telnyx_leg_id"),
        carrier=carrier_view(known),
        facts=_facts(known),
        outcome=decide(known) if state is CallState.ENDED else None,
    )


# Who hung up is known a moment before the room is gone; the conversation was over then. A crash
# alone does not end a call: the caller can still be on the line until somebody reports ENDED.
_ENDING = (
    EventKind.ENDED,
    EventKind.NOT_CONNECTED,
    EventKind.CALLER_HUNG_UP,
    EventKind.AGENT_HUNG_UP,
    EventKind.CARRIER_HANGUP,
    EventKind.ROOM_FINISHED,
)
_NOT_YET_ANSWERED = {
    EventKind.CREATED: CallState.CREATED,
    EventKind.RINGING: CallState.RINGING,
    # These can be reported of a call that nobody answered.
    EventKind.CRASHED: CallState.CREATED,
    EventKind.PROVIDER_FAILED: CallState.CREATED,
    EventKind.SUMMARISED: CallState.CREATED,
    EventKind.OPERATOR_HUNG_UP: CallState.CREATED,
    EventKind.CARRIER_INITIATED: CallState.CREATED,
    EventKind.CARRIER_REPORT: CallState.CREATED,
    EventKind.QUALITY: CallState.CREATED,
    EventKind.COST: CallState.CREATED,
    EventKind.ROOM_STARTED: CallState.CREATED,
    EventKind.PARTICIPANT_JOINED: CallState.CREATED,
    EventKind.PARTICIPANT_LEFT: CallState.CREATED,
    EventKind.AGENT_JOB_STARTED: CallState.CREATED,
    EventKind.AGENT_JOB_ENDED: CallState.CREATED,
    EventKind.ROOM_REPORT: CallState.CREATED,
}


def _reached(kind: EventKind) -> CallState:
    """The state that a call has at least reached when `kind` has happened."""
    if kind in _ENDING:
        return CallState.ENDED
    return _NOT_YET_ANSWERED.get(kind, CallState.ACTIVE)


def _when(events: Sequence[CallEvent], *kinds: EventKind) -> datetime | None:
    """When it first happened; the carrier's clock counts where it has spoken, it bills by it.

    LiveKit's webhooks have whole seconds only: they count where nobody else has told.
    """
    found = [event for event in events if event.kind in kinds]
    by_carrier = [event for event in found if event.source is Source.TELNYX]
    finer = [event for event in found if event.source is not Source.LIVEKIT]
    return min((event.at for event in by_carrier or finer or found), default=None)


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None:
        return None
    # Two clocks: an end before the answer is a call of no length, not a negative one.
    return max(0.0, round((end - start).total_seconds(), 1))


def _ours_first(events: Sequence[CallEvent]) -> list[Mapping[str, Scalar]]:
    """Details with those of the carrier last: of its several legs ours is the one we joined."""
    return [
        event.detail for event in sorted(events, key=lambda event: event.source is Source.TELNYX)
    ]


def _details(events: Sequence[CallEvent], kind: EventKind) -> list[Mapping[str, Scalar]]:
    return [event.detail for event in events if event.kind is kind]


def _text(details: Sequence[Mapping[str, Scalar]], key: str) -> str | None:
    """The first non-empty value under `key`."""
    values = (detail.get(key) for detail in details)
    return next((str(value) for value in values if value not in (None, "")), None)


def _latest_text(events: Sequence[CallEvent], kind: EventKind, key: str) -> str | None:
    return _text(_details(events, kind)[::-1], key)


def _latest_time(events: Sequence[CallEvent], kind: EventKind, key: str) -> datetime | None:
    text = _latest_text(events, kind, key)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _origin(created: Sequence[Mapping[str, Scalar]]) -> CallOrigin:
    text = _text(created, "origin")
    return CallOrigin(text) if text in set(CallOrigin) else CallOrigin.PHONE


def _facts(events: Sequence[CallEvent]) -> Facts:
    return Facts(
        answers={
            str(detail["question"]): detail.get("value")
            for detail in _details(events, EventKind.ANSWER_SAVED)
            if detail.get("question") is not None
        },
        appointment_at=_latest_time(events, EventKind.APPOINTMENT_BOOKED, "starts_at"),
        callback_at=_latest_time(events, EventKind.CALLBACK_AGREED, "at"),
    )
