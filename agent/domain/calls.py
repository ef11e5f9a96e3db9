"""What a call is: facts that arrive in any order, and the one record that follows from them.

Whatever happens to a call enters as a `CallEvent`, once per (source, source_id). State, times and
disposition are never stored on their own authority: they are `record.fold(events)`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

Scalar = str | int | float | bool | None


class Direction(StrEnum):
    """Who dialled whom, seen from us."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallOrigin(StrEnum):
    """By what a call came about."""

    PHONE = "phone"
    BROWSER = "browser"
    """A test call from our own page: it dials nobody, keeps appointments in memory, and counts in
    no statistics, limit, budget or watch."""


class CallState(StrEnum):
    """How far a call has come. It only moves forward, in this order."""

    CREATED = "created"
    """Written down; nobody's phone rings yet."""
    RINGING = "ringing"
    """The caller hears ringing while our agent gets ready, or the callee's phone rings."""
    ACTIVE = "active"
    """Answered: both sides can hear each other."""
    ENDED = "ended"


class Source(StrEnum):
    """Who reports a fact. With `source_id` it makes the fact unique."""

    WORKER = "worker"
    DIALER = "dialer"
    TELNYX = "telnyx"
    LIVEKIT = "livekit"
    RECONCILER = "reconciler"
    API = "api"


