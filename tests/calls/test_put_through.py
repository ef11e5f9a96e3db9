"""Where the carrier does not put a caller through, the person is dialled into the call."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agent.domain.calls import EventKind
from agent.domain.dispositions import Disposition
from agent.local.phone_network.behaviours import Answers, TransferRefused
from agent.local.phones.phone import Phone
from tests.calls.call_centre import CallCentre, Line
from tests.calls.caller import Caller

pytestmark = [
    pytest.mark.call(2),
    pytest.mark.asyncio(loop_scope="package"),
]

ADVISER = "+3226010502"


@pytest_asyncio.fixture(loop_scope="package")
async def own(centre: CallCentre) -> AsyncIterator[Line]:
    """A worker whose playbook names an adviser of its own: other tests set what the usual does."""
    folder = centre.folder / "prompts-of-put-through"
    shutil.copytree(centre.environment["PROMPTS_DIR"], folder)
    playbook = folder / "playbooks" / "short.md"
    playbook.write_text(playbook.read_text().replace("+3226010501", ADVISER))
    async with centre.worker(IDLE_PROCESSES="1", PROMPTS_DIR=str(folder)) as line:
        yield line


async def test_caller_and_person_talk_and_only_the_person_heard_the_summary(
    own: Line,
) -> None:
    centre = own.centre
    centre.network.on_transfer(ADVISER, TransferRefused(603))
    briefed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    talked: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def adviser(phone: Phone) -> None:
        person = Caller(phone, centre.speech, centre.store)
        async with person.on_the_line((), "unused", interim=False):
            briefed.set_result(await person.hears("solar"))
            await person.says("Good afternoon, this is the adviser speaking.")
            talked.set_result(await person.hears("roof"))
            await person.is_hung_up_on()

    centre.network.on_outbound(ADVISER, Answers(after=1.0, handler=adviser))
    async with own.call(summary="The customer asks about solar panels.") as caller:
        await caller.hears("help you")
        await caller.says("I want to speak to a real person, please.")
        await asyncio.wait_for(briefed, 60)
        assert "put through to you" in briefed.result()
        await caller.hears("afternoon")
        await caller.says("Hello, my question is about my roof.")
        await asyncio.wait_for(talked, 40)
        assert "solar" not in (await caller.heard()).lower()
        await caller.hangs_up()
    call = await caller.record()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.TRANSFERRED
    assert EventKind.CALLER_HUNG_UP not in [event.kind for event in call.events]
