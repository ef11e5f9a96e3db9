"""Callers who never want to be called again."""

import pytest

from agent.domain.calls import CallEvent, EventKind
from agent.domain.dispositions import Disposition
from agent.local.scenarios.agent_rules import Rule
from agent.store.calls import CallDetail
from tests.calls.call_centre import CallCentre, Line, until

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]


async def test_an_opt_out_is_stored_at_once_also_if_the_caller_hangs_up_on_the_confirmation(
    line: Line, centre: CallCentre
) -> None:
    # A model that does not understand it: the phrase alone must do.
    deaf = Rule(id="opt-out", when="again", say="We have very good batteries.")
    async with line.call(deaf) as caller:
        await caller.hears("help you")
        await caller.says("Please never call me again.")

        async def opted_out() -> bool:
            return await centre.opt_outs.standing(caller.number) is not None

        await until(opted_out, "opted out", every=0.02)
        assert caller.phone.end is None, "stored only when the call was over"
        await caller.hears_it_speak()
        await caller.hangs_up()
    call = await caller.record()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.DO_NOT_CALL
    assert _opt_out(call).detail["heard_by"] == "phrase"
    assert "batteries" not in await caller.heard()


@pytest.mark.slow
async def test_key_9_opts_out(line: Line, centre: CallCentre) -> None:
    async with line.call() as caller:
        await caller.hears("help you")
        await caller.phone.press("9")
        await caller.is_hung_up_on()
    assert "off our list" in await caller.heard()
    call = await caller.record()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.DO_NOT_CALL
    assert _opt_out(call).detail["heard_by"] == "key"
    assert await centre.opt_outs.standing(caller.number)


def _opt_out(call: CallDetail) -> CallEvent:
    (found,) = [event for event in call.events if event.kind is EventKind.OPTED_OUT]
    return found
