"""The reaper: nothing is cut without asking LiveKit, and one broken call is not all calls."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast
from uuid import UUID

from livekit import api

from agent.dialer.parts import DialerParts
from agent.dialer.reaper import Reaper
from agent.domain.attempts import Attempt
from tests.unit.dialer.fakes import AGENT, AWAY, RINGING, TALKING, Dialings, LiveKit, dialing


class Attempts:
    async def lost_claims(self, seconds: float) -> list[Attempt]:
        return []


def _reaper(dialings: Dialings, livekit: LiveKit) -> Reaper:
    parts = SimpleNamespace(
        attempts=Attempts(),
        dialings=dialings,
        livekit=cast("api.LiveKitAPI", livekit),
        ringing_seconds=30.0,
        max_call_seconds=600.0,
        now=lambda: datetime(2026, 3, 2, tzinfo=UTC),
    )
    return Reaper(cast("DialerParts", parts))


async def test_a_talking_call_whose_answer_was_not_written_is_not_cut() -> None:
    livekit, calls = LiveKit({"1": [AGENT, TALKING]}), Dialings([dialing(1, age=200)])
    await _reaper(calls, livekit).look()
    assert (livekit.deleted, calls.finished) == ([], [])


async def test_a_call_that_rings_for_far_too_long_is_cut() -> None:
    livekit, calls = LiveKit({"1": [AGENT, RINGING]}), Dialings([dialing(1, age=200)])
    await _reaper(calls, livekit).look()
    assert (livekit.deleted, calls.finished) == (["1"], [UUID(int=1)])


async def test_a_call_that_talks_for_far_too_long_is_cut() -> None:
    livekit, calls = LiveKit({"1": [AGENT, TALKING]}), Dialings([dialing(1, age=800)])
    await _reaper(calls, livekit).look()
    assert livekit.deleted == ["1"]


async def test_nothing_is_cut_while_livekit_does_not_say_who_is_there() -> None:
    livekit, calls = LiveKit({"1": AWAY}), Dialings([dialing(1, age=9000)])
    await _reaper(calls, livekit).look()
    assert (livekit.deleted, calls.finished) == ([], [])


async def test_one_broken_call_does_not_end_the_look_for_the_others() -> None:
    livekit = LiveKit({"1": KeyError("a bug"), "2": [TALKING]})
    calls = Dialings([dialing(1), dialing(2)])
    reaper = _reaper(calls, livekit)
    await reaper.look()
    await reaper.look()  # it is alone when it was seen so twice
    assert (livekit.deleted, calls.finished) == (["2"], [UUID(int=2)])
