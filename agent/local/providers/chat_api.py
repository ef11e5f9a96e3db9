"""OpenAI's chat protocol, answered from a script. A stand-in: it understands nothing."""

import json
import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel, ValidationError

from agent.errors import ScenarioError
from agent.local.providers.answers import LABEL, MODEL, bad_request, hang, refused
from agent.local.providers.chat_request import ChatRequest, summary_answer
from agent.local.providers.chat_script import ChatScript, Reply, ToolCall
from agent.local.providers.faults import Behaviour, Fault, ProviderPart, not_before
from agent.local.scenarios.scenario import DEFAULT, FALLBACK, SCENARIOS_DIR, Scenario, find_scenario

logger = logging.getLogger(__name__)

ROOM_HEADER = "X-LiveKit-Room-ID"
"""What the LiveKit plugins add inside a job: the room's sid (RM_…), not its name."""

JOB_HEADER = "X-LiveKit-Job-ID"
ROOMS_KEPT = 1000


class RoomOrder(BaseModel):
    """The body of `PUT /stand-in/rooms/{room_id}`: a scenario, its name, or its file's path."""

    scenario: str | Scenario


class ChatApi:
    """`POST /v1/chat/completions`, `GET /v1/models`, and which room plays which scenario."""

    def __init__(
        self,
        behaviour: Behaviour,
        *,
        default: str = DEFAULT,
        folder: Path = SCENARIOS_DIR,
        now: Callable[[], datetime],
    ) -> None:
        """Raises ScenarioError when the default scenario cannot be used."""
        self._behaviour = behaviour
        self._folder = folder
        self._now = now
        self._common = find_scenario(DEFAULT, SCENARIOS_DIR)
        self._default = find_scenario(default, folder)
        self._rooms: dict[str, Scenario] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/models", self.models),
            web.get("/v1/models/{model}", self.model),
            web.post("/v1/chat/completions", self.complete),
            web.put("/stand-in/rooms/{room_id}", self.register),
        ]

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"object": "list", "data": [_model()]}, headers={LABEL: ProviderPart.CHAT}
        )

    async def model(self, request: web.Request) -> web.Response:
        return web.json_response(_model(), headers={LABEL: ProviderPart.CHAT})

    async def register(self, request: web.Request) -> web.Response:
        """From now on requests from that room (or job) are answered from that scenario.

        A file is read again each time: an edit counts from the next call on.
        """
        try:
            order = RoomOrder.model_validate_json(await request.read())
            scenario = order.scenario
            if isinstance(scenario, str):
                scenario = find_scenario(scenario, self._folder)
        except (ValidationError, ScenarioError) as error:
            return bad_request(ProviderPart.CHAT, str(error))
        while len(self._rooms) >= ROOMS_KEPT:
            self._rooms.pop(next(iter(self._rooms)))
        self._rooms[request.match_info["room_id"]] = scenario
        return web.json_response({"scenario": scenario.name}, headers={LABEL: ProviderPart.CHAT})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """The next thing to say or do, streamed word by word or whole."""
        started = time.monotonic()
        try:
            chat = ChatRequest.model_validate_json(await request.read())
        except ValidationError as error:
            return bad_request(ProviderPart.CHAT, str(error))
        fault = self._behaviour.take(ProviderPart.CHAT)
        if fault is Fault.REFUSE:
            return refused(ProviderPart.CHAT)
        if fault is Fault.HANG:
            await hang()
        if fault is Fault.GARBAGE:
            return web.Response(
                body=b'data: {"id": "garbage", "choices": [{"delta"\n\n',
                headers={LABEL: ProviderPart.CHAT, "Content-Type": "text/event-stream"},
            )
        scenario = self._scenario_of(request)
        reply = self._reply(chat, scenario)
        await not_before(started, self._behaviour.latency.llm_ms)
        if chat.stream:
            return await _stream(request, chat, reply, scenario.name)
        return web.json_response(_whole(chat, reply), headers=_label(scenario.name))

    def _scenario_of(self, request: web.Request) -> Scenario:
        for header in (ROOM_HEADER, JOB_HEADER):
            scenario = self._rooms.get(request.headers.get(header, ""))
            if scenario is not None:
                return scenario
        return self._default

    def _reply(self, chat: ChatRequest, scenario: Scenario) -> Reply:
        if chat.wants_summary():
            return Reply(summary_answer(chat, scenario.summary), ())
        if (required := chat.required_tool()) is not None:
            name, arguments = required
            return Reply("", (ToolCall(uuid.uuid4().hex[:8], name, arguments),))
        rules = list(scenario.agent)
        own = {rule.id for rule in rules}
        rules += [rule for rule in self._common.agent if rule.id not in own]
        return ChatScript(rules, FALLBACK).reply(
            [message.said() for message in chat.messages],
            chat.tool_names(),
            self._now(),
            uuid.uuid4().hex[:8],
        )


def _label(scenario: str) -> dict[str, str]:
    return {LABEL: ProviderPart.CHAT, "X-Stand-In-Scenario": scenario}


def _model() -> dict[str, object]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": MODEL}


def _usage(chat: ChatRequest, reply: Reply) -> dict[str, int]:
    """In words, for want of a tokenizer: enough for the plumbing of usage to be seen."""
    prompt = sum(len(message.content.split()) for message in chat.messages)
    completion = len(reply.text.split()) + 5 * len(reply.calls)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _calls(reply: Reply) -> list[dict[str, object]]:
    return [
        {
            "index": index,
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
        }
        for index, call in enumerate(reply.calls)
    ]


def _whole(chat: ChatRequest, reply: Reply) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": reply.text or None}
    if reply.calls:
        message["tool_calls"] = _calls(reply)
    finish = "tool_calls" if reply.calls else "stop"
    return {
        "id": f"stand-in-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": _usage(chat, reply),
    }


async def _stream(
    request: web.Request, chat: ChatRequest, reply: Reply, scenario: str
) -> web.StreamResponse:
    response = web.StreamResponse(headers={**_label(scenario), "Content-Type": "text/event-stream"})
    await response.prepare(request)
    base: dict[str, object] = {
        "id": f"stand-in-{uuid.uuid4().hex}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": MODEL,
    }

    async def send(choices: list[dict[str, object]], **more: object) -> None:
        chunk = json.dumps({**base, "choices": choices, **more})
        await response.write(f"data: {chunk}\n\n".encode())

    async def delta(content: dict[str, object], finish: str | None = None) -> None:
        await send([{"index": 0, "delta": content, "finish_reason": finish}])

    await delta({"role": "assistant", "content": ""})
    for word in reply.text.split():
        await delta({"content": f"{word} "})
    for call in _calls(reply):
        await delta({"tool_calls": [call]})
    await delta({}, "tool_calls" if reply.calls else "stop")
    await send([], usage=_usage(chat, reply))
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response
