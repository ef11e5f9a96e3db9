"""What the worker writes into its log."""

import re

import pytest

from agent.domain.calls import Speaker
from tests.calls.call_centre import CallCentre, Line
from tests.calls.speech import words

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]


async def test_no_log_has_a_number_or_a_sentence_of_a_call(centre: CallCentre, line: Line) -> None:
    """Of this call and of all that other tests have held before."""
    async with line.call() as caller:
        await caller.hears("help you")
        await caller.says("Please stop calling me, I am a very shy person.")
        await caller.is_hung_up_on()
    await caller.record()
    logs = "\n".join(log.read_text() for log in centre.worker_logs).lower()
    assert "connected_to_livekit" in logs, "nothing was logged"
    assert "shy" not in _plain(logs).split()
    for number in centre.numbers_dialled_from:
        assert number.lstrip("+") not in logs
    said = 0
    for record in await centre.store.recent(1000):
        for turn in (await centre.store.show(record.id)).turns:
            sentence = " ".join(words(turn.text))
            if turn.speaker is Speaker.CALLER and len(sentence) > 12:
                said += 1
                assert sentence not in _plain(logs), "a sentence of a caller"
            if turn.speaker is Speaker.AGENT and len(sentence) > 12:
                assert sentence not in _plain(logs), "a sentence of the agent"
    assert said > 0


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", text))
