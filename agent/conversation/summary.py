"""The closing analysis: what the sales manager reads first. A call is whole without it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog
from livekit.agents import APIError, llm
from livekit.agents.llm import ChatContext

from agent.domain.calls import CallTurn, Speaker
from agent.domain.languages import name_of
from agent.playbook.instructions import fill
from agent.playbook.model import Playbook

log = structlog.get_logger(__name__)

_LONGEST = 1200


async def summarise(
    model: llm.LLM[str],
    prompts_dir: Path,
    playbook: Playbook,
    turns: Sequence[CallTurn],
    seconds: float,
) -> str | None:
    """A summary of the conversation; None if nobody spoke or the model is not there in time."""
    if not any(turn.speaker is Speaker.CALLER for turn in turns):
        return None
    in_order = sorted(turns, key=lambda turn: turn.started_at)
    context = ChatContext.empty()
    context.add_message(
        role="system",
        content=fill(
            prompts_dir / "summary.md",
            company=playbook.company,
            language=name_of(playbook.language, in_language="en"),
        ),
    )
    context.add_message(role="user", content="\n".join(map(_line, in_order)))
    words: list[str] = []
    try:
        async with asyncio.timeout(seconds), model.chat(chat_ctx=context) as stream:
            async for chunk in stream:
                if chunk.delta is not None and chunk.delta.content:
                    words.append(chunk.delta.content)
    except (TimeoutError, APIError) as error:
        log.warning("no_summary", error=type(error).__name__)
        return None
    return "".join(words).strip()[:_LONGEST] or None


def _line(turn: CallTurn) -> str:
    return f"{turn.speaker.capitalize()}: {turn.text}"
