"""A worker that is told to end, or killed."""

import asyncio
import os
import signal
import sys

import pytest

from agent.domain.dispositions import Disposition
from agent.local.stack.processes import is_running
from tests.calls.call_centre import CallCentre, until
from tests.processes import descendants

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]


async def test_sigterm_to_the_whole_process_group_lets_the_call_finish_and_ends_with_0(
    centre: CallCentre,
) -> None:
    async with centre.worker() as line:
        async with line.call() as caller:
            await caller.hears("help you")
            os.killpg(line.worker.pid, signal.SIGTERM)

            async def takes_no_calls() -> bool:
                return not await line.is_ready()

            await until(takes_no_calls, "not ready for more")
            await caller.says("What do you offer?")
            await caller.hears("batter")
            await caller.says("That would be all for today.")
            await caller.is_hung_up_on()
        call = await caller.record()
        assert await asyncio.wait_for(line.worker.exited(), 60) == 0
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.NOT_INTERESTED
    assert (line.recordings / (call.record.recording or "none")).stat().st_size > 0
    assert "Thank you for calling" in call.turns[-1].text


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_kill_9_of_a_worker_with_a_call_leaves_no_process(centre: CallCentre) -> None:
    async with centre.worker() as line, line.call() as caller:
        await caller.hears("help you")
        family = [line.worker.pid, *descendants(line.worker.pid)]
        assert len(family) > 2, "no job process"
        os.kill(line.worker.pid, signal.SIGKILL)

        async def are_gone() -> bool:
            return not any(is_running(pid) for pid in family)

        await until(are_gone, "every process of the worker is gone")
