"""The telephone side of one call: hanging up, and transferring the caller (REFER)."""

import asyncio

import aiohttp
import structlog
from livekit import api
from livekit.protocol.sip import SIPTransferStatus

from agent.domain.phone_numbers import PhoneNumber
from agent.errors import LiveKitUnavailable, Refused
from agent.telephony.dispatch import delete_room

log = structlog.get_logger(__name__)

_HANG_UP_TRIES = 3
_HANG_UP_SECONDS = 5.0
_TRANSFER_RINGS = 25
"""Seconds the person's phone may ring; livekit-sip itself gives up after 30."""
_TRANSFER_SECONDS = 35.0
"""After which LiveKit itself is taken to be away: a caller waits in silence meanwhile."""


class LiveKitPhoneLine:
    """One caller in one LiveKit room. `identity` is the caller's SIP participant.

    In a test call nobody is put through to anybody.
    """

    def __init__(
        self, livekit: api.LiveKitAPI, room_name: str, identity: str, *, is_test: bool = False
    ) -> None:
        self._livekit = livekit
        self._room_name = room_name
        self._identity = identity
        self._is_test = is_test
        self._deleted = False
        self._one_at_a_time = asyncio.Lock()

    def room_was_deleted(self) -> None:
        """Somebody else has deleted the room."""
        self._deleted = True

    async def hang_up(self) -> None:
        """Delete the room: the phone gets BYE at once. Done again if LiveKit does not answer.

        Never twice: livekit-server 1.13 (RoomService.DeleteRoom) opens a room anew that is gone
        between its look and its deletion, and sends for an agent, who finds nobody.
        """
        async with self._one_at_a_time:
            if not self._deleted:
                self._deleted = await self._delete_room()

    async def _delete_room(self) -> bool:
        for left in reversed(range(_HANG_UP_TRIES)):
            try:
                await delete_room(self._livekit, self._room_name, seconds=_HANG_UP_SECONDS)
                return True
            except LiveKitUnavailable as error:
                log.warning("hang_up_failed", error=str(error), tries_left=left)
        return False

    async def transfer(self, number: PhoneNumber) -> None:
        """Transfer the caller by SIP REFER; on return the caller has left the room.

        Raises Refused if the person cannot be reached: the call itself lives on.
        """
        if self._is_test:
            raise Refused("this is a test call: it dials nobody")
        request = api.TransferSIPParticipantRequest(
            participant_identity=self._identity,
            room_name=self._room_name,
            transfer_to=f"tel:{number}",
            play_dialtone=False,
        )
        request.ringing_timeout.FromSeconds(_TRANSFER_RINGS)
        try:
            async with asyncio.timeout(_TRANSFER_SECONDS):
                answer = await self._livekit.sip.transfer_sip_participant(request)
        except api.TwirpError as error:  # SipCallError too
            log.info("transfer_refused", code=error.code)
            raise Refused("the transfer was refused") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("transfer_failed", error=type(error).__name__)
            raise Refused("the transfer did not go through") from None
        if answer.status == SIPTransferStatus.STS_TRANSFER_FAILED:
            raise Refused("the transfer failed")
