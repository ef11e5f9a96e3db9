"""One signed webhook of each type, of a call that never was: to try a firewall and a proxy with.

    telnyx_samples(account, now)
    livekit_samples(key, secret, now)

No call has their numbers, sessions and rooms, so they stay unlinked and change nothing.
"""

import base64
import hashlib
from datetime import datetime, timedelta
from uuid import uuid4

from google.protobuf.json_format import MessageToJson
from livekit.api import AccessToken
from livekit.protocol.agent import Job, JobState, JobStatus
from livekit.protocol.models import DisconnectReason, ParticipantInfo, Room, TrackInfo
from livekit.protocol.webhook import WebhookEvent
from pydantic import BaseModel, JsonValue

from agent.local.telnyx.events import Hangup, TelnyxAccount, TelnyxLeg, body_of

_GOOD_FOR = timedelta(minutes=5)
_CALLER, _CALLEE = "+32470000000", "+3226010500"
_OTHER_TYPES: dict[str, dict[str, JsonValue]] = {
    "call.bridged": {},
    "call.dtmf.received": {"digit": "5"},
    "call.machine.detection.ended": {"result": "human"},
    "call.machine.premium.detection.ended": {"result": "human_residence"},
    "call.machine.greeting.ended": {"result": "ended"},
    "call.machine.premium.greeting.ended": {"result": "beep_detected"},
    "call.recording.saved": {
        "channels": "dual",
        "recording_urls": {"mp3": "https://example.test/recording.mp3"},
        "public_recording_urls": {},
    },
}


class SignedSample(BaseModel):
    """A delivery, ready to be posted for the next five minutes."""

    event_type: str
    body: str
    headers: dict[str, str]


def telnyx_samples(account: TelnyxAccount, now: datetime) -> list[SignedSample]:
    """Every type of Telnyx's that tells of a call, signed by `account`."""
    leg = TelnyxLeg(False, _CALLER, _CALLEE, f"sample-{uuid4()}", str(uuid4()), now)
    events = [
        leg.initiated(),
        leg.answered(now),
        *(leg.event(name, now, payload) for name, payload in _OTHER_TYPES.items()),
        leg.hung_up(now, Hangup("normal_clearing", "caller", 200), seconds=60),
        leg.cost(now, 60),
    ]
    bodies = [(str(event["event_type"]), body_of(event, "")) for event in events]
    return [
        SignedSample(event_type=name, body=body.decode(), headers=account.headers(body, now))
        for name, body in bodies
    ]


def livekit_samples(key: str, secret: str, now: datetime) -> list[SignedSample]:
    """Every type of LiveKit's that tells of a call's room, with a token of that API key."""
    room = Room(sid=f"RM_{uuid4().hex[:12]}", name=f"sample-{uuid4()}")
    phone = ParticipantInfo(sid="PA_sample", identity="sample", kind=ParticipantInfo.Kind.SIP)
    gone = ParticipantInfo()
    gone.CopyFrom(phone)
    gone.disconnect_reason = DisconnectReason.CLIENT_INITIATED
    track = TrackInfo(sid="TR_sample")
    running = Job(id="AJ_sample", room=room, state=JobState(status=JobStatus.JS_RUNNING))
    done = Job(id="AJ_sample", room=room, state=JobState(status=JobStatus.JS_SUCCESS))
    events = (
        WebhookEvent(event="room_started", room=room),
        WebhookEvent(event="participant_joined", room=room, participant=phone),
        WebhookEvent(event="agent_job_started", job=running),
        WebhookEvent(event="track_published", room=room, participant=phone, track=track),
        WebhookEvent(event="track_unpublished", room=room, participant=phone, track=track),
        WebhookEvent(event="participant_connection_aborted", room=room, participant=gone),
        WebhookEvent(event="participant_left", room=room, participant=gone),
        WebhookEvent(event="agent_job_ended", job=done),
        WebhookEvent(event="room_finished", room=room),
    )
    return [_with_token(event, key, secret, now) for event in events]


def _with_token(event: WebhookEvent, key: str, secret: str, now: datetime) -> SignedSample:
    event.id = f"EV_{uuid4().hex[:12]}"
    event.created_at = int(now.timestamp())
    body = MessageToJson(event, indent=None)
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    token = AccessToken(key, secret).with_ttl(_GOOD_FOR).with_sha256(digest).to_jwt()
    return SignedSample(
        event_type=event.event,
        body=body,
        headers={"Content-Type": "application/webhook+json", "Authorization": token},
    )
