"""The process that holds a call dies without a word: out of memory, kill -9."""

import os
import signal

import pytest

from agent.domain.calls import EventKind
from agent.domain.dispositions import Disposition, Reason
from agent.local.stack.processes import is_running
from tests.calls.call_centre import CallCentre, Line, until

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]


async def test_a_caller_whose_agent_dies_is_freed_and_the_record_closed(
    centre: CallCentre,
) -> None:
    async with centre.worker(IDLE_PROCESSES="1") as line:
        async with line.call() as caller:
            await caller.hears("help you")
            holding = process_of_call(line)
            os.kill(holding, signal.SIGKILL)
            end = await caller.is_hung_up_on()
        assert end.by == "them"
        assert not is_running(holding)

        async def closed() -> bool:
            found = await caller.record_so_far()
            return found is not None and found.record.outcome is not None

        await until(closed, "the record is closed")
        call = await caller.record_so_far()
        assert call is not None
        assert call.record.outcome is not None
        assert call.record.outcome.disposition is Disposition.FAILED
        assert call.record.outcome.reason is Reason.CRASHED
        assert [event.kind for event in call.events].count(EventKind.ENDED) == 1

        async with line.call() as next_caller:  # the worker lives on
            await next_caller.hears("help you")
            await next_caller.hangs_up()


def process_of_call(line: Line) -> int:
    """The job process that holds the only call: each of its log records names it."""
    pids = {int(str(entry["pid"])) for entry in line.logged() if "call_id" in entry}
    assert len(pids) == 1, pids
    return pids.pop()
