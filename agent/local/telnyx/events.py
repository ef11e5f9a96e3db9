"""Telnyx's side of a call as webhooks: the bodies, and the signature of an account made up here.

The stand-in's account of Telnyx's documentation, written apart from the product's reader.
"""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from nacl.signing import SigningKey
from pydantic import JsonValue

_RATE = 0.0090
"""Of a minute, in US dollars: a European mobile number, about."""


class TelnyxAccount:
    """A key pair, and what it signs."""

    def __init__(self, key: SigningKey | None = None) -> None:
        self._key = key or SigningKey.generate()

    @property
    def public_key(self) -> str:
        """As the portal shows it: what TELNYX_PUBLIC_KEY is set to."""
        return base64.b64encode(bytes(self._key.verify_key)).decode()

    def headers(self, body: bytes, now: datetime) -> dict[str, str]:
        """The headers of a delivery of `body` at `now`."""
        timestamp = str(int(now.timestamp()))
        signature = self._key.sign(timestamp.encode() + b"|" + body).signature
        return {
            "Content-Type": "application/json",
            "telnyx-timestamp": timestamp,
            "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
        }


@dataclass(frozen=True, slots=True)
class Hangup:
    """How a leg ended, in Telnyx's words; `sip_code` None: unspecified."""

    cause: str = "normal_clearing"
    source: str = "unknown"
    sip_code: int | None = None


@dataclass(frozen=True, slots=True)
class TelnyxLeg:
    """One call at the carrier. `headers` are those of our INVITE, if it was ours."""

    outbound: bool
    caller: str
    callee: str
    session_id: str
    leg_id: str
    began: datetime
    headers: Mapping[str, str] = field(default_factory=dict)

    def initiated(self) -> dict[str, JsonValue]:
        """The call has reached the carrier."""
        direction = "outgoing" if self.outbound else "incoming"
        return self.event(
            "call.initiated", self.began, {"direction": direction, "state": "bridging"}
        )

    def answered(self, at: datetime) -> dict[str, JsonValue]:
        """Somebody picked up."""
        return self.event("call.answered", at, {"state": "answered"})

    def hung_up(
        self, at: datetime, hangup: Hangup, *, seconds: float | None
    ) -> dict[str, JsonValue]:
        """The end, after `seconds` of talk; None: nobody answered, so there is no quality."""
        payload: dict[str, JsonValue] = {
            "state": "hangup",
            "hangup_cause": hangup.cause,
            "hangup_source": hangup.source,
            "sip_hangup_cause": str(hangup.sip_code or "unspecified"),
        }
        if seconds is not None:
            packets = str(round(seconds * 50))  # a packet every 20 ms
            payload["call_quality_stats"] = {
                "inbound": {
                    "mos": "4.50",
                    "jitter_max_variance": "4.20",
                    "jitter_packet_count": packets,
                    "packet_count": packets,
                    "skip_packet_count": "0",
                },
                "outbound": {"packet_count": packets, "skip_packet_count": "0"},
            }
        return self.event("call.hangup", at, payload)

    def cost(self, at: datetime, seconds: float) -> dict[str, JsonValue]:
        """The bill: begun minutes."""
        billed = 60 * max(1, math.ceil(seconds / 60))
        total = f"{billed / 60 * _RATE:.4f}"
        part: dict[str, JsonValue] = {
            "billed_duration_secs": billed,
            "call_part": "sip-trunking",
            "cost": total,
            "currency": "USD",
            "rate": f"{_RATE:.4f}",
        }
        payload: dict[str, JsonValue] = {
            "billed_duration_secs": billed,
            "cost_parts": [part],
            "status": "success",
            "total_cost": total,
        }
        return self.event("call.cost", at, payload)

    def event(
        self, event_type: str, at: datetime, payload: dict[str, JsonValue]
    ) -> dict[str, JsonValue]:
        """Any event of this leg; `payload` is what its type adds."""
        headers: list[JsonValue] = [
            {"name": name, "value": value} for name, value in self.headers.items()
        ]
        ids: dict[str, JsonValue] = {
            "call_control_id": f"v3:{self.leg_id}",
            "call_leg_id": self.leg_id,
            "call_session_id": self.session_id,
            "client_state": None,
            "connection_id": "1684641123236054244",
        }
        if event_type != "call.cost":
            ids |= {
                "from": self.caller,
                "to": self.callee,
                "start_time": _zulu(self.began),
                "custom_headers": headers,
                "sip_headers": [],
                "tags": [],
            }
        return {
            "record_type": "event",
            "event_type": event_type,
            "id": str(uuid4()),
            "occurred_at": _zulu(at),
            "payload": {**ids, **payload},
        }


def body_of(event: dict[str, JsonValue], url: str, attempt: int = 1) -> bytes:
    """The delivery of an event, the `attempt`th."""
    meta: dict[str, JsonValue] = {"attempt": attempt, "delivered_to": url}
    return json.dumps({"data": event, "meta": meta}, separators=(",", ":")).encode()


def _zulu(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
