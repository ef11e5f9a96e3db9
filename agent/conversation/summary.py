"""The closing analysis: what the sales manager reads first. A call is whole without it."""

import asyncio
from pathlib import Path

import structlog
from livekit.agents import APIError, llm
from livekit.agents.llm import ChatContext

from agent.conversation.instructions import fill
from agent.conversation.playbook import Playbook

log = structlog.get_logger(__name__)

_LONGEST = 1200


async def summarise(
    model: llm.LLM[str],
    prompts_dir: Path,
    playbook: Playbook,
    history: ChatContext,
    seconds: float,
) -> str | None:
    """A summary of the conversation; None if nobody spoke or the model is not there in time."""
    spoken = [
        f"{'Agent' if item.role == 'assistant' else 'Caller'}: {item.text_content}"
        for item in history.items
        if item.type == "message" and item.role in ("assistant", "user") and item.text_content
    ]
    if not any(line.startswith("Caller:") for line in spoken):
        return None
    context = ChatContext.empty()
    context.add_message(
        role="system", content=fill(prompts_dir / "summary.md", company=playbook.company)
    )
    context.add_message(role="user", content="\n".join(spoken))
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
