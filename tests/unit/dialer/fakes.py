"""The dialler's surroundings: LiveKit's rooms, and the calls that are on their way."""

from dataclasses import dataclass, field
from uuid import UUID

from livekit import api

from agent.domain.attempts import DialingState
from agent.domain.calls import CallEvent
from agent.store.dialings import OpenDialing

AWAY = api.TwirpError("unavailable", "no node", status=503)
AGENT = api.ParticipantInfo(kind=api.ParticipantInfo.Kind.AGENT)
TALKING = api.ParticipantInfo(attributes={"sip.callStatus": "active"})
RINGING = api.ParticipantInfo(attributes={"sip.callStatus": "ringing"})


class LiveKit:
    """The room service. An error under a room's name is what LiveKit says to all about it."""

    def __init__(self, rooms: dict[str, Exception | list[api.ParticipantInfo]]) -> None:
        self.room = self
        self.rooms = rooms
        self.deleted: list[str] = []
        self.told: list[str] = []

    async def list_participants(
        self, request: api.ListParticipantsRequest
    ) -> api.ListParticipantsResponse:
        return api.ListParticipantsResponse(participants=self._inside(request.room))

    async def delete_room(self, request: api.DeleteRoomRequest) -> None:
        self._inside(request.room)
        self.deleted.append(request.room)

    async def send_data(self, request: api.SendDataRequest) -> None:
        self._inside(request.room)
        self.told.append(request.room)

    def _inside(self, room: str) -> list[api.ParticipantInfo]:
        inside = self.rooms[room]
        if isinstance(inside, Exception):
            raise inside
        return inside


@dataclass
class Dialings:
    """The calls that are open, and those that were finished."""

    calls: list[OpenDialing]
    finished: list[UUID] = field(default_factory=list)

    async def open(self) -> list[OpenDialing]:
        return [call for call in self.calls if call.call_id not in self.finished]

    async def finish(self, call_id: UUID, events: list[CallEvent] | None = None) -> bool:
        self.finished.append(call_id)
        return True


def dialing(number: int, *, answered: bool = False, age: float = 30.0) -> OpenDialing:
    """A call that dials, in the room of its number."""
    return OpenDialing(
        call_id=UUID(int=number),
        attempt_id=UUID(int=number),
        room_name=str(number),
        trunk="trunk",
        state=DialingState.DIALLING,
        age=age,
        answered=answered,
        ended_for=None,
    )
