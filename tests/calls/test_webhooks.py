"""Webhooks of whole calls: whether and how they come, the same row follows."""

import pytest

from agent.domain.calls import Direction
from tests.calls.call_centre import CallCentre, Line
from tests.calls.replays import check_rows

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]


async def test_a_call_that_came_in_has_the_same_row_however_its_webhooks_come(
    centre: CallCentre, line: Line
) -> None:
    async with line.call() as caller:
        await caller.hears("help you")
        await caller.says("I am not interested, goodbye.")
        await caller.is_hung_up_on()
    call = await caller.record()
    assert call.record.direction is Direction.INBOUND
    await check_rows(centre, caller.phone, call)
