"""How a call ended and why: evidence in, exactly one disposition out.

`decide` looks for the strongest evidence in this order and stops at the first that is there:

    1  what the caller said or agreed to; a promise made in a call binds whatever came after it
         opted out           do_not_call      binding: beats even an appointment of the same call
         appointment booked  converted
         transferred         transferred
         callback agreed     callback
         wrong number        wrong_number
         said no             not_interested   reason said_so
         all required questions answered
                             qualified
         voicemail           voicemail
    2  nobody was reached    by SIP code: busy, declined, no_answer, invalid_number, failed
         a  our own dial's answer with a SIP code
         b  the carrier's webhook: its SIP code, else its hangup cause (outbound, unanswered, and
            not a cancellation, which is only the echo of our own hanging up)
         c  our own dial's answer without a SIP code
    3  we failed             failed           crashed, provider_down, max_duration; a call without
                                              a result in which we failed is never laid at the
                                              caller's door, whoever hung up. A provider's failure
                                              counts only if no reply followed it
    4  how it trailed off    hung_up          operator: one of us ended it through the API
                             hung_up          silence: answered, but nobody spoke
                             not_interested   no_result: ended politely, nothing agreed
                             hung_up          while_ringing, during_disclosure, mid_conversation,
                                              on_hold: while waiting for a person
    5  only others saw it    the carrier's webhook: its time limit, or that the other side hung up;
                             then LiveKit's, that the telephone left by itself. Both can only fill
                             in what our own side did not report
    6  only that it ended    no_answer (outbound, unanswered), failed/no_agent (inbound,
                             unanswered), failed/unexplained (answered)

So `not_interested` always follows a goodbye or a plain no, and `hung_up` never does: a sales
manager can call the second group again and leave the first alone. The reason tells the rest.

Webhooks arrive late, in any order, many times or never. `decide` sees all that is known at once, so
evidence of a higher rank corrects what a lower rank had decided whenever it comes, and never the
other way round; a reconciler's guess that a process died counts only while the worker itself has
told no end; where our own side has reported the end of a call, webhooks change nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.domain.calls import CallEvent, Direction, EventKind, ordered, witnessed
from agent.domain.dispositions import Disposition, Reason
from agent.domain.sip_refusals import meaning_of_carrier, meaning_of_dial, sip_code_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """The one way a call ended. `evidence` are the events that decided it, in their order."""

    disposition: Disposition
    reason: Reason
    evidence: tuple[CallEvent, ...]


def decide(events: Iterable[CallEvent]) -> Outcome:
    """The outcome of a call that has ended, from all its events in any order, any repetition."""
    known = witnessed(ordered(events))
    rules = (
        *(_agreed, _qualified, _voicemail),
        *(_not_reached, _our_failure, _trailed_off),
        *(_carrier_saw, _livekit_saw),
    )
    for rule in rules:
        if outcome := rule(known):
            return outcome
    return _only_ended(known)


_AGREED = (
    (EventKind.OPTED_OUT, Disposition.DO_NOT_CALL, Reason.NONE),
    (EventKind.APPOINTMENT_BOOKED, Disposition.CONVERTED, Reason.NONE),
    (EventKind.TRANSFERRED, Disposition.TRANSFERRED, Reason.NONE),
    (EventKind.CALLBACK_AGREED, Disposition.CALLBACK, Reason.NONE),
    (EventKind.WRONG_NUMBER, Disposition.WRONG_NUMBER, Reason.NONE),
    (EventKind.NOT_INTERESTED, Disposition.NOT_INTERESTED, Reason.SAID_SO),
)

_FAILURES = (
    (EventKind.CRASHED, Reason.CRASHED),
    (EventKind.PROVIDER_FAILED, Reason.PROVIDER_DOWN),
    (EventKind.MAX_DURATION_REACHED, Reason.MAX_DURATION),
)

_FORGIVEN = frozenset({EventKind.PROVIDER_FAILED})
"""What a reply afterwards makes undone."""


def _agreed(events: Sequence[CallEvent]) -> Outcome | None:
    for kind, disposition, reason in _AGREED:
        if evidence := _all(events, kind):
            return Outcome(disposition, reason, evidence)
    return None


def _qualified(events: Sequence[CallEvent]) -> Outcome | None:
    required: set[str] = set()
    for created in _all(events, EventKind.CREATED):
        questions = str(created.detail.get("required_questions") or "")
        required |= {name.strip() for name in questions.split(",") if name.strip()}
    latest = {event.detail.get("question"): event for event in _all(events, EventKind.ANSWER_SAVED)}
    answers = tuple(
        event
        for question, event in latest.items()
        if question in required and event.detail.get("value") is not None
    )
    if required and len(answers) == len(required):
        return Outcome(Disposition.QUALIFIED, Reason.NONE, answers)
    return None


def _voicemail(events: Sequence[CallEvent]) -> Outcome | None:
    evidence = _all(events, EventKind.VOICEMAIL_DETECTED)
    return Outcome(Disposition.VOICEMAIL, Reason.NONE, evidence) if evidence else None


def _not_reached(events: Sequence[CallEvent]) -> Outcome | None:
    # An answered call was connected, whatever a late report of another leg says.
    if _all(events, EventKind.ANSWERED):
        return None
    dialled = _all(events, EventKind.NOT_CONNECTED)
    # Of several reports the one with a SIP code knows best.
    for event in dialled:
        if sip_code_of(event) is not None:
            return Outcome(*meaning_of_dial(event), (event,))
    if direction_of(events) is Direction.OUTBOUND:
        for event in _all(events, EventKind.CARRIER_HANGUP):
            if told := meaning_of_carrier(event):
                return Outcome(*told, (event,))
    return Outcome(*meaning_of_dial(dialled[0]), dialled[:1]) if dialled else None


def _our_failure(events: Sequence[CallEvent]) -> Outcome | None:
    for kind, reason in _FAILURES:
        if evidence := _all(_since_reply(events) if kind in _FORGIVEN else events, kind):
            return Outcome(Disposition.FAILED, reason, evidence)
    return None


def _since_reply(events: Sequence[CallEvent]) -> Sequence[CallEvent]:
    """What happened after the last reply that followed a provider's failure."""
    replies = [
        place for place, event in enumerate(events) if event.kind is EventKind.PROVIDER_RECOVERED
    ]
    return events[replies[-1] + 1 :] if replies else events


