"""Postgres is away when a call comes."""

import pytest

from agent.domain.dispositions import Disposition
from tests.calls.call_centre import CallCentre, Line, until

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]


async def test_callers_are_served_while_the_database_is_away_and_their_records_arrive_later(
    line: Line, centre: CallCentre
) -> None:
    unsaved = line.recordings / "unsaved"

    async def is_on_disk() -> bool:
        return bool(list(unsaved.glob("*.jsonl")))

    async def is_gone_from_disk() -> bool:
        return not list(unsaved.iterdir())

    async with line.to_postgres.cut_off():
        async with line.call() as ann:
            await ann.hears("help you")
            await ann.says("Please never call me again.")
            await ann.is_hung_up_on()
        assert "will not call you again" in await ann.heard()
        await until(is_on_disk, "the record of a call that is over is on disk")
        assert not await centre.opt_outs.standing(ann.number)

        async with line.call() as bob:
            await bob.hears("help you")
            await line.to_postgres.mend()
            await bob.says("That would be all for today.")
            await bob.is_hung_up_on()
    later = await bob.record()
    assert later.record.outcome is not None
    assert later.record.outcome.disposition is Disposition.NOT_INTERESTED

    earlier = await ann.record()
    assert earlier.record.outcome is not None
    assert earlier.record.outcome.disposition is Disposition.DO_NOT_CALL
    assert await centre.opt_outs.standing(ann.number)
    assert len(earlier.turns) == 4
    await until(is_gone_from_disk, "what is stored is gone from the disk")
