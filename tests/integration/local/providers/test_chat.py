"""Chat, through the real OpenAI plugin."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from livekit.agents import APIConnectionError, APIConnectOptions, APIStatusError, APITimeoutError
from livekit.agents.llm import ChatContext, FunctionToolCall, function_tool
from livekit.plugins import openai

from agent.local.providers.chat_api import ROOM_HEADER
from agent.local.scenarios.scenario import find_scenario
from tests.integration.local.providers.conftest import Server

ONCE = APIConnectOptions(max_retry=0, timeout=1.0)


@function_tool
async def opt_out() -> str:
    """Not called again."""
    return ""


@function_tool
async def save_answers(owns_home: bool) -> str:
    """Keep the answer."""
    return ""


@dataclass
class Answer:
    text: str = ""
    calls: list[FunctionToolCall] = field(default_factory=list)
    first_after: float = 0.0
    tokens: int = 0


@pytest.fixture
async def model(server: Server) -> AsyncIterator[openai.LLM]:
    llm = openai.LLM(
        model="gpt-4.1", base_url=f"{server.root}/v1", api_key="example-key", max_retries=0
    )
    yield llm
    await llm.aclose()


async def ask(llm: openai.LLM, *words: str, room: str = "") -> Answer:
    context = ChatContext.empty()
    for index, text in enumerate(words):
        context.add_message(role="assistant" if index % 2 else "user", content=text)
    answer = Answer()
    began = time.monotonic()
    headers = {"extra_headers": {ROOM_HEADER: room}} if room else {}
    async with llm.chat(
        chat_ctx=context,
        tools=[opt_out, save_answers],
        conn_options=ONCE,
        extra_kwargs=headers,
    ) as stream:
        async for chunk in stream:
            answer.first_after = answer.first_after or time.monotonic() - began
            if chunk.delta is not None:
                answer.text += chunk.delta.content or ""
                answer.calls += chunk.delta.tool_calls
            if chunk.usage is not None:
                answer.tokens = chunk.usage.total_tokens
    return answer


async def test_the_plugin_gets_words_and_usage(model: openai.LLM) -> None:
    answer = await ask(model, "Hello. What do you sell?")
    assert "home batteries" in answer.text
    assert answer.tokens > 10


async def test_the_plugin_gets_tool_calls(model: openai.LLM) -> None:
    answer = await ask(model, "Please never call me again.")
    assert [call.name for call in answer.calls] == ["opt_out"]
    assert answer.calls[0].arguments == "{}"


async def test_a_registered_room_plays_its_own_scenario(server: Server, model: openai.LLM) -> None:
    assert await server.put("/stand-in/rooms/RM_one", {"scenario": "books-a-visit"}) == 200
    talk = ("how much is it", "The Fernhill Home battery costs €6,900, installed.", "yes I own it")
    in_room = await ask(model, *talk, room="RM_one")
    assert [json.loads(call.arguments) for call in in_room.calls] == [{"owns_home": True}]
    assert (await ask(model, *talk, room="RM_two")).calls == []


async def test_a_scenario_can_be_sent_whole(server: Server, model: openai.LLM) -> None:
    scenario = find_scenario("hangs-up").model_dump(mode="json", exclude_unset=True)
    scenario["agent"][0]["say"] = "We sell umbrellas."
    assert await server.put("/stand-in/rooms/RM_three", {"scenario": scenario}) == 200
    assert "umbrellas" in (await ask(model, "What do you sell?", room="RM_three")).text


async def test_an_unknown_scenario_cannot_be_registered(server: Server) -> None:
    assert await server.put("/stand-in/rooms/RM_four", {"scenario": "no-such"}) == 400


async def test_latency_is_the_time_to_the_first_token(server: Server, model: openai.LLM) -> None:
    await ask(model, "Hello.")
    await server.put("/stand-in/latency", {"llm_ms": 450})
    assert 0.45 <= (await ask(model, "Hello.")).first_after < 0.9


async def test_a_refusal_is_a_503(server: Server, model: openai.LLM) -> None:
    await server.put("/stand-in/faults", {"chat": {"fault": "refuse", "count": 1}})
    with pytest.raises(APIStatusError) as caught:
        await ask(model, "Hello.")
    assert caught.value.status_code == 503
    assert (await ask(model, "Hello.")).text, "counted once, it works again"


async def test_a_provider_that_hangs_runs_into_the_plugins_timeout(
    server: Server, model: openai.LLM
) -> None:
    await server.put("/stand-in/faults", {"chat": "hang"})
    with pytest.raises(APITimeoutError):
        await asyncio.wait_for(ask(model, "Hello."), 10)


async def test_garbage_is_an_error_and_no_words(server: Server, model: openai.LLM) -> None:
    await server.put("/stand-in/faults", {"chat": "garbage"})
    with pytest.raises(APIConnectionError):
        await ask(model, "Hello.")


@pytest.mark.parametrize("role", ["system", "user"])
async def test_a_summary_request_gets_the_scenarios_summary(
    server: Server, model: openai.LLM, role: str
) -> None:
    context = ChatContext.empty()
    context.add_message(
        role="system" if role == "system" else "user", content="SUMMARY. Below is the transcript."
    )
    async with model.chat(chat_ctx=context) as stream:
        words = [chunk.delta.content or "" async for chunk in stream if chunk.delta is not None]
    assert "".join(words).strip() == find_scenario("default").summary


async def test_a_summary_is_json_where_json_is_asked_for(server: Server) -> None:
    schema = {
        "type": "object",
        "properties": {
            "summary": {"type": "string"},
            "next_steps": {"type": "array"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    body = {
        "messages": [{"role": "user", "content": "x"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}},
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.root}/v1/chat/completions", json=body) as response,
    ):
        assert response.headers["X-Stand-In"] == "chat"
        answer = await response.json()
    assert answer["model"] == "stand-in"
    assert json.loads(answer["choices"][0]["message"]["content"]) == {
        "summary": find_scenario("default").summary,
        "next_steps": [],
        "note": None,
    }
