"""Somebody else in a caller's room, who tries what a participant must not be able to do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from livekit import api, rtc
from livekit.protocol.agent_pb import agent_session

_SESSION_TOPIC = "lk.agent.session"
"""Where the framework's host of a session listens and answers."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A participant with data rights. `told`: ids of what the agent told it of its session."""

    room: rtc.Room
    told: list[str]

    async def sends(self, topic: str, data: bytes) -> None:
        """A data message to everybody."""
        await self.room.local_participant.publish_data(data, topic=topic)

    async def presses(self, key: str) -> None:
        """A key of a telephone that is not the caller's."""
        await self.room.local_participant.publish_dtmf(code=int(key), digit=key)

    async def asks_for_the_prompt(self) -> None:
        """What a `RemoteSession` of the framework asks first."""
        request = agent_session.SessionRequest(request_id=str(uuid4()))
        request.get_agent_info.SetInParent()
        await self._asks(request)

    async def speaks_as_the_caller(self, text: str) -> None:
        """Words that the framework would take for the caller's."""
        request = agent_session.SessionRequest(request_id=str(uuid4()))
        request.run_input.text = text
        await self._asks(request)

    async def _asks(self, request: agent_session.SessionRequest) -> None:
        message = agent_session.AgentSessionMessage(request=request)
        await self.room.local_participant.send_bytes(
            message.SerializeToString(), name="ask", topic=_SESSION_TOPIC
        )


@asynccontextmanager
async def guest(
    url: str, livekit: api.LiveKitAPI, room_name: str, *, hidden: bool
) -> AsyncIterator[Guest]:
    """In the room for the length of the block."""
    key, secret = livekit.room.api_key, livekit.room.api_secret
    grants = api.VideoGrants(
        room_join=True, room=room_name, hidden=hidden, can_publish_data=True, can_publish=True
    )
    token = api.AccessToken(key, secret).with_identity(f"guest-{uuid4()}").with_grants(grants)
    room = rtc.Room()
    here = Guest(room, [])

    def on_stream(reader: rtc.ByteStreamReader, sender: str) -> None:
        by = room.remote_participants.get(sender)
        # What other guests ask comes by here too.
        if by is not None and by.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
            here.told.append(reader.info.stream_id)

    room.register_byte_stream_handler(_SESSION_TOPIC, on_stream)
    await room.connect(url, token.to_jwt(), rtc.RoomOptions(auto_subscribe=False))
    try:
        yield here
    finally:
        await room.disconnect()
