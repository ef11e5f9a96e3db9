"""Asking for an agent: a room for one call, and a job in it that knows which call it is."""

import json
from dataclasses import dataclass
from uuid import UUID

from livekit import api

from agent.errors import RoomInUse
from agent.telephony.control import CONTROL_TOPIC, ControlMessage
from agent.telephony.livekit_api import asking

_LIVEKIT_SECONDS = 10.0
_EMPTY_ROOM_SECONDS = 60
"""A room that no agent enters is closed by the server; the dialer requeues its call sooner."""


@dataclass(frozen=True, slots=True)
class JobMetadata:
    """What a job is told: place this call over this trunk."""

    call_id: UUID
    trunk_id: str

    def dump(self) -> str:
        """As the job's metadata: ids only."""
        return json.dumps({"call_id": str(self.call_id), "trunk_id": self.trunk_id})


@dataclass(frozen=True, slots=True)
class BrowserCall:
    """What a job is told of a test call from our own page: the playbook that was chosen there."""

    playbook: str

    def dump(self) -> str:
        """As the job's metadata. Only who has LiveKit's secret can send an agent with it."""
        return json.dumps({"browser_call": {"playbook": self.playbook}})


def read_metadata(metadata: str) -> JobMetadata | BrowserCall | None:
    """The call that a job is to place, or the page that calls; None: somebody calls us by phone."""
    if not metadata:
        return None
    try:
        fields = json.loads(metadata)
        if "browser_call" in fields:
            return BrowserCall(str(fields["browser_call"]["playbook"]))
        return JobMetadata(UUID(fields["call_id"]), str(fields["trunk_id"]))
    except (ValueError, KeyError, TypeError):
        return None


async def send_agent(
    livekit: api.LiveKitAPI, agent_name: str, room_name: str, metadata: JobMetadata
) -> None:
    """Open the call's room and ask for an agent in it.

    Raises RoomInUse when the room is another call's, LiveKitUnavailable when nothing was asked.
    """
    async with asking(_LIVEKIT_SECONDS):
        room = await livekit.room.create_room(
            api.CreateRoomRequest(
                name=room_name, metadata=metadata.dump(), empty_timeout=_EMPTY_ROOM_SECONDS
            )
        )
        if room.metadata != metadata.dump():
            raise RoomInUse("room_name: this room is in use; choose another name")
        await livekit.agent_dispatch.create_dispatch(
            api.CreateAgentDispatchRequest(
                agent_name=agent_name, room=room_name, metadata=metadata.dump()
            )
        )


async def delete_room(
    livekit: api.LiveKitAPI, room_name: str, *, seconds: float = _LIVEKIT_SECONDS
) -> bool:
    """End whatever goes on in the room: a phone in it gets BYE at once. False: no such room.

    Raises LiveKitUnavailable.
    """
    deleted = False
    async with asking(seconds, missing_ok=True):
        await livekit.room.delete_room(api.DeleteRoomRequest(room=room_name))
        deleted = True
    return deleted  # noqa: RET504  # `asking` may have ended the block before it


async def tell_agent(livekit: api.LiveKitAPI, message: ControlMessage, secret: str) -> None:
    """Tell the agent in the message's room. `secret`: LiveKit's, as the agent's worker has it.

    Raises LiveKitUnavailable; a room that is gone needs to be told nothing.
    """
    async with asking(_LIVEKIT_SECONDS, missing_ok=True):
        await livekit.room.send_data(
            api.SendDataRequest(
                room=message.room_name,
                data=message.signed(secret),
                kind=api.DataPacket.Kind.RELIABLE,
                topic=CONTROL_TOPIC,
            )
        )


async def people_in(livekit: api.LiveKitAPI, room_name: str) -> list[api.ParticipantInfo]:
    """Who is in the room: nobody, if there is no such room. Raises LiveKitUnavailable."""
    inside: list[api.ParticipantInfo] = []
    async with asking(_LIVEKIT_SECONDS, missing_ok=True):
        answer = await livekit.room.list_participants(api.ListParticipantsRequest(room=room_name))
        inside = list(answer.participants)
    return inside  # noqa: RET504  # `asking` may have ended the block before it


def agent_of(job_id: str) -> str:
    """The identity under which the framework lets the agent of a job into its room."""
    return f"agent-{job_id}"


def is_agent(participant: api.ParticipantInfo) -> bool:
    """Whether this is an agent of ours."""
    return participant.kind == api.ParticipantInfo.Kind.AGENT


async def has_agent(livekit: api.LiveKitAPI, room_name: str) -> bool:
    """Whether an agent is in the room; not if there is no such room. Raises LiveKitUnavailable."""
    return any(map(is_agent, await people_in(livekit, room_name)))