def _trailed_off(events: Sequence[CallEvent]) -> Outcome | None:
    if evidence := _all(events, EventKind.OPERATOR_HUNG_UP):
        return Outcome(Disposition.HUNG_UP, Reason.OPERATOR, evidence)
    if evidence := _all(events, EventKind.CALLER_SILENT):
        return Outcome(Disposition.HUNG_UP, Reason.SILENCE, evidence)
    answered = bool(_all(events, EventKind.ANSWERED))
    polite = _all(events, EventKind.GOODBYE_SAID)
    hung_up = _all(events, EventKind.CALLER_HUNG_UP)
    if not polite and not hung_up:
        polite = _all(events, EventKind.AGENT_HUNG_UP)
    on_hold = tuple(event for event in hung_up if event.detail.get("on_hold"))
    if on_hold and answered:
        return Outcome(Disposition.HUNG_UP, Reason.ON_HOLD, on_hold)
    if polite and answered:
        return Outcome(Disposition.NOT_INTERESTED, Reason.NO_RESULT, polite)
    if not hung_up:
        return None
    if not answered:
        return Outcome(Disposition.HUNG_UP, Reason.WHILE_RINGING, hung_up)
    disclosed = bool(_all(events, EventKind.DISCLOSED))
    reason = Reason.MID_CONVERSATION if disclosed else Reason.DURING_DISCLOSURE
    return Outcome(Disposition.HUNG_UP, reason, hung_up)


def _carrier_saw(events: Sequence[CallEvent]) -> Outcome | None:
    direction = direction_of(events)
    for event in _all(events, EventKind.CARRIER_HANGUP):
        if event.detail.get("hangup_cause") == "time_limit":
            return Outcome(Disposition.FAILED, Reason.MAX_DURATION, (event,))
        if direction and event.detail.get("hangup_source") == _OTHER_SIDE[direction]:
            return _other_side_hung_up(events, direction, event)
    return None


def _livekit_saw(events: Sequence[CallEvent]) -> Outcome | None:
    direction = direction_of(events)
    for event in _all(events, EventKind.PARTICIPANT_LEFT):
        left = event.detail.get("who") == "sip" and event.detail.get("reason") == _LEFT_BY_ITSELF
        if left and direction:
            return _other_side_hung_up(events, direction, event)
    return None


def _other_side_hung_up(
    events: Sequence[CallEvent], direction: Direction, event: CallEvent
) -> Outcome | None:
    if _all(events, EventKind.ANSWERED):
        disclosed = bool(_all(events, EventKind.DISCLOSED))
        reason = Reason.MID_CONVERSATION if disclosed else Reason.DURING_DISCLOSURE
        return Outcome(Disposition.HUNG_UP, reason, (event,))
    if direction is Direction.INBOUND:
        return Outcome(Disposition.HUNG_UP, Reason.WHILE_RINGING, (event,))
    return None


_OTHER_SIDE = {Direction.INBOUND: "caller", Direction.OUTBOUND: "callee"}
_LEFT_BY_ITSELF = "CLIENT_INITIATED"


def _only_ended(events: Sequence[CallEvent]) -> Outcome:
    endings = (EventKind.ENDED, EventKind.CARRIER_HANGUP, EventKind.ROOM_FINISHED)
    evidence = next(filter(None, (_all(events, kind) for kind in endings)), ())
    if _all(events, EventKind.ANSWERED):
        return Outcome(Disposition.FAILED, Reason.UNEXPLAINED, evidence)
    if direction_of(events) is Direction.OUTBOUND:
        return Outcome(Disposition.NO_ANSWER, Reason.NONE, evidence)
    return Outcome(Disposition.FAILED, Reason.NO_AGENT, evidence)


def direction_of(events: Sequence[CallEvent]) -> Direction | None:
    """Who called whom; None until an event says it. Were both told, the call is ours."""
    said = {event.detail.get("direction") for event in _all(events, EventKind.CREATED)}
    if Direction.OUTBOUND in said:
        return Direction.OUTBOUND
    return Direction.INBOUND if Direction.INBOUND in said else None


def _all(events: Sequence[CallEvent], kind: EventKind) -> tuple[CallEvent, ...]:
    return tuple(event for event in events if event.kind is kind)
