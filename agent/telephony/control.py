"""Messages of ours to the agent in a room, signed: whoever is in the room can send data too.

LiveKit strips the name of a hidden sender, so a message without a sender proves nothing. The key is
LiveKit's API secret, which both ends have and no participant.
"""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

CONTROL_TOPIC = "ai-sales-call.control"
"""The topic of these messages; whatever comes under another is not for the agent."""
_GOOD_FOR = timedelta(minutes=1)
"""Longer than a message is under way, and than two machines' clocks may differ: a room's name can
be used again, for another call."""


class ControlText(StrEnum):
    """What an agent can be told."""

    END = "end"
    """Say goodbye and hang up."""


@dataclass(frozen=True, slots=True)
class ControlMessage:
    """One message to the agent in one room. `id` makes it count once."""

    room_name: str
    id: UUID
    at: datetime
    text: ControlText

    def signed(self, secret: str) -> bytes:
        """As it is sent."""
        body = {
            "id": str(self.id),
            "at": self.at.isoformat(),
            "text": self.text,
            "signature": _signature(secret, self),
        }
        return json.dumps(body).encode()


class ControlReader:
    """The agent's end of one room: believes what is signed for this room, fresh, and new."""

    def __init__(self, secret: str, room_name: str, now: Callable[[], datetime]) -> None:
        self._secret = secret
        self._room_name = room_name
        self._now = now
        self._seen: set[UUID] = set()

    def read(self, data: bytes) -> ControlText | None:
        """What we are told; None for what is not ours, not for this room, late, or told before."""
        try:
            form = _Form.model_validate_json(data)
        except ValidationError:
            return None
        message = ControlMessage(self._room_name, form.id, form.at, form.text)
        if not hmac.compare_digest(form.signature, _signature(self._secret, message)):
            return None
        if abs(self._now() - message.at) > _GOOD_FOR or message.id in self._seen:
            return None
        self._seen.add(message.id)
        return message.text


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID
    at: AwareDatetime
    text: ControlText
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _signature(secret: str, message: ControlMessage) -> str:
    # A list in JSON: no two messages have the same form, whatever is in their parts.
    signed = json.dumps([message.room_name, str(message.id), message.at.isoformat(), message.text])
    return hmac.new(secret.encode(), signed.encode(), "sha256").hexdigest()
