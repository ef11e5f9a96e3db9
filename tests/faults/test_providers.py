"""Language model, voice or recogniser fail: the caller is told, and never left in silence."""

import pytest

from agent.domain.calls import EventKind
from agent.domain.dispositions import Disposition, Reason
from agent.store.calls import CallDetail
from tests.calls.call_centre import Line
from tests.calls.caller import Caller

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]

LONGEST_SILENCE = 20.0
"""Seconds, on a machine that may be busy. Two tries of 4 s are what a provider is given."""


async def test_a_model_that_fails_once_costs_an_apology_and_one_that_goes_on_ends_the_call(
    badly_served: Line,
) -> None:
    both_tries_of_one_reply = {"fault": "refuse", "count": 2}
    async with badly_served.call() as caller:
        await caller.hears("help you")
        async with badly_served.speech.broken(chat=both_tries_of_one_reply):
            await caller.says("What do you offer?")
            await caller.hears("went wrong on my side")
            await caller.says("What do you offer?")
            await caller.hears("batter")
        async with badly_served.speech.broken(chat="garbage"):
            await _says_it_twice(caller)
    await _was_let_go_politely(caller, "llm")


@pytest.mark.slow
async def test_a_model_that_hangs_ends_the_call_politely(badly_served: Line) -> None:
    async with badly_served.call() as caller:
        await caller.hears("help you")
        async with badly_served.speech.broken(chat="hang"):
            await _says_it_twice(caller)
    await _was_let_go_politely(caller, "llm")


@pytest.mark.slow
async def test_a_recogniser_that_never_answers_ends_the_call_politely(badly_served: Line) -> None:
    async with badly_served.speech.broken(listen="hang"), badly_served.call() as caller:
        await caller.hears("help you")
        await _says_it_twice(caller)
    await _was_let_go_politely(caller, "stt")


@pytest.mark.slow
async def test_a_voice_that_fails_is_apologised_for_with_the_lines_that_are_there(
    badly_served: Line,
) -> None:
    async with badly_served.call() as caller:
        await caller.hears("help you")
        async with badly_served.speech.broken(speech="refuse"):
            await _says_it_twice(caller)
    await _was_let_go_politely(caller, "tts")


@pytest.mark.slow
async def test_a_recogniser_that_goes_away_ends_the_call_politely(badly_served: Line) -> None:
    async with badly_served.call() as caller:
        await caller.hears("help you")
        async with badly_served.speech.broken(listen="refuse"):
            await caller.is_hung_up_on()
    await _was_let_go_politely(caller, "stt")


async def _says_it_twice(caller: Caller) -> None:
    await caller.says("What do you offer?")
    await caller.hears("went wrong on my side")
    await caller.says("What do you offer?")
    await caller.is_hung_up_on()


async def _was_let_go_politely(caller: Caller, provider: str) -> CallDetail:
    call = await caller.record(summary=False)
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.FAILED
    assert call.record.outcome.reason is Reason.PROVIDER_DOWN
    failed = [event for event in call.events if event.kind is EventKind.PROVIDER_FAILED]
    assert {event.detail["provider"] for event in failed} == {provider}
    assert "technical problem" in call.turns[-1].text
    assert EventKind.GOODBYE_SAID in [event.kind for event in call.events]
    assert caller.longest_silence() < LONGEST_SILENCE
    return call
