"""Webhooks for tests, as Telnyx and LiveKit send them: written from their documentation."""

import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from nacl.signing import SigningKey

LIVEKIT_KEY = "devkey"
LIVEKIT_SECRET = "example-secret-of-a-livekit-server-0"


@dataclass(frozen=True)
class Telnyx:
    """An account: its key, and its signature on a body."""

    key: SigningKey = field(default_factory=SigningKey.generate)

    @property
    def public_key(self) -> str:
        return base64.b64encode(bytes(self.key.verify_key)).decode()

    def headers(self, body: bytes, *, timestamp: str | None = None) -> dict[str, str]:
        stamp = str(int(time.time())) if timestamp is None else timestamp
        signature = self.key.sign(stamp.encode() + b"|" + body).signature
        return {
            "content-type": "application/json",
            "telnyx-timestamp": stamp,
            "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
        }


@dataclass(frozen=True)
class Leg:
    """One leg at the carrier, which tells what happens to it."""

    outbound: bool = False
    caller: str = "+32479202020"
    callee: str = "+3226010500"
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    call_id: UUID | None = None
    """Our X-Call-Id header in its INVITE."""
    session_id: str = field(default_factory=lambda: str(uuid4()))
    leg_id: str = field(default_factory=lambda: str(uuid4()))

    def initiated(self) -> bytes:
        direction = "outgoing" if self.outbound else "incoming"
        return self.event("call.initiated", 0, direction=direction, state="parked")

    def answered(self, after: float = 3) -> bytes:
        return self.event("call.answered", after, state="answered")

    def hangup(
        self,
        after: float = 60,
        *,
        cause: str = "normal_clearing",
        source: str = "caller",
        sip: str = "200",
        mos: str | None = "4.50",
    ) -> bytes:
        more: dict[str, Any] = {}
        if mos is not None:
            inbound = {"mos": mos, "jitter_max_variance": "12.50", "packet_count": "2870"}
            more["call_quality_stats"] = {"inbound": {**inbound, "skip_packet_count": "3"}}
        return self.event(
            *("call.hangup", after),
            state="hangup",
            hangup_cause=cause,
            hangup_source=source,
            sip_hangup_cause=sip,
            **more,
        )

    def cost(self, after: float = 62, total: str = "0.0090") -> bytes:
        part = {"billed_duration_secs": 60, "call_part": "sip-trunking", "cost": total}
        return self.event(
            *("call.cost", after),
            total_cost=total,
            billed_duration_secs=60,
            status="success",
            cost_parts=[{**part, "currency": "USD", "rate": total}],
        )

    def event(self, event_type: str, after: float, **payload: Any) -> bytes:
        headers = [{"name": "X-Call-Id", "value": str(self.call_id)}] if self.call_id else []
        data = {
            "record_type": "event",
            "event_type": event_type,
            "id": str(uuid4()),
            "occurred_at": _zulu(self.began + timedelta(seconds=after)),
            "payload": {
                "call_control_id": "v3:x",
                "call_leg_id": self.leg_id,
                "call_session_id": self.session_id,
                "connection_id": "1",
                "from": self.caller,
                "to": self.callee,
                "start_time": _zulu(self.began),
                "custom_headers": headers,
                **payload,
            },
        }
        return json.dumps({"data": data, "meta": {"attempt": 1}}).encode()


def _zulu(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def room_event(event: str, room: str, at: datetime, **more: Any) -> bytes:
    """LiveKit's form: protobuf's JSON."""
    return json.dumps(
        {
            "event": event,
            "room": {"sid": "RM_x", "name": room},
            "id": f"EV_{uuid4().hex[:12]}",
            "createdAt": str(int(at.timestamp())),
            **more,
        }
    ).encode()


def livekit_headers(
    body: bytes, *, key: str = LIVEKIT_KEY, secret: str = LIVEKIT_SECRET, age: float = 0
) -> dict[str, str]:
    """As livekit-server makes them: a token over the hash, good for five minutes."""
    now = int(time.time() - age)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    claims = {"iss": key, "nbf": now, "exp": now + 300, "sha256": digest}
    return {
        "content-type": "application/webhook+json",
        "authorization": jwt.encode(claims, secret, algorithm="HS256"),
    }
