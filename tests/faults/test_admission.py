"""More callers than a worker takes."""

import pytest
from livekit import api

from tests.calls.call_centre import CallCentre, Line, together, until
from tests.calls.caller import Caller

pytestmark = [pytest.mark.call(2), pytest.mark.asyncio(loop_scope="package")]


@pytest.mark.slow
async def test_a_call_too_many_gets_no_agent_the_others_are_unharmed_and_a_free_place_is_taken(
    line: Line, centre: CallCentre
) -> None:
    async def is_served(caller: Caller) -> None:
        await caller.says("What do you offer?")
        await caller.hears("batter")

    async with line.call() as ann, line.call() as bob:
        await together(ann.hears("help you"), bob.hears("help you"))
        async with line.call() as too_many:
            await together(is_served(ann), is_served(bob))
            assert too_many.phone.answered_at is None
            asked = api.ListParticipantsRequest(room=too_many.phone.room_name)
            there = (await centre.livekit.room.list_participants(asked)).participants
            assert [one.identity for one in there] == [too_many.phone.identity]
        await bob.hangs_up()
        await until(lambda: _is_answered(line), "who calls again is answered", within=60)


async def _is_answered(line: Line) -> bool:
    """Dial, and give up after some seconds: LiveKit offers a call to a worker only once."""
    async with line.call() as caller:
        try:
            await caller.phone.wait_active(6)
        except TimeoutError:
            return False
        await caller.hears("help you")
        return True
