"""Callers who want to speak to a person."""

import pytest

from agent.domain.calls import EventKind
from agent.domain.dispositions import Disposition
from agent.local.phone_network.behaviours import Refuses, TransferAccepted, TransferRefused
from tests.calls.call_centre import CallCentre, Line

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]

ADVISER = "+3226010501"


@pytest.mark.slow
async def test_a_caller_whose_transfer_is_refused_goes_on_talking_to_the_agent(
    line: Line, centre: CallCentre, adviser: None
) -> None:
    centre.network.on_transfer(ADVISER, TransferRefused(603))
    centre.network.on_outbound(ADVISER, Refuses(486))
    async with line.call() as refused:
        await refused.hears("help you")
        await refused.says("I want to speak to a real person, please.")
        await refused.hears("nobody is free")
        await refused.says("That would be all for today.")
        end = await refused.is_hung_up_on()
        assert end.by == "them"
    call = await refused.record()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.NOT_INTERESTED
    assert EventKind.TRANSFER_FAILED in [event.kind for event in call.events]


async def test_a_caller_who_wants_a_person_is_put_through(
    line: Line, centre: CallCentre, adviser: None
) -> None:
    centre.network.on_transfer(ADVISER, TransferAccepted())
    async with line.call() as accepted:
        await accepted.hears("help you")
        await accepted.says("I want to speak to a real person, please.")
        end = await accepted.is_hung_up_on()
        assert end.reason == "transferred"
    assert "put you through" in await accepted.heard()
    call = await accepted.record()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.TRANSFERRED
    kinds = [event.kind for event in call.events]
    assert EventKind.CALLER_HUNG_UP not in kinds
    assert EventKind.TRANSFER_FAILED not in kinds