class EventKind(StrEnum):
    """What can happen to a call. `detail` keys in brackets."""

    CREATED = "created"
    """[direction, from_number, to_number, room_name, playbook, language, customer_id?,
    required_questions?: names, comma-separated, origin?: browser]"""
    RINGING = "ringing"
    ANSWERED = "answered"
    """[telnyx_session_id?, telnyx_leg_id?: of a call that we placed]"""
    DISCLOSED = "disclosed"
    """The disclosure was spoken to its last word. [text]"""
    LANGUAGE_CHOSEN = "language_chosen"
    """The call goes on in a language. [language, before, why: asked|greeted|spoken|assumed|changed,
    words: counted words of each, as "fr 5, nl 1"]"""
    RECORDING_STARTED = "recording_started"
    RECORDING_SAVED = "recording_saved"
    """[path, seconds]"""
    RECORDING_REFUSED = "recording_refused"
    """The caller does not want to be recorded. [rule]"""
    RECORDING_DELETED = "recording_deleted"
    """What was recorded until then is deleted."""
    ANSWER_SAVED = "answer_saved"
    """The caller answered one of the playbook's questions. [question, value]"""
    APPOINTMENT_BOOKED = "appointment_booked"
    """[appointment_id, starts_at]"""
    CALLBACK_AGREED = "callback_agreed"
    """[at]"""
    OPTED_OUT = "opted_out"
    """The caller does not want to be called again. [heard_by: phrase|question|hung_up|tool|key,
    number, rule?: by which the words were understood]"""
    NOT_INTERESTED = "not_interested"
    WRONG_NUMBER = "wrong_number"
    TRANSFERRED = "transferred"
    """[to]"""
    TRANSFER_FAILED = "transfer_failed"
    """[to, reason]"""
    VOICEMAIL_DETECTED = "voicemail_detected"
    CALLER_SILENT = "caller_silent"
    """Asked twice whether anybody is there; nobody answered."""
    REPLY_BLOCKED = "reply_blocked"
    """The model wanted to say or do what the playbook does not allow. [what, why]"""
    PROVIDER_FAILED = "provider_failed"
    """[provider: llm|stt|tts, error]"""
    PROVIDER_RECOVERED = "provider_recovered"
    """A reply was spoken after a provider had failed: that failure did not decide the call."""
    GOODBYE_SAID = "goodbye_said"
    CALLER_HUNG_UP = "caller_hung_up"
    """[on_hold?: true while they waited for a person]"""
    AGENT_HUNG_UP = "agent_hung_up"
    OPERATOR_HUNG_UP = "operator_hung_up"
    """Somebody ended the running call through the API. [by: the token's subject]"""
    MAX_DURATION_REACHED = "max_duration_reached"
    NOT_CONNECTED = "not_connected"
    """The other side was never reached. [sip_code?, sip_status?, reason]"""
    CRASHED = "crashed"
    """[error: the exception's type, never its text]"""
    SUMMARISED = "summarised"
    """[summary]"""
    ENDED = "ended"
    """Nobody is on the line any more."""

    # What the carrier and LiveKit tell us afterwards, by webhook: see domain/webhooks.py.
    CARRIER_INITIATED = "carrier_initiated"
    """The call has reached the carrier. [telnyx_session_id, telnyx_leg_id]"""
    CARRIER_HANGUP = "carrier_hangup"
    """The carrier's account of the end. [hangup_cause?, hangup_source?: caller|callee|unknown,
    sip_code?]"""
    CARRIER_REPORT = "carrier_report"
    """Anything else that the carrier told of the call; kept, decides nothing. [type]"""
    QUALITY = "quality"
    """How the other side's voice arrived at the carrier. [mos?: 1 to 5, jitter?: the carrier's
    greatest variance, packets?, packets_lost?]"""
    COST = "cost"
    """[micros: millionths of the currency's unit, currency, seconds?: billed, leg?]"""
    ROOM_STARTED = "room_started"
    ROOM_FINISHED = "room_finished"
    """LiveKit has closed the call's room: nobody can be on the line."""
    PARTICIPANT_JOINED = "participant_joined"
    """[who: sip|agent|other]"""
    PARTICIPANT_LEFT = "participant_left"
    """[who: sip|agent|other, reason: LiveKit's word]"""
    AGENT_JOB_STARTED = "agent_job_started"
    AGENT_JOB_ENDED = "agent_job_ended"
    """[job_state]"""
    ROOM_REPORT = "room_report"
    """Anything else that LiveKit told of the room; kept, decides nothing. [type]"""


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One fact about a call. Append only; repeated delivery changes nothing.

    `at` is when it happened (aware, UTC), not when we heard of it. `call_id` is None while it is
    unknown to which call an outside fact belongs.
    """

    call_id: UUID | None
    kind: EventKind
    at: datetime
    source: Source
    source_id: str
    detail: Mapping[str, Scalar] = field(default_factory=dict)


def ordered(events: Iterable[CallEvent]) -> tuple[CallEvent, ...]:
    """Each fact once, in the order in which it happened: the same for every order of arrival.

    Should two sources of the same name and id ever disagree, the smaller one counts, always.
    """
    unique: dict[tuple[Source, str], CallEvent] = {}
    for event in sorted(events, key=_order):
        unique.setdefault((event.source, event.source_id), event)
    return tuple(unique.values())


_END_SEEN = (
    EventKind.ENDED,
    EventKind.NOT_CONNECTED,
    EventKind.CALLER_HUNG_UP,
    EventKind.AGENT_HUNG_UP,
)


def witnessed(events: Sequence[CallEvent]) -> tuple[CallEvent, ...]:
    """Without what a reconciler guessed of a call whose own worker has told its end.

    A reconciler only concludes that a process died; whoever was in the call knows. So the order in
    which the two are stored does not matter.
    """
    if not any(event.source is Source.WORKER and event.kind in _END_SEEN for event in events):
        return tuple(events)
    return tuple(event for event in events if event.source is not Source.RECONCILER)


def _order(event: CallEvent) -> tuple[str, ...]:
    detail = repr(sorted((key, repr(value)) for key, value in event.detail.items()))
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    return at, event.source, event.source_id, event.kind, str(event.call_id), detail


class Speaker(StrEnum):
    """Whose turn it was."""

    AGENT = "agent"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class CallTurn:
    """What one side said, as the other side heard it.

    An interrupted agent turn holds only the words that were heard before the cut.
    `heard_latency` is seconds from the end of the caller's speech to the agent's first audio, as
    measured by the agent's side; `metrics` are the framework's own figures in seconds.
    """

    call_id: UUID
    turn_id: str
    speaker: Speaker
    text: str
    started_at: datetime
    ended_at: datetime
    interrupted: bool = False
    heard_latency: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
