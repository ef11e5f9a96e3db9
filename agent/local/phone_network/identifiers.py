"""Names and numbers as LiveKit and its SIP service make them."""

import secrets
import string

_ALPHABET = (
    "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"  # LiveKit's: none look alike
)
LEG_ID, SESSION_ID = "sip.telnyx.callLegID", "sip.telnyx.callSessionID"
_SIP = string.ascii_letters + string.digits


def guid(prefix: str = "") -> str:
    """`prefix` and twelve random characters, as in `SCL_qcnwwfVB5VLC`."""
    return prefix + _random(_ALPHABET, 12)


def answered_dialog() -> dict[str, str]:
    """The attributes that appear with a call's answer."""
    return {"sip.callIDFull": _random(_SIP, 27), "sip.callTag": _random(_SIP, 32)}


def telnyx_ids() -> dict[str, str]:
    """The attributes that livekit-sip makes of Telnyx's X-call_leg_id and X-call_session_id."""
    return {LEG_ID: _random(_SIP, 24), SESSION_ID: _random(_SIP, 24)}


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
