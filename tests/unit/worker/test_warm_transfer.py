"""Warm transfer: the caller is with the person, or with the agent again, and never alone."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest
from livekit import api, rtc
from livekit.agents import AgentSession

from agent.domain.identities import PERSON
from agent.domain.phone_numbers import PhoneNumber
from agent.errors import Refused
from agent.worker import warm_transfer
from agent.worker.warm_transfer import TransferLine, WarmTransfer

CALLER = "sip_caller"
NUMBER = PhoneNumber("+3226010502")


class Room:
    """A room: who is in it, and who is told when somebody leaves."""

    name = "a-room"

    def __init__(self) -> None:
        self.remote_participants: dict[str, object] = {}
        self.local_participant = SimpleNamespace(track_publications={"voice": None})
        self._listeners: list[Callable[[object], None]] = []
        self.comes(CALLER)

    def comes(self, identity: str, *, with_track: bool = True) -> None:
        tracks = {f"{identity}-audio": None} if with_track else {}
        self.remote_participants[identity] = SimpleNamespace(
            identity=identity, track_publications=tracks
        )

    def leaves(self, identity: str) -> None:
        gone = self.remote_participants.pop(identity)
        for listener in list(self._listeners):
            listener(gone)

    def on(self, _: str, listener: Callable[[object], None]) -> None:
        self._listeners.append(listener)

    def off(self, _: str, listener: Callable[[object], None]) -> None:
        self._listeners.remove(listener)


class Stage:
    """A caller on hold, a person who picks up, a briefing that is being spoken."""

    def __init__(self) -> None:
        self.room = Room()
        self.session = self
        self.input = self
        self.deaf = False
        self.removed: list[str] = []
        self.briefing = asyncio.Event()
        self.spoken = asyncio.Event()
        self.dialled = asyncio.Event()
        self.person_has_track = True
        livekit = SimpleNamespace(room=self)
        self.transfer = WarmTransfer(
            cast("AgentSession[None]", self),
            cast("rtc.Room", self.room),
            TransferLine(cast("api.LiveKitAPI", livekit), "trunk", "+3226010500"),
            UUID(int=1),
            CALLER,
            self._summary,
        )

    async def _summary(self) -> str:
        return "The customer asks about solar panels."

    async def originate(self, *_: object) -> None:
        self.dialled.set()
        self.room.comes(PERSON, with_track=self.person_has_track)

    def set_audio_enabled(self, enabled: bool) -> None:
        self.deaf = not enabled

    def say(self, _: str, *, allow_interruptions: bool) -> "Stage":
        self.briefing.set()
        return self

    async def wait_for_playout(self) -> None:
        await self.spoken.wait()

    async def update_subscriptions(self, _: api.UpdateSubscriptionsRequest) -> None:
        """Who hears whom is not this test's."""

    async def remove_participant(self, request: api.RoomParticipantIdentity) -> None:
        self.removed.append(request.identity)


class Music:
    def __init__(self, **_: object) -> None: ...

    async def start(self, **_: object) -> None: ...

    async def aclose(self) -> None: ...


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage()

    async def trunk(*_: object) -> str:
        return "ST_test"

    monkeypatch.setattr(warm_transfer, "originate", stage.originate)
    monkeypatch.setattr(warm_transfer, "find_outbound_trunk", trunk)
    monkeypatch.setattr(warm_transfer, "BackgroundAudioPlayer", Music)
    monkeypatch.setattr(warm_transfer, "_PERSON_APPEARS_SECONDS", 0.1)
    return stage


async def test_who_are_both_there_after_the_briefing_are_left_alone(stage: Stage) -> None:
    stage.spoken.set()
    await stage.transfer.warm_transfer(NUMBER)
    assert stage.deaf
    assert stage.removed == []


@pytest.mark.parametrize("who", [CALLER, PERSON])
async def test_who_leaves_during_the_briefing_ends_the_transfer_at_once(
    stage: Stage, who: str
) -> None:
    putting_through = asyncio.create_task(stage.transfer.warm_transfer(NUMBER))
    async with asyncio.timeout(5):
        await stage.briefing.wait()
        stage.room.leaves(who)
        with pytest.raises(Refused, match="hung up"):
            await putting_through
    assert not stage.deaf
    assert stage.removed == [PERSON]


async def test_a_caller_who_leaves_while_the_person_is_dialled_is_noticed_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def rings(*_: object) -> None:
        stage.dialled.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(warm_transfer, "originate", rings)
    putting_through = asyncio.create_task(stage.transfer.warm_transfer(NUMBER))
    async with asyncio.timeout(5):
        await stage.dialled.wait()
        stage.room.leaves(CALLER)
        with pytest.raises(Refused, match="caller"):
            await putting_through


async def test_a_person_of_whom_nothing_is_heard_is_not_put_through(stage: Stage) -> None:
    stage.person_has_track = False
    with pytest.raises(Refused):
        await stage.transfer.warm_transfer(NUMBER)
    assert not stage.deaf
    assert stage.removed == [PERSON]


async def test_who_left_without_a_word_is_missed_after_the_briefing(stage: Stage) -> None:
    putting_through = asyncio.create_task(stage.transfer.warm_transfer(NUMBER))
    async with asyncio.timeout(5):
        await stage.briefing.wait()
        del stage.room.remote_participants[PERSON]
        stage.spoken.set()
        with pytest.raises(Refused):
            await putting_through
    assert not stage.deaf
