"""A language model with another behind it: a reply begins late rather than not at all.

What the first model has written is kept back to the end of its first clause. If it dies before
that, nobody has heard of it and the next model writes the reply; if later, the reply ends there.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import structlog
from livekit.agents import APIConnectOptions, APIError, APITimeoutError, llm
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr

from agent.voice.standby import Standby

FIRST_WORD_SECONDS = 2.5
"""From a request to the first piece of the answer."""
GAP_SECONDS = 2.5
"""Between two pieces."""

_CLAUSE_END = re.compile(r"[.!?…,;:](?=\s)")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    """What the framework asks for, as every member is asked for it."""

    chat_ctx: llm.ChatContext
    tools: list[llm.Tool]
    parallel_tool_calls: NotGivenOr[bool]
    tool_choice: NotGivenOr[llm.ToolChoice]
    extra_kwargs: NotGivenOr[dict[str, Any]]


class ChatChain(llm.LLM[str]):
    """Models in order of preference, as one."""

    def __init__(
        self, models: Sequence[llm.LLM[str]], now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._standby: Standby[llm.LLM[str]] = Standby(models, now)
        self._writing = models[0]
        for model in models:
            model.on("metrics_collected", self._counted)

    @property
    def model(self) -> str:
        return self._writing.model

    @property
    def provider(self) -> str:
        return self._writing.provider

    @property
    def models(self) -> tuple[llm.LLM[str], ...]:
        """All, in order of preference."""
        return self._standby.members

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,
    ) -> llm.LLMStream:
        """`conn_options` are not obeyed: the deadlines here stand, and retries are other models."""
        request = _Request(chat_ctx, tools or [], parallel_tool_calls, tool_choice, extra_kwargs)
        return _Reply(self, request)

    def prewarm(self, *, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.models[0].prewarm(loop=loop)

    async def aclose(self) -> None:
        for model in self.models:
            model.off("metrics_collected", self._counted)
            await model.aclose()

    async def write(self, request: _Request) -> AsyncGenerator[llm.ChatChunk, None]:
        """The reply. Raises the APIError of the model that failed last, or in mid-reply."""
        attempts = self._standby.in_order()
        for model in attempts:
            held: list[llm.ChatChunk] | None = []
            try:
                async with aclosing(_written(model, request)) as chunks:
                    async for chunk in chunks:
                        self._writing = model
                        if held is not None:
                            held.append(chunk)
                            if not _may_be_heard(held):
                                continue
                            for kept in held:
                                yield kept
                            held = None
                        else:
                            yield chunk
            except APIError as error:
                log.warning("model_failed", model=model.label, error=type(error).__name__)
                self._standby.failed(model)
                if held is None or model is attempts[-1]:
                    raise
            else:
                for kept in held or ():
                    yield kept
                return

    def _counted(self, *metrics: object) -> None:
        self.emit("metrics_collected", *metrics)


class _Reply(llm.LLMStream):
    def __init__(self, chain: ChatChain, request: _Request) -> None:
        super().__init__(
            chain,
            chat_ctx=request.chat_ctx,
            tools=request.tools,
            conn_options=APIConnectOptions(max_retry=0),
        )
        self._chain = chain
        self._request = request

    async def _metrics_monitor_task(self, event_aiter: AsyncIterable[llm.ChatChunk]) -> None:
        """The model that writes counts its own tokens."""
        async for _ in event_aiter:
            pass

    async def _run(self) -> None:
        async with aclosing(self._chain.write(self._request)) as chunks:
            async for chunk in chunks:
                self._event_ch.send_nowait(chunk)


def _may_be_heard(held: list[llm.ChatChunk]) -> bool:
    """Whether a whole clause or a call of a tool is there."""
    deltas = [chunk.delta for chunk in held if chunk.delta is not None]
    if any(delta.tool_calls for delta in deltas):
        return True
    return _CLAUSE_END.search("".join(delta.content or "" for delta in deltas)) is not None


async def _written(model: llm.LLM[str], request: _Request) -> AsyncGenerator[llm.ChatChunk, None]:
    """What one model writes. Raises APITimeoutError when it says nothing for too long."""
    limit = FIRST_WORD_SECONDS
    async with model.chat(
        chat_ctx=request.chat_ctx,
        tools=request.tools,
        conn_options=APIConnectOptions(max_retry=0, timeout=limit),
        parallel_tool_calls=request.parallel_tool_calls,
        tool_choice=request.tool_choice,
        extra_kwargs=request.extra_kwargs,
    ) as stream:
        while True:
            try:
                async with asyncio.timeout(limit):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise APITimeoutError(f"{model.label} wrote nothing for {limit} s") from None
            yield chunk
            limit = GAP_SECONDS
