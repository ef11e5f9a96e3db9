"""What a webhook tells of a call: facts, and the keys by which the call is found.

telephony/telnyx_webhooks, telephony/livekit_webhooks   read, verified -> CarrierReport, RoomReport
here                                                    what it means  -> Delivery
store/inbox                                             kept, linked, folded
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from agent.domain.calls import CallEvent, EventKind, Scalar, Source


class RejectReason(StrEnum):
    """Why a webhook is not believed; a closed set, so that refusals can be counted by it."""

    NOT_SET_UP = "not_set_up"
    """We have no key to check it with."""
    NO_SIGNATURE = "no_signature"
    BAD_SIGNATURE = "bad_signature"
    """Another key, another body, or not a signature at all."""
    BAD_TIMESTAMP = "bad_timestamp"
    TOO_OLD_OR_NEW = "too_old_or_new"
    """Signed more than the tolerance before or after now: clocks differ, or it is replayed."""
    UNREADABLE = "unreadable"
    """Signed, but not an event."""


class RefusedWebhook(Exception):
    """A webhook that is not believed. Nothing of it may have any effect."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CallKeys:
    """By what a call can be found, strongest first; None or empty: not told.

    `call_id` is what a header claims: it counts only together with the number that we called.
    `began_at` is when the carrier's leg began.
    """

    session_id: str | None = None
    leg_id: str | None = None
    call_id: UUID | None = None
    from_number: str | None = None
    to_number: str | None = None
    began_at: datetime | None = None
    room_name: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it is kept. `events` have no call yet, and may be none at all."""

    source: Source
    event_id: str
    event_type: str
    at: datetime
    keys: CallKeys
    events: tuple[CallEvent, ...] = ()

    @property
    def tells_the_end(self) -> bool:
        """Whether the call is over by this. Our own side mostly says so too, and better."""
        return any(event.kind in _ENDINGS for event in self.events)


_ENDINGS = (EventKind.CARRIER_HANGUP, EventKind.ROOM_FINISHED)


@dataclass(frozen=True, slots=True)
class CarrierReport:
    """A Telnyx event, read. What its type does not have is None."""

    event_id: str
    event_type: str
    """Normalised: `call.hangup`, also where it came as `call_hangup`."""
    at: datetime
    keys: CallKeys
    hangup_cause: str | None = None
    hangup_source: str | None = None
    sip_code: int | None = None
    mos: float | None = None
    jitter: float | None = None
    packets: int | None = None
    packets_lost: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    billed_seconds: int | None = None


def carrier_delivery(report: CarrierReport) -> Delivery:
    """What Telnyx tells, as facts. A type that we do not know is a report that decides nothing."""
    ids: dict[str, Scalar] = {
        "telnyx_session_id": report.keys.session_id,
        "telnyx_leg_id": report.keys.leg_id,
    }
    fact = _Facts(Source.TELNYX, report.event_id, report.at)
    events: list[CallEvent] = []
    match report.event_type:
        case "call.initiated":
            events = [fact(EventKind.CARRIER_INITIATED, **ids)]
        case "call.answered":
            events = [fact(EventKind.ANSWERED, **ids)]
        case "call.hangup":
            events = [
                fact(
                    EventKind.CARRIER_HANGUP,
                    hangup_cause=report.hangup_cause,
                    hangup_source=report.hangup_source,
                    sip_code=report.sip_code,
                    **ids,
                )
            ]
            if report.mos is not None or report.jitter is not None:
                quality: dict[str, Scalar] = {
                    "mos": report.mos,
                    "jitter": report.jitter,
                    "packets": report.packets,
                    "packets_lost": report.packets_lost,
                }
                events.append(fact(EventKind.QUALITY, "quality", **quality))
        case "call.cost" if report.cost is not None:
            events = [
                fact(
                    EventKind.COST,
                    micros=int((report.cost * 1_000_000).to_integral_value()),
                    currency=report.currency or "USD",
                    seconds=report.billed_seconds,
                    leg=report.keys.leg_id,
                )
            ]
        case other:
            events = [fact(EventKind.CARRIER_REPORT, type=other)]
    return Delivery(
        source=Source.TELNYX,
        event_id=report.event_id,
        event_type=report.event_type,
        at=report.at,
        keys=report.keys,
        events=tuple(events),
    )


@dataclass(frozen=True, slots=True)
class RoomReport:
    """A LiveKit event, read. `who`: sip, agent or other, never a name: that has the number."""

    event_id: str
    event_type: str
    at: datetime
    room_name: str | None
    who: str = ""
    reason: str = ""


def room_delivery(report: RoomReport) -> Delivery:
    """What LiveKit tells, as facts; of a type that we do not know, a report."""
    fact = _Facts(Source.LIVEKIT, report.event_id, report.at)
    match report.event_type:
        case "room_started":
            event = fact(EventKind.ROOM_STARTED)
        case "room_finished":
            event = fact(EventKind.ROOM_FINISHED)
        case "participant_joined":
            event = fact(EventKind.PARTICIPANT_JOINED, who=report.who)
        case "participant_left" | "participant_connection_aborted":
            event = fact(EventKind.PARTICIPANT_LEFT, who=report.who, reason=report.reason)
        case "agent_job_started":
            event = fact(EventKind.AGENT_JOB_STARTED)
        case "agent_job_ended":
            event = fact(EventKind.AGENT_JOB_ENDED, job_state=report.reason)
        case other:
            event = fact(EventKind.ROOM_REPORT, type=other)
    return Delivery(
        source=Source.LIVEKIT,
        event_id=report.event_id,
        event_type=report.event_type,
        at=report.at,
        keys=CallKeys(room_name=report.room_name),
        events=(event,),
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """Makes the events of one webhook. They take its id, so a repeated webhook adds nothing."""

    source: Source
    event_id: str
    at: datetime

    def __call__(self, kind: EventKind, part: str = "", /, **detail: Scalar) -> CallEvent:
        told = {key: value for key, value in detail.items() if value is not None}
        source_id = f"{self.event_id}:{part}" if part else self.event_id
        return CallEvent(None, kind, self.at, self.source, source_id, told)
