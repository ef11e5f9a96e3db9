"""A reply begins, whatever the first model does; and no caller hears its beginning twice."""

from collections.abc import Sequence

import pytest
from livekit.agents import APIConnectionError, APIError, llm
from livekit.agents.llm import LLMError

from agent.voice import chat_chain
from agent.voice.chat_chain import ChatChain
from agent.voice.standby import REST_SECONDS
from tests.scripted_llm import Fails, Hangs, Reply, ScriptedLLM, ToolCall, word_by_word


@pytest.fixture(autouse=True)
def _short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_chain, "FIRST_WORD_SECONDS", 0.2)
    monkeypatch.setattr(chat_chain, "GAP_SECONDS", 0.2)


class Clock:
    """Time that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def written(model: llm.LLM[str], pieces: list[str] | None = None) -> list[str]:
    """Every piece of the reply, and the names of the tools that it calls; added to `pieces`."""
    pieces = [] if pieces is None else pieces
    async with model.chat(chat_ctx=llm.ChatContext()) as stream:
        async for chunk in stream:
            if chunk.delta is not None:
                pieces += [chunk.delta.content] if chunk.delta.content else []
                pieces += [call.name for call in chunk.delta.tool_calls]
    return pieces


def chain(first: Sequence[Reply], second: Sequence[Reply], clock: Clock | None = None) -> ChatChain:
    return ChatChain([ScriptedLLM(*first), ScriptedLLM(*second)], clock or Clock())


SAID = "Good, we come by on Tuesday."


async def test_a_model_that_works_writes_alone() -> None:
    model = chain([word_by_word(SAID)], [])
    assert "".join(await written(model)) == SAID


@pytest.mark.parametrize(
    "reply",
    [
        Fails(),
        Hangs(),
        ("Good we", Fails()),
        ("Good we", Hangs()),
    ],
    ids=repr,
)
async def test_a_model_that_has_not_ended_a_clause_is_replaced_unheard(reply: Reply) -> None:
    model = chain([reply], [word_by_word(SAID)])
    assert "".join(await written(model)) == SAID


@pytest.mark.parametrize("end", [Fails(), Hangs()], ids=repr)
async def test_a_reply_that_was_heard_is_not_begun_again(end: Fails | Hangs) -> None:
    model = chain([("Good, we come", " by on", end)], [SAID])
    told: list[LLMError] = []
    model.on("error", told.append)
    pieces: list[str] = []
    with pytest.raises(APIError):
        await written(model, pieces)
    assert "".join(pieces) == "Good, we come by on"
    assert [error.recoverable for error in told] == [False]


async def test_a_call_of_a_tool_is_passed_on_at_once() -> None:
    model = chain([ToolCall("list_slots")], [])
    assert await written(model) == ["list_slots"]


async def test_what_has_no_end_of_a_clause_is_passed_on_at_its_end() -> None:
    model = chain([("Good ", "we come")], [])
    assert await written(model) == ["Good ", "we come"]


async def test_a_model_that_failed_rests_and_is_then_asked_first_again() -> None:
    clock = Clock()
    model = chain([Fails(), "First."], ["Second.", "Second."], clock)
    assert await written(model) == ["Second."]
    assert await written(model) == ["Second."]
    clock.now = REST_SECONDS + 1
    assert await written(model) == ["First."]


async def test_when_both_fail_the_session_is_told_once() -> None:
    model = chain([Fails()], [Fails()])
    told: list[LLMError] = []
    model.on("error", told.append)
    with pytest.raises(APIConnectionError):
        await written(model)
    assert [error.recoverable for error in told] == [False]
