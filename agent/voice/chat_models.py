"""Which language model answers, and which one when it does not."""

import re

from livekit.agents import llm
from livekit.agents.inference.llm import supports_prompt_cache_breakpoints
from livekit.agents.types import NOT_GIVEN

from agent.errors import SettingsError
from agent.settings import Settings
from agent.voice.chat_chain import ChatChain
from agent.voice.engines import read_engine
from agent.voice.openai_client import openai_client
from agent.voice.openai_plugin import openai

LONGEST_REPLY = 400
"""Tokens. A reply that runs away is paid for, and spoken."""

_TEMPERATURE = 0.3
_NEVER_REASONS = re.compile(r"gpt-(3|4)|chatgpt-")
"""Models that refuse a request which names an effort of reasoning."""
_EU = "https://eu.api.openai.com"


def build_chat(settings: Settings) -> llm.LLM[str]:
    """OPENAI_CHAT_MODEL, and CHAT_SECOND behind it where that is set. Raises SettingsError."""
    first = _model(
        settings, settings.openai_chat_model, settings.openai_base_url, settings.openai_api_key
    )
    if not settings.chat_second:
        return first
    engine = read_engine("CHAT_SECOND", settings.chat_second)
    if engine.company != "openai":
        raise SettingsError(
            f"CHAT_SECOND: {engine.company} is not known: openai is every server of its protocol, "
            "as openai:MODEL@https://HOST/v1"
        )
    second = _model(
        settings,
        engine.name,
        engine.url or settings.openai_base_url,
        settings.chat_second_api_key or settings.openai_api_key,
    )
    return ChatChain([first, second])


def reasoning_effort(settings: Settings, model: str) -> str | None:
    """What a request to `model` names as effort: none, for models that do not reason.

    Without it the newest models think before they speak, and refuse tools.
    """
    if not settings.openai_reasoning_effort or _NEVER_REASONS.match(model):
        return None
    return settings.openai_reasoning_effort


def _model(settings: Settings, model: str, base_url: str | None, key: str | None) -> openai.LLM:
    # The plugin by itself marks the end of what all calls share at OpenAI's first address only.
    marked = (base_url or "").startswith(_EU) and supports_prompt_cache_breakpoints(model)
    return openai.LLM(
        model=model,
        client=openai_client(key, base_url),
        temperature=_TEMPERATURE,
        reasoning_effort=reasoning_effort(settings, model) or NOT_GIVEN,  # type: ignore[arg-type]  # the plugin's literal of what the server checks
        max_completion_tokens=LONGEST_REPLY,
        prompt_cache_breakpoints=True if marked else "auto",
    )
