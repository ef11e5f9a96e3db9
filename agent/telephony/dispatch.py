"""Asking for an agent: a room for one call, and a job in it that knows which call it is."""

import asyncio
import json
from dataclasses import dataclass
from uuid import UUID

import aiohttp
from livekit import api

from agent.errors import LiveKitUnavailable, RoomInUse

_LIVEKIT_SECONDS = 10.0
_EMPTY_ROOM_SECONDS = 60
"""A room that no agent enters is closed by the server; the dialler takes its call back sooner."""

CONTROL_TOPIC = "ai-sales-call.control"
"""Data messages of ours to the agent in a room; it heeds them only when the server sends them."""


@dataclass(frozen=True, slots=True)
class JobMetadata:
    """What a job is told: place this call over this trunk."""

    call_id: UUID
    trunk_id: str

    def metadata(self) -> str:
        """As the job's metadata: ids only."""
        return json.dumps({"call_id": str(self.call_id), "trunk_id": self.trunk_id})


def read_metadata(metadata: str) -> JobMetadata | None:
    """The order in a job's metadata; None for a job that has none: somebody calls us."""
    if not metadata:
        return None
    try:
        found = json.loads(metadata)
        return JobMetadata(UUID(found["call_id"]), str(found["trunk_id"]))
    except (ValueError, KeyError, TypeError):
        return None


async def send_agent(
    livekit: api.LiveKitAPI, agent_name: str, room_name: str, order: JobMetadata
) -> None:
    """Open the call's room and ask for an agent in it.

    Raises RoomInUse when the room is another call's, LiveKitUnavailable when nothing was asked.
    """
    try:
        async with asyncio.timeout(_LIVEKIT_SECONDS):
            room = await livekit.room.create_room(
                api.CreateRoomRequest(
                    name=room_name,
                    metadata=order.metadata(),
                    empty_timeout=_EMPTY_ROOM_SECONDS,
                )
            )
            if room.metadata != order.metadata():
                raise RoomInUse("room_name: this room is in use; choose another name")
            await livekit.agent_dispatch.create_dispatch(
                api.CreateAgentDispatchRequest(
                    agent_name=agent_name, room=room_name, metadata=order.metadata()
                )
            )
    except api.TwirpError as error:
        raise LiveKitUnavailable(f"LiveKit refused to open a room ({error.code})") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise LiveKitUnavailable(f"LiveKit does not answer ({type(error).__name__})") from None


async def delete_room(livekit: api.LiveKitAPI, room_name: str) -> None:
    """End whatever goes on in the room. Raises LiveKitUnavailable."""
    try:
        async with asyncio.timeout(_LIVEKIT_SECONDS):
            await livekit.room.delete_room(api.DeleteRoomRequest(room=room_name))
    except api.TwirpError as error:
        if error.code != api.TwirpErrorCode.NOT_FOUND:
            raise LiveKitUnavailable(f"LiveKit refused to delete a room ({error.code})") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise LiveKitUnavailable(f"LiveKit does not answer ({type(error).__name__})") from None


async def ask_to_end(livekit: api.LiveKitAPI, room_name: str) -> None:
    """Ask the agent in the room to say goodbye and hang up. Raises LiveKitUnavailable."""
    try:
        async with asyncio.timeout(_LIVEKIT_SECONDS):
            await livekit.room.send_data(
                api.SendDataRequest(
                    room=room_name,
                    data=b"end",
                    kind=api.DataPacket.Kind.RELIABLE,
                    topic=CONTROL_TOPIC,
                )
            )
    except api.TwirpError as error:
        if error.code != api.TwirpErrorCode.NOT_FOUND:
            raise LiveKitUnavailable(f"LiveKit refused to tell an agent ({error.code})") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise LiveKitUnavailable(f"LiveKit does not answer ({type(error).__name__})") from None


async def has_agent(livekit: api.LiveKitAPI, room_name: str) -> bool:
    """Whether an agent is in the room. Raises LiveKitUnavailable."""
    try:
        async with asyncio.timeout(_LIVEKIT_SECONDS):
            found = await livekit.room.list_participants(
                api.ListParticipantsRequest(room=room_name)
            )
    except api.TwirpError as error:
        if error.code == api.TwirpErrorCode.NOT_FOUND:
            return False
        raise LiveKitUnavailable(f"LiveKit does not tell who is there ({error.code})") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise LiveKitUnavailable(f"LiveKit does not answer ({type(error).__name__})") from None
    return any(each.kind == api.ParticipantInfo.Kind.AGENT for each in found.participants)
