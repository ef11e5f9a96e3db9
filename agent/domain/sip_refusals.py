"""What it means that a call was not connected: SIP codes and the carrier's words, to dispositions.

Decided on the SIP code, never on an HTTP status; words count only where there is no code.
"""

import re

from agent.domain.calls import CallEvent
from agent.domain.carrier import sip_code
from agent.domain.dispositions import Disposition, Reason

_BY_SIP_CODE = {
    401: (Disposition.FAILED, Reason.TRUNK_MISCONFIGURED),
    403: (Disposition.FAILED, Reason.TRUNK_MISCONFIGURED),
    404: (Disposition.INVALID_NUMBER, Reason.NONE),
    407: (Disposition.FAILED, Reason.TRUNK_MISCONFIGURED),
    408: (Disposition.NO_ANSWER, Reason.NONE),
    410: (Disposition.INVALID_NUMBER, Reason.NONE),
    480: (Disposition.NO_ANSWER, Reason.NONE),
    484: (Disposition.INVALID_NUMBER, Reason.NONE),
    486: (Disposition.BUSY, Reason.NONE),
    487: (Disposition.NO_ANSWER, Reason.NONE),
    488: (Disposition.FAILED, Reason.TRUNK_MISCONFIGURED),
    503: (Disposition.FAILED, Reason.TRUNK_BUSY),
    600: (Disposition.BUSY, Reason.NONE),
    603: (Disposition.DECLINED, Reason.NONE),
    604: (Disposition.INVALID_NUMBER, Reason.NONE),
    607: (Disposition.DECLINED, Reason.NONE),
}
# Telnyx: "User channel limit exceeded D1" (facts/telnyx.md). D10 and the like are other codes.
_CHANNEL_LIMIT = re.compile(r"channel limit|\bD1\b", re.IGNORECASE)
# LiveKit's words where there is no SIP code: the ringing time-out, and a carrier that is mute.
_NOBODY_ANSWERED = re.compile(r"no[_ ]answer|timed out|timeout|failed to complete", re.IGNORECASE)
_OUR_CREDENTIALS = re.compile(r"auth", re.IGNORECASE)

_CANCELLED = 487
_FIRST_REFUSAL = 400
_BY_HANGUP_CAUSE = {
    "user_busy": Disposition.BUSY,
    "call_rejected": Disposition.DECLINED,
    "no_answer": Disposition.NO_ANSWER,
    "timeout": Disposition.NO_ANSWER,
    "not_found": Disposition.INVALID_NUMBER,
}


def meaning_of_sip(code: int | None, sip_status: str, said: str) -> tuple[Disposition, Reason]:
    """What it means that a call was not connected: the SIP code if there is one, else what was
    `said`, a reason of ours or LiveKit's words. `sip_status` is the carrier's own phrase."""
    words = sip_status
    if code == 403 and _CHANNEL_LIMIT.search(words):
        return Disposition.FAILED, Reason.TRUNK_BUSY
    if code is not None:
        return _BY_SIP_CODE.get(code, (Disposition.FAILED, Reason.CARRIER_ERROR))
    said = said or words
    if said in set(Reason):
        return Disposition.FAILED, Reason(said)
    if said in set(Disposition) and said != Disposition.FAILED:
        return Disposition(said), Reason.NONE
    if _NOBODY_ANSWERED.search(said):
        return Disposition.NO_ANSWER, Reason.NONE
    if _OUR_CREDENTIALS.search(said):
        return Disposition.FAILED, Reason.TRUNK_MISCONFIGURED
    return Disposition.FAILED, Reason.CARRIER_ERROR


def meaning_of_dial(event: CallEvent) -> tuple[Disposition, Reason]:
    """What our own dial's answer means."""
    detail = event.detail
    words, said = str(detail.get("sip_status") or ""), str(detail.get("reason") or "")
    return meaning_of_sip(sip_code_of(event), words, said)


def meaning_of_carrier(event: CallEvent) -> tuple[Disposition, Reason] | None:
    """What the carrier's account of an unanswered call means; None: it does not say."""
    code, cause = sip_code_of(event), str(event.detail.get("hangup_cause") or "")
    if code == _CANCELLED or cause == "originator_cancel":
        return None
    if code is not None and code >= _FIRST_REFUSAL:
        return meaning_of_sip(code, "", "")
    disposition = _BY_HANGUP_CAUSE.get(cause)
    return (disposition, Reason.NONE) if disposition else None


def sip_code_of(event: CallEvent) -> int | None:
    """The SIP code that an event carries, if it carries one."""
    return sip_code(event.detail.get("sip_code"))
