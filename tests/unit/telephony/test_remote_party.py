"""Who is on the line, and whether they can hear us yet."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest
from livekit import rtc

from agent.telephony.remote_party import RemoteParty, read_caller, wait_until_active


@dataclass
class Participant:
    """A SIP participant's name and attributes."""

    identity: str = "sip_1"
    attributes: dict[str, str] = field(default_factory=dict)


class Room(rtc.EventEmitter[str]):
    """A room with one telephone in it."""

    def __init__(self, status: str | None) -> None:
        super().__init__()
        attributes = {} if status is None else {"sip.callStatus": status}
        self.remote_participants = {"sip_1": Participant(attributes=attributes)}

    def becomes(self, status: str) -> None:
        """The call's status changes."""
        participant = self.remote_participants["sip_1"]
        participant.attributes["sip.callStatus"] = status
        self.emit("participant_attributes_changed", {"sip.callStatus": status}, participant)

    def leaves(self) -> None:
        """The telephone hangs up."""
        self.emit("participant_disconnected", self.remote_participants.pop("sip_1"))

    @property
    def as_room(self) -> rtc.Room:
        """For what wants the real one."""
        return cast("rtc.Room", self)

    @property
    def listeners(self) -> int:
        """How many still listen to it."""
        return sum(len(callbacks) for callbacks in self._events.values())


async def _waiting(room: Room, seconds: float = 1.0) -> "asyncio.Task[bool]":
    task = asyncio.create_task(wait_until_active(room.as_room, "sip_1", seconds))
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def test_a_call_that_is_active_already_is_not_waited_for() -> None:
    assert await wait_until_active(Room("active").as_room, "sip_1", 1.0)


async def test_a_ringing_call_is_waited_for_until_it_is_active() -> None:
    room = Room("ringing")
    task = await _waiting(room)
    room.becomes("dialing")
    await asyncio.sleep(0)
    assert not task.done()
    room.becomes("active")
    assert await task
    assert room.listeners == 0


async def test_a_caller_who_leaves_while_it_rings_is_not_waited_for() -> None:
    room = Room("ringing")
    task = await _waiting(room)
    room.leaves()
    assert not await task
    assert room.listeners == 0


async def test_a_caller_who_has_left_already_is_not_waited_for() -> None:
    room = Room("ringing")
    room.leaves()
    assert not await wait_until_active(room.as_room, "sip_1", 1.0)


async def test_it_is_not_waited_for_ever() -> None:
    room = Room(None)
    assert not await wait_until_active(room.as_room, "sip_1", 0.01)
    assert room.listeners == 0


@pytest.mark.parametrize(
    ("attributes", "caller"),
    [
        (
            {
                "sip.phoneNumber": "+32479202020",
                "sip.trunkPhoneNumber": "+3226010500",
                "sip.trunkID": "ST_1",
                "sip.telnyx.callSessionID": "session",
                "sip.telnyx.callLegID": "leg",
            },
            RemoteParty("sip_1", "+32479202020", "+3226010500", "ST_1", "session", "leg"),
        ),
        ({"sip.telnyx.callLegID": ""}, RemoteParty("sip_1", "", "", "", None, None)),
    ],
)
def test_a_caller_is_read_from_the_attributes(
    attributes: dict[str, str], caller: RemoteParty
) -> None:
    participant = Participant(attributes=attributes)
    assert read_caller(cast("rtc.RemoteParticipant", participant)) == caller
