"""The kill switch: every call ends, whatever LiveKit says of one of them."""

from typing import cast
from uuid import UUID

import pytest
from livekit import api

from agent.dialer import kill_switch
from agent.dialer.kill_switch import stop_dialling
from agent.errors import DatabaseUnavailable, LiveKitUnavailable
from agent.store.dialings import DialingStore, OpenDialing
from agent.store.kill_switch import KillSwitchStore
from tests.unit.dialer.fakes import AGENT, AWAY, Dialings, LiveKit, dialing


class Switch:
    stopped = ""

    async def stop(self, reason: str) -> None:
        self.stopped = reason


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kill_switch, "_GOODBYE_SECONDS", 0.05)
    monkeypatch.setattr(kill_switch, "_LOOK_SECONDS", 0.01)


async def _stop(dialings: Dialings, livekit: LiveKit) -> kill_switch.Stopped:
    return await stop_dialling(
        cast("KillSwitchStore", Switch()),
        cast("DialingStore", dialings),
        cast("api.LiveKitAPI", livekit),
        "secret-" * 6,
        "a test",
    )


async def test_a_room_that_cannot_be_deleted_keeps_no_other_call_alive_and_is_named() -> None:
    calls = [dialing(1), dialing(2), dialing(3, answered=True), dialing(4, answered=True)]
    livekit = LiveKit({"1": AWAY, "2": [], "3": AWAY, "4": [AGENT]})
    with pytest.raises(LiveKitUnavailable) as raised:
        await _stop(Dialings(calls), livekit)
    assert livekit.told == ["4"]
    assert livekit.deleted == ["2", "4"]
    assert str(UUID(int=1)) in str(raised.value)
    assert str(UUID(int=3)) in str(raised.value)
    assert str(UUID(int=4)) not in str(raised.value)


async def test_who_says_goodbye_in_time_is_not_cut() -> None:
    class Polite(Dialings):
        async def open(self) -> list[OpenDialing]:
            now = await super().open()
            self.finished = [call.call_id for call in now if call.answered]
            return now

    livekit = LiveKit({"1": [], "2": [AGENT]})
    stopped = await _stop(Polite([dialing(1), dialing(2, answered=True)]), livekit)
    assert (stopped.asked, stopped.cut, livekit.deleted) == (1, 1, ["1"])


async def test_a_database_that_goes_away_meanwhile_does_not_keep_calls_alive() -> None:
    class Leaving(Dialings):
        asked = False

        async def open(self) -> list[OpenDialing]:
            if self.asked:
                raise DatabaseUnavailable("away")
            self.asked = True
            return await super().open()

    livekit = LiveKit({"2": [AGENT]})
    await _stop(Leaving([dialing(2, answered=True)]), livekit)
    assert livekit.deleted == ["2"]
