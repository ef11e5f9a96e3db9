"""LiveKit's webhooks: verified by a token of our key over the body's hash, then read.

    LiveKitSignatures(key, secret).verify(body, authorization)      # raises RefusedWebhook
    report = read_livekit(body, received_at=now())                  # raises RefusedWebhook

A token is good for minutes and says nothing of having been used: that the same event counts once
is the inbox's doing, which remembers every event's id.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime

import jwt
from google.protobuf.json_format import Parse, ParseError
from livekit.api import TokenVerifier
from livekit.protocol.agent import JobStatus
from livekit.protocol.models import DisconnectReason, ParticipantInfo
from livekit.protocol.webhook import WebhookEvent

from agent.domain.webhooks import RefusedWebhook, RejectReason, RoomReport

_LONGEST_TOKEN = 8192
_LONGEST_ID = 200


class LiveKitSignatures:
    """Checks tokens of one API key."""

    def __init__(self, api_key: str, api_secret: str) -> None:
        self._verifier = TokenVerifier(api_key, api_secret)

    def verify(self, body: bytes, authorization: str | None) -> None:
        """Raises RefusedWebhook unless the token is LiveKit's, of now, and for this very body."""
        if not authorization or len(authorization) > _LONGEST_TOKEN:
            raise RefusedWebhook(RejectReason.NO_SIGNATURE)
        try:
            told = self._verifier.verify(authorization).sha256 or ""
            claimed = base64.b64decode(told, validate=True)
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
            raise RefusedWebhook(RejectReason.TOO_OLD_OR_NEW) from None
        except (jwt.PyJWTError, binascii.Error, ValueError, TypeError, AttributeError):
            raise RefusedWebhook(RejectReason.BAD_SIGNATURE) from None
        # A participant's token, which is signed with the same key, has no hash: empty never fits.
        if not hmac.compare_digest(hashlib.sha256(body).digest(), claimed):
            raise RefusedWebhook(RejectReason.BAD_SIGNATURE)


def read_livekit(body: bytes, *, received_at: datetime) -> RoomReport:
    """The event of a verified body. Raises RefusedWebhook(UNREADABLE) if it is not one."""
    try:
        event = Parse(body.decode(), WebhookEvent(), ignore_unknown_fields=True)
    except (ParseError, UnicodeDecodeError, RecursionError):
        raise RefusedWebhook(RejectReason.UNREADABLE) from None
    if not event.event or len(event.event) > _LONGEST_ID or len(event.id) > _LONGEST_ID:
        raise RefusedWebhook(RejectReason.UNREADABLE)
    room = event.room.name or event.job.room.name
    return RoomReport(
        # Servers of long ago sent no id; the same body is the same event.
        event_id=event.id or hashlib.sha256(body).hexdigest(),
        event_type=event.event,
        at=_moment(event.created_at) or received_at,
        room_name=room or None,
        who=_who(event.participant) if event.HasField("participant") else "",
        reason=_reason(event),
    )


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (OverflowError, ValueError, OSError):
        return None


def _who(participant: ParticipantInfo) -> str:
    return {
        ParticipantInfo.Kind.SIP: "sip",
        ParticipantInfo.Kind.AGENT: "agent",
    }.get(participant.kind, "other")


def _reason(event: WebhookEvent) -> str:
    if event.HasField("participant"):
        return _named(DisconnectReason, event.participant.disconnect_reason)
    if event.HasField("job"):
        return _named(JobStatus, event.job.state.status)
    return ""


def _named(enum: "type[DisconnectReason] | type[JobStatus]", value: int) -> str:
    try:
        return enum.Name(value)  # type: ignore[arg-type, no-any-return, unused-ignore]
    except ValueError:  # of a newer server
        return str(value)
