"""What must hold of all calls of this run together; named so that it comes near the end."""

from collections import Counter

import pytest

from tests.calls.call_centre import CallCentre, Line

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]


async def test_no_room_is_opened_twice_and_none_has_two_records(
    centre: CallCentre, line: Line
) -> None:
    async with line.call() as caller:
        await caller.hears("help you")
        await caller.says("That would be all for today.")
        await caller.is_hung_up_on()
    await caller.record()
    opened = centre.letters.rooms_opened()
    assert caller.phone.room_name in opened
    assert [room for room, times in Counter(opened).items() if times > 1] == []
    records = Counter(record.room_name for record in await centre.store.recent(1000))
    assert records[caller.phone.room_name] == 1
    assert [room for room, times in records.items() if times > 1] == []
