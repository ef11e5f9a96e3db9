"""What LiveKit knows of rooms and trunks, for somebody who looks from outside; and ending a room.

Secrets of a trunk are never read out of its message: nothing that is not in these classes can be
shown by mistake.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from livekit import api
from livekit.protocol import models
from livekit.protocol.sip import ListSIPInboundTrunkRequest, ListSIPOutboundTrunkRequest

from agent.telephony.dispatch import delete_room
from agent.telephony.livekit_api import ANSWERS_SECONDS, asking
from agent.telephony.remote_party import STATUS


class ParticipantKind(StrEnum):
    """Who is in a room."""

    PHONE = "phone"
    AGENT = "agent"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RoomParticipant:
    """One side of a call. `call_status` is livekit-sip's word for a phone, else None."""

    identity: str
    name: str
    kind: ParticipantKind
    call_status: str | None
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class RoomOverview:
    """A room that exists now."""

    name: str
    created_at: datetime
    participants: tuple[RoomParticipant, ...]


@dataclass(frozen=True, slots=True)
class TrunkOverview:
    """A trunk as it may be shown: whether it has credentials, never which."""

    id: str
    name: str
    inbound: bool
    numbers: tuple[str, ...]
    address: str | None
    transport: str | None
    allowed_addresses: tuple[str, ...]
    has_credentials: bool


class LiveKitOverview:
    """Asks LiveKit. Every method raises LiveKitUnavailable, after five seconds at the latest."""

    def __init__(self, livekit: api.LiveKitAPI) -> None:
        self._livekit = livekit

    async def room(self, name: str) -> RoomOverview | None:
        """The room of exactly this name; None if there is none."""
        async with asking():
            rooms = (await self._livekit.room.list_rooms(api.ListRoomsRequest(names=[name]))).rooms
            if not rooms:
                return None
            inside = await self._livekit.room.list_participants(
                api.ListParticipantsRequest(room=name)
            )
        people = sorted(inside.participants, key=lambda one: (one.joined_at, one.identity))
        return RoomOverview(
            rooms[0].name,
            _time(rooms[0].creation_time),
            tuple(_participant(one) for one in people),
        )

    async def end_room(self, name: str) -> bool:
        """Delete the room: a phone in it gets BYE at once. False: there is no such room."""
        return await delete_room(self._livekit, name, seconds=ANSWERS_SECONDS)

    async def trunks(self) -> tuple[TrunkOverview, ...]:
        """All SIP trunks, inbound first."""
        async with asking():
            inbound = await self._livekit.sip.list_inbound_trunk(ListSIPInboundTrunkRequest())
            outbound = await self._livekit.sip.list_outbound_trunk(ListSIPOutboundTrunkRequest())
        return (
            *(
                TrunkOverview(
                    id=trunk.sip_trunk_id,
                    name=trunk.name,
                    inbound=True,
                    numbers=tuple(trunk.numbers),
                    address=None,
                    transport=None,
                    allowed_addresses=tuple(trunk.allowed_addresses),
                    has_credentials=bool(trunk.auth_username or trunk.auth_password),
                )
                for trunk in inbound.items
            ),
            *(
                TrunkOverview(
                    id=trunk.sip_trunk_id,
                    name=trunk.name,
                    inbound=False,
                    numbers=tuple(trunk.numbers),
                    address=trunk.address,
                    transport=api.SIPTransport.Name(trunk.transport)
                    .removeprefix("SIP_TRANSPORT_")
                    .lower(),
                    allowed_addresses=(),
                    has_credentials=bool(trunk.auth_username or trunk.auth_password),
                )
                for trunk in outbound.items
            ),
        )


def _participant(one: models.ParticipantInfo) -> RoomParticipant:
    return RoomParticipant(
        identity=one.identity,
        name=one.name,
        kind=_KINDS.get(one.kind, ParticipantKind.OTHER),
        call_status=one.attributes.get(STATUS),
        joined_at=_time(one.joined_at),
    )


_KINDS = {
    models.ParticipantInfo.Kind.SIP: ParticipantKind.PHONE,
    models.ParticipantInfo.Kind.AGENT: ParticipantKind.AGENT,
}


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
