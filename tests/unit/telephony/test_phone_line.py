"""Putting the line down and handing the caller over, against an API that can fail."""

import asyncio
from typing import cast

import aiohttp
import pytest
from livekit import api
from livekit.protocol.sip import SIPTransferStatus

from agent.domain.phone_numbers import PhoneNumber
from agent.errors import Refused
from agent.telephony import phone_line
from agent.telephony.phone_line import LiveKitPhoneLine

GONE = api.TwirpError("not_found", "requested room does not exist", status=404)
AWAY = api.TwirpError("unavailable", "no response from servers", status=503)
BUSY = api.SipCallError(
    "resource_exhausted", "busy", status=429, metadata={"sip_status_code": "486"}
)
PERSON = PhoneNumber("+3226010501")


class Forever:
    """An answer that never comes."""


Answer = Exception | Forever | int | None


class LiveKit:
    """The API's room and SIP services: gives its answers one after the other."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.deleted: list[str] = []
        self.transfers: list[api.TransferSIPParticipantRequest] = []
        self.room = self
        self.sip = self

    async def _answer(self) -> Answer:
        answer = self._answers.pop(0)
        if isinstance(answer, Forever):
            await asyncio.get_running_loop().create_future()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def delete_room(self, request: api.DeleteRoomRequest) -> None:
        """The room service."""
        self.deleted.append(request.room)
        await self._answer()

    async def transfer_sip_participant(
        self, request: api.TransferSIPParticipantRequest
    ) -> api.TransferSIPParticipantResponse:
        """The SIP service."""
        self.transfers.append(request)
        status = await self._answer()
        assert isinstance(status, int)
        return api.TransferSIPParticipantResponse(status=status)  # type: ignore[arg-type]


def _line(livekit: LiveKit) -> LiveKitPhoneLine:
    return LiveKitPhoneLine(cast("api.LiveKitAPI", livekit), "room-1", "sip_1")


async def test_hanging_up_deletes_the_room() -> None:
    livekit = LiveKit(None)
    await _line(livekit).hang_up()
    assert livekit.deleted == ["room-1"]


async def test_a_room_that_is_gone_already_is_fine() -> None:
    livekit = LiveKit(GONE)
    await _line(livekit).hang_up()
    assert livekit.deleted == ["room-1"]


async def test_a_room_is_deleted_once_whoever_asks_meanwhile() -> None:
    livekit = LiveKit(None)
    line = _line(livekit)
    await asyncio.gather(line.hang_up(), line.hang_up())
    await line.hang_up()
    assert livekit.deleted == ["room-1"]


async def test_a_room_that_somebody_else_has_deleted_is_not_deleted_again() -> None:
    livekit = LiveKit()
    line = _line(livekit)
    line.room_was_deleted()
    await line.hang_up()
    assert livekit.deleted == []


async def test_a_hang_up_that_failed_is_tried_again_when_asked_again() -> None:
    livekit = LiveKit(AWAY, AWAY, AWAY, None)
    line = _line(livekit)
    await line.hang_up()
    await line.hang_up()
    assert len(livekit.deleted) == 4


@pytest.mark.parametrize(
    "failure", [AWAY, aiohttp.ClientConnectionError("refused"), TimeoutError(), Forever()]
)
async def test_hanging_up_is_tried_again_when_livekit_does_not_answer(
    failure: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_line, "_HANG_UP_SECONDS", 0.01)
    livekit = LiveKit(failure, failure, None)
    await _line(livekit).hang_up()
    assert livekit.deleted == ["room-1"] * 3


async def test_hanging_up_is_given_up_in_the_end_and_never_raises() -> None:
    livekit = LiveKit(AWAY, AWAY, AWAY, None)
    await _line(livekit).hang_up()
    assert len(livekit.deleted) == 3


async def test_a_transfer_names_the_caller_the_room_and_the_person() -> None:
    livekit = LiveKit(SIPTransferStatus.STS_TRANSFER_SUCCESSFUL)
    await _line(livekit).transfer(PERSON)
    (asked,) = livekit.transfers
    assert asked.participant_identity == "sip_1"
    assert asked.room_name == "room-1"
    assert asked.transfer_to == "tel:+3226010501"
    assert asked.ringing_timeout.seconds == 25


@pytest.mark.parametrize(
    "failure",
    [
        BUSY,
        AWAY,
        aiohttp.ClientConnectionError("refused"),
        TimeoutError(),
        SIPTransferStatus.STS_TRANSFER_FAILED,
    ],
)
async def test_a_transfer_that_fails_is_refused_in_words_and_not_tried_twice(
    failure: Answer,
) -> None:
    livekit = LiveKit(failure)
    with pytest.raises(Refused, match=r"the transfer (was refused|did not go through|failed)"):
        await _line(livekit).transfer(PERSON)
    assert len(livekit.transfers) == 1


async def test_a_transfer_that_is_never_answered_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(phone_line, "_TRANSFER_SECONDS", 0.01)
    with pytest.raises(Refused, match="did not go through"):
        await _line(LiveKit(Forever())).transfer(PERSON)


async def test_a_test_call_is_put_through_to_nobody() -> None:
    livekit = LiveKit()
    line = LiveKitPhoneLine(cast("api.LiveKitAPI", livekit), "room", "browser_1", is_test=True)
    with pytest.raises(Refused, match="test call"):
        await line.transfer(PERSON)
    assert livekit.transfers == []
