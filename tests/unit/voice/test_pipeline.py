"""Which engines a call gets, and that none of them is chosen by the framework."""

from collections.abc import AsyncIterator

import pytest
from livekit.agents import inference, vad
from livekit.agents.utils import http_context
from livekit.plugins import deepgram, openai

from agent.domain.languages import LANGUAGES
from agent.errors import SettingsError
from agent.settings import Settings
from agent.voice.pipeline import (
    build_pipeline,
    build_session,
    load_vad,
)
from agent.voice.recognisers import expect

SETTINGS = Settings(
    openai_api_key="example-password",
    openai_base_url="http://127.0.0.1:1/v1",
    deepgram_api_key="example-password",
    deepgram_base_url="ws://127.0.0.1:1/",
)


@pytest.fixture(scope="module")
def voice_activity() -> vad.VAD:
    return load_vad()


@pytest.fixture
async def http() -> AsyncIterator[None]:
    async with http_context.open():
        yield


@pytest.mark.usefixtures("http")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_engines_are_those_of_the_settings_in_the_language_of_the_playbook(
    language: str, voice_activity: vad.VAD
) -> None:
    pipeline = build_pipeline(SETTINGS, expect(language, ()), voice_activity)
    assert isinstance(pipeline.stt, deepgram.STT)
    assert isinstance(pipeline.llm, openai.LLM)
    assert pipeline.stt.model == "nova-3"
    assert pipeline.tts.model == LANGUAGES[language].voice.removeprefix("deepgram:")
    assert pipeline.stt._opts.endpoint_url == "ws://127.0.0.1:1/v1/listen"
    assert str(pipeline.llm._client.base_url) == "http://127.0.0.1:1/v1/"
    assert pipeline.llm._client.max_retries == 0, "retries are the session's, with its deadline"


@pytest.mark.parametrize("missing", ["openai_api_key", "deepgram_api_key"])
def test_a_key_that_is_missing_is_named(missing: str, voice_activity: vad.VAD) -> None:
    settings = SETTINGS.model_copy(update={missing: None})
    with pytest.raises(SettingsError, match=missing.upper()):
        build_pipeline(settings, expect("en", ()), voice_activity)


@pytest.mark.usefixtures("http")
async def test_turn_taking_is_the_same_in_development_mode(
    voice_activity: vad.VAD, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The framework alone would pick its cloud models there, and deafen the agent for 3 s."""
    monkeypatch.setenv("LIVEKIT_DEV_MODE", "1")
    monkeypatch.setenv("LIVEKIT_API_KEY", "example-user")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "example-password")
    session = build_session(
        build_pipeline(SETTINGS, expect("en", ()), voice_activity), silence_seconds=7
    )
    options = session.options
    assert isinstance(session.turn_detection, inference.TurnDetector)
    assert session.turn_detection.model.endswith("v1-mini")
    assert options.interruption["mode"] == "vad"
    assert not options.interruption["discard_audio_if_uninterruptible"]
    assert options.aec_warmup_duration is None
    assert options.user_away_timeout == 7
