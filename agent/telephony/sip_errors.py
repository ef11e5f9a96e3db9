"""What LiveKit's error to a dial means: who refused, the callee or the trunk.

Decided on the SIP code in the error's metadata, never on the HTTP or Twirp status (486 arrives as
429), and where there is no SIP code on LiveKit's words. The table is `domain.outcomes.refusal`.
"""

import re
from dataclasses import dataclass

from livekit import api

from agent.domain.dispositions import Reason
from agent.domain.sip_refusals import meaning_of_sip
from agent.errors import TrunkBusy, TrunkDown, TrunkMisconfigured

# livekit-sip, when not even a 100 Trying came back to the INVITE: nobody's phone can have rung.
_MUTE_CARRIER = re.compile(r"failed to complete \(0 intermediate responses\)")
# Twirp codes without a SIP code: no SIP service took the request; our trunk or key is wrong.
_NO_SIP_SERVICE = (api.TwirpErrorCode.UNAVAILABLE,)
_OUR_MISTAKE = (
    api.TwirpErrorCode.NOT_FOUND,
    api.TwirpErrorCode.UNAUTHENTICATED,
    api.TwirpErrorCode.PERMISSION_DENIED,
)


@dataclass(frozen=True, slots=True)
class NotReached:
    """A call that was not answered. `sip_status` is the carrier's phrase, empty without a code.

    `reason` explains where there is no SIP code: a `Reason` of ours or LiveKit's words.
    """

    sip_code: int | None
    sip_status: str
    reason: str
    fault: TrunkBusy | TrunkDown | TrunkMisconfigured | None
    """Set when the trunk refused and not the callee: nobody was rung, nothing is used up."""


def read_error(error: api.TwirpError) -> NotReached:
    """What an error of CreateSIPParticipant (wait_until_answered) means."""
    raw = error.metadata.get("sip_status_code", "")
    code = int(raw) if raw.isascii() and raw.isdigit() else None
    status = error.metadata.get("sip_status", "")
    reason = "" if code is not None else _words(error)
    return NotReached(code, status, reason, _fault(code, status, reason))


def _words(error: api.TwirpError) -> str:
    """For an error without a SIP code."""
    if _MUTE_CARRIER.search(error.message) or error.code in _NO_SIP_SERVICE:
        return Reason.CARRIER_ERROR
    if error.code in _OUR_MISTAKE:
        return Reason.TRUNK_MISCONFIGURED
    return error.message


def _fault(
    code: int | None, status: str, reason: str
) -> TrunkBusy | TrunkDown | TrunkMisconfigured | None:
    _, meaning = meaning_of_sip(code, status, reason)
    said = f"SIP {code} {status}" if code is not None else reason
    if meaning is Reason.TRUNK_BUSY:
        return TrunkBusy(f"the carrier takes no more calls now ({said}): it is tried again soon")
    if meaning is Reason.TRUNK_MISCONFIGURED:
        return TrunkMisconfigured(
            f"the carrier refuses us ({said}): check the trunk's credentials and the account's "
            "outbound permissions"
        )
    if code is None and reason == Reason.CARRIER_ERROR:
        return TrunkDown("nothing came back from the carrier: check the trunk's address")
    return None
