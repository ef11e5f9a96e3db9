"""A language model that says what the test tells it to, in the framework's own terms.

>>> ScriptedLLM("Do you own your home?", ToolCall("end_call", reason="finished"))
>>> ScriptedLLM(word_by_word("It costs one thousand euros."), Fails())
"""

import asyncio
import itertools
import json
import re
from dataclasses import dataclass
from typing import Any

from livekit.agents import APIConnectionError, llm
from livekit.agents.llm import ChatChunk, ChatContext, ChoiceDelta, FunctionToolCall, Tool
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions


class ToolCall:
    """The model asks for a tool."""

    def __init__(self, name: str, /, **arguments: object) -> None:
        self.name = name
        self.json = json.dumps(arguments)


class GarbledToolCall(ToolCall):
    """The model asks for a tool with arguments that are not even JSON."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name)
        self.json = text


@dataclass(frozen=True, slots=True)
class Fails:
    """The provider cannot be reached (after what was said before it)."""


@dataclass(frozen=True, slots=True)
class Hangs:
    """The provider says no more and does not end."""


Part = str | ToolCall | Fails | Hangs
Reply = Part | tuple[Part, ...]
"""One answer of the model. Each text of a tuple is streamed as a chunk of its own."""


def word_by_word(text: str) -> tuple[Part, ...]:
    """The text as a model streams it: a chunk a word, the space before it."""
    return tuple(re.findall(r"\s*\S+", text))


class ScriptedLLM(llm.LLM[str]):
    """Gives its replies one after the other. `asked` are the contexts that it was given."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__()
        self._replies = list(replies)
        self.asked: list[ChatContext] = []
        self.offered: list[str] = []
        """Names of the tools in the last request."""

    @property
    def left(self) -> int:
        """Replies that nobody has asked for."""
        return len(self._replies)

    def next_reply(self) -> tuple[Part, ...]:
        """The reply that is due. A test that gets this error has too short a script."""
        if not self._replies:
            raise AssertionError("the scripted model was asked once more than it has replies")
        reply = self._replies.pop(0)
        return reply if isinstance(reply, tuple) else (reply,)

    def chat(
        self,
        *,
        chat_ctx: ChatContext,
        tools: list[Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        **_: Any,
    ) -> llm.LLMStream:
        """Stream the next reply."""
        self.asked.append(chat_ctx.copy())
        self.offered = [str(tool.id) for tool in tools or []]
        return _Stream(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


_ids = itertools.count()


class _Stream(llm.LLMStream):
    async def _run(self) -> None:
        assert isinstance(self._llm, ScriptedLLM)
        for part in self._llm.next_reply():
            match part:
                case Fails():
                    raise APIConnectionError("scripted failure", retryable=False)
                case Hangs():
                    await asyncio.get_running_loop().create_future()
                case str():
                    self._send(ChoiceDelta(role="assistant", content=part))
                case ToolCall():
                    call = FunctionToolCall(
                        name=part.name, arguments=part.json, call_id=f"call_{next(_ids)}"
                    )
                    self._send(ChoiceDelta(role="assistant", tool_calls=[call]))

    def _send(self, delta: ChoiceDelta) -> None:
        self._event_ch.send_nowait(ChatChunk(id="scripted", delta=delta))
