"""The facts that are told of a call of ours before anybody answers, in one place for all who tell.

Their source ids are made of the call alone, so that whoever tells them again tells nothing new.
"""

from datetime import datetime
from uuid import UUID

from agent.domain.attempts import Attempt
from agent.domain.calls import CallEvent, Direction, EventKind, Scalar, Source


def created(
    attempt: Attempt,
    at: datetime,
    *,
    our_number: str,
    playbook: str,
    language: str,
    required_questions: tuple[str, ...],
) -> CallEvent:
    """The call of an attempt, before anything happens."""
    return CallEvent(
        attempt.call_id,
        EventKind.CREATED,
        at,
        Source.DIALER,
        f"{attempt.call_id}:{EventKind.CREATED}",
        {
            "direction": Direction.OUTBOUND,
            "from_number": our_number,
            "to_number": attempt.request.number,
            "room_name": attempt.room_name,
            "playbook": playbook,
            "language": language,
            "customer_id": attempt.request.customer_id,
            "required_questions": ",".join(required_questions),
        },
    )


def not_connected(
    call_id: UUID,
    at: datetime,
    source: Source,
    reason: str,
    *,
    sip_code: int | None = None,
    sip_status: str = "",
) -> CallEvent:
    """The other side was never reached; see `outcomes.refusal` for what the words mean."""
    detail: dict[str, Scalar] = {}
    if sip_code is not None:
        detail |= {"sip_code": sip_code, "sip_status": sip_status}
    if reason:
        detail["reason"] = reason
    return CallEvent(
        call_id,
        EventKind.NOT_CONNECTED,
        at,
        source,
        f"{call_id}:{EventKind.NOT_CONNECTED}",
        detail,
    )


def died(call_id: UUID, at: datetime) -> list[CallEvent]:
    """The process that held the call is gone, and the call with it."""
    return [
        CallEvent(
            call_id,
            kind,
            at,
            Source.RECONCILER,
            f"{call_id}:{kind}",
            {"error": "process_died"} if kind is EventKind.CRASHED else {},
        )
        for kind in (EventKind.CRASHED, EventKind.ENDED)
    ]
