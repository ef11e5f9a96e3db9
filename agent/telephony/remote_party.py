"""Who is on the line: a SIP participant's attributes, read once."""

import asyncio
from dataclasses import dataclass

from livekit import rtc

STATUS = "sip.callStatus"
ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class RemoteParty:
    """The telephone that a participant stands for. Numbers are as the carrier gave them."""

    identity: str
    number: str
    our_number: str
    trunk_id: str
    telnyx_session_id: str | None
    telnyx_leg_id: str | None


GONE = RemoteParty("", "", "", "", None, None)
"""Somebody who has left before we could see who it was."""


def read_caller(participant: rtc.RemoteParticipant) -> RemoteParty:
    """The caller behind a SIP participant. Attribute names: facts of livekit-sip 1.11."""
    attributes = participant.attributes
    return RemoteParty(
        identity=participant.identity,
        number=attributes.get("sip.phoneNumber", ""),
        our_number=attributes.get("sip.trunkPhoneNumber", ""),
        trunk_id=attributes.get("sip.trunkID", ""),
        telnyx_session_id=attributes.get("sip.telnyx.callSessionID") or None,
        telnyx_leg_id=attributes.get("sip.telnyx.callLegID") or None,
    )


async def wait_until_active(
    room: rtc.Room, identity: str, seconds: float, *, coming: bool = False
) -> bool:
    """Wait until the call is answered. False if the caller left or time ran out.

    `coming`: the participant may not be in the room yet.

    Audio sent before that is dropped by the SIP service, so nothing is spoken until then.
    """
    changed = asyncio.Event()

    def on_change(*_: object) -> None:
        changed.set()

    awaited = coming
    room.on("participant_connected", on_change)
    room.on("participant_attributes_changed", on_change)
    room.on("participant_disconnected", on_change)
    try:
        async with asyncio.timeout(seconds):
            while True:
                changed.clear()
                participant = room.remote_participants.get(identity)
                if participant is None and not awaited:
                    return False
                awaited = participant is None
                if participant is not None and participant.attributes.get(STATUS) == ACTIVE:
                    return True
                await changed.wait()
    except TimeoutError:
        return False
    finally:
        room.off("participant_connected", on_change)
        room.off("participant_attributes_changed", on_change)
        room.off("participant_disconnected", on_change)
