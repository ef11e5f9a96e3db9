"""The bytes with which livekit-sip says how a call went.

The table is written from the recording of a real livekit-sip (tests/fixtures/sip-recorded.json,
compared byte for byte by tests/unit/test_phone_network_answers.py), never from the product's own
tables: both would agree in error.
"""

import base64
import json
from dataclasses import dataclass

from livekit import rtc
from livekit.protocol.sip import SIPStatus, SIPStatusCode

_FAILED = "INVITE failed: "
_UNEXPECTED = "unexpected status from INVITE response: "


@dataclass(frozen=True, slots=True)
class TwirpAnswer:
    """An HTTP answer in Twirp's form."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What livekit-sip makes of one SIP status."""

    twirp: str
    words: str
    """The reason phrase that the recorded phone sent."""
    prefix: str
    leaves_as: "rtc.DisconnectReason.ValueType"


_REJECTED = rtc.DisconnectReason.USER_REJECTED
_UNAVAILABLE = rtc.DisconnectReason.USER_UNAVAILABLE
# livekit-sip has no reason for a broken carrier: it leaves as if it had hung up.
_HUNG_UP = rtc.DisconnectReason.CLIENT_INITIATED

_REFUSALS = {
    403: _Refusal("permission_denied", "Forbidden", _UNEXPECTED, _REJECTED),
    404: _Refusal("not_found", "Not Found", _FAILED, _UNAVAILABLE),
    408: _Refusal("deadline_exceeded", "Request Timeout", _UNEXPECTED, _UNAVAILABLE),
    480: _Refusal("resource_exhausted", "Temporarily Unavailable", _FAILED, _UNAVAILABLE),
    486: _Refusal("resource_exhausted", "Busy Here", _FAILED, _REJECTED),
    488: _Refusal("invalid_argument", "Not Acceptable Here", _FAILED, _REJECTED),
    500: _Refusal("failed_precondition", "Server Internal Error", _UNEXPECTED, _HUNG_UP),
    503: _Refusal("failed_precondition", "Service Unavailable", _UNEXPECTED, _HUNG_UP),
    600: _Refusal("resource_exhausted", "Busy Everywhere", _UNEXPECTED, _REJECTED),
    603: _Refusal("permission_denied", "Decline", _UNEXPECTED, _REJECTED),
}

RECORDED_REFUSALS = frozenset(_REFUSALS)
"""The SIP codes whose answers are known. Others would be guesses, so they are not offered."""

_HTTP = {
    "canceled": 408,
    "deadline_exceeded": 408,
    "failed_precondition": 412,
    "invalid_argument": 400,
    "not_found": 404,
    "permission_denied": 403,
    "resource_exhausted": 429,
}
# google.rpc.Code, in the details' own encoding.
_GRPC = {
    "invalid_argument": 3,
    "deadline_exceeded": 4,
    "not_found": 5,
    "permission_denied": 7,
    "resource_exhausted": 8,
    "failed_precondition": 9,
}


def refused(code: int, words: str | None = None) -> TwirpAnswer:
    """The INVITE got this final status; `words` replaces the usual reason phrase."""
    return _with_sip_status(code, words, _REFUSALS[code].prefix)


def transfer_refused(code: int, words: str | None = None) -> TwirpAnswer:
    """The REFER, or the call to its target, got this final status."""
    return _with_sip_status(code, words, "")


def leaves_as(code: int) -> "rtc.DisconnectReason.ValueType":
    """The reason with which the phone leaves the room after this refusal."""
    return _REFUSALS[code].leaves_as


def error(twirp: str, words: str, meta: dict[str, str] | None = None) -> TwirpAnswer:
    """A Twirp error as Go writes it: keys in this order, those of `meta` sorted, no spaces."""
    fields: dict[str, object] = {"code": twirp, "msg": words}
    if meta:
        fields["meta"] = dict(sorted(meta.items()))
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return TwirpAnswer(_HTTP[twirp], "application/json", text.encode())


RANG_OUT = error("canceled", "twirp error unknown: sip request timed out")
"""Not answered in the ringing time, or the room went away meanwhile. No SIP code."""
NO_CARRIER = error(
    "canceled",
    "twirp error unknown: transaction failed to complete (0 intermediate responses)",
)
"""Nobody answers the INVITE at all."""
TRANSFER_TIMED_OUT = error("deadline_exceeded", "twirp error unknown: request timed out")
"""The transfer's target never answers; the call itself lives on."""
# These two are read in livekit-sip's source, not recorded.
CREDENTIALS_REFUSED = error(
    "failed_precondition",
    "twirp error unknown: max auth retry attempts reached for SIP invite",
)
CREDENTIALS_MISSING = error(
    "failed_precondition",
    "twirp error unknown: server required auth, but no username or password was provided",
)


def _with_sip_status(code: int, words: str | None, prefix: str) -> TwirpAnswer:
    refusal = _REFUSALS[code]
    status = words or refusal.words
    text = f"{prefix}sip status: {code}: {status}"
    details = _rpc_status(
        _GRPC[refusal.twirp], text, SIPStatus(code=SIPStatusCode.Name(code), status=status)
    )
    return error(
        refusal.twirp,
        f"twirp error unknown: {text}",
        {
            "error_details": base64.b64encode(details).decode(),
            "sip_status": status,
            "sip_status_code": str(code),
        },
    )


def _rpc_status(code: int, message: str, detail: SIPStatus) -> bytes:
    """A serialized google.rpc.Status: 1 code, 2 message, 3 details (1 type_url, 2 value)."""
    inner = _field(1, b"type.googleapis.com/livekit.SIPStatus") + _field(
        2, detail.SerializeToString()
    )
    return bytes([1 << 3, code]) + _field(2, message.encode()) + _field(3, inner)


def _field(number: int, value: bytes) -> bytes:
    """A length-delimited protobuf field."""
    size = len(value)
    length = bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes([number << 3 | 2]) + bytes(length) + value
