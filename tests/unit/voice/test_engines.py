"""What settings make of engines: which are built, in which order, and what a mistake is told."""

from collections.abc import AsyncIterator

import pytest
from livekit.agents import tts
from livekit.agents.utils import http_context
from livekit.plugins import deepgram, openai

from agent.domain.languages import LANGUAGES
from agent.errors import SettingsError
from agent.settings import Settings
from agent.voice.chat_chain import ChatChain
from agent.voice.chat_models import build_chat
from agent.voice.engines import Engine, read_engine, read_engines
from agent.voice.model_ends import announced_end
from agent.voice.pipeline import build_pipeline, load_vad
from agent.voice.recogniser_chain import RecogniserChain
from agent.voice.recognisers import MOST_TERMS, build_recogniser, expect
from agent.voice.voices import (
    ENGINES,
    SAMPLE_RATE,
    AgentVoices,
    build_chain,
    build_voice,
    voice_key,
)

SETTINGS = Settings(
    openai_api_key="example-openai",
    openai_base_url="http://127.0.0.1:1/v1",
    deepgram_api_key="example-deepgram",
    cartesia_api_key="example-cartesia",
)


def changed(**values: object) -> Settings:
    return SETTINGS.model_copy(update=values)


@pytest.fixture(autouse=True)
async def _http() -> AsyncIterator[None]:
    async with http_context.open():
        yield


def test_an_engine_is_read_with_its_address_and_without() -> None:
    assert read_engines("VOICE_NL", "deepgram:voice@https://api.eu.deepgram.com/ , openai:ash") == (
        Engine("deepgram", "voice", "https://api.eu.deepgram.com"),
        Engine("openai", "ash"),
    )
    assert str(read_engine("X", "openai:m@http://h:1/v1")) == "openai:m@http://h:1/v1"


@pytest.mark.parametrize(
    "text", ["ash", "deepgram:", ":ash", "deepgram:a b", "deepgram:a,", "Deepgram:a"]
)
def test_what_names_no_engine_is_told_with_its_variable(text: str) -> None:
    with pytest.raises(SettingsError, match=r"VOICE_FR: .* names no engine"):
        read_engines("VOICE_FR", text)


def test_two_engines_where_one_is_meant_are_refused() -> None:
    with pytest.raises(SettingsError, match="CHAT_SECOND: name one"):
        read_engine("CHAT_SECOND", "openai:a,openai:b")


@pytest.mark.parametrize("code", LANGUAGES)
async def test_every_language_has_a_voice_of_its_own_with_the_owners_key(code: str) -> None:
    voice = build_voice(SETTINGS, code)
    assert voice.model == LANGUAGES[code].voice.removeprefix("deepgram:")
    assert voice.model.endswith(f"-{code}")
    assert voice.capabilities.streaming
    assert voice.capabilities.aligned_transcript, "what was heard is known by these marks"
    assert len({LANGUAGES[each].voice for each in LANGUAGES}) == len(LANGUAGES)


async def test_voices_speak_in_the_order_of_the_setting() -> None:
    chain = build_chain(
        changed(voices={"fr": "openai:ash@http://own.example/v1, deepgram:aura-2-hector-fr"}), "fr"
    )
    first, second = chain.voices
    assert isinstance(first, openai.TTS)
    assert str(first._client.base_url) == "http://own.example/v1/"
    assert first._opts.response_format == "pcm", "decoding costs time before the first word"
    assert isinstance(second, deepgram.TTS)
    assert second._opts.mip_opt_out
    assert second._opts.base_url == "https://api.deepgram.com/v1/speak"


async def test_another_region_of_deepgram_is_a_second_voice_with_the_same_key() -> None:
    spec = "deepgram:aura-2-rhea-nl,deepgram:aura-2-rhea-nl@https://api.eu.deepgram.com"
    chain = build_chain(changed(voices={"nl": spec}), "nl")
    second = chain.voices[1]
    assert isinstance(second, deepgram.TTS)
    assert second._opts.base_url == "https://api.eu.deepgram.com/v1/speak"
    assert second._opts.api_key == "example-deepgram"


@pytest.mark.parametrize("company", ENGINES)
async def test_every_engine_gives_the_sound_that_calls_expect(company: str) -> None:
    if company == "cartesia":
        pytest.importorskip("livekit.plugins.cartesia")
    chain = build_chain(changed(voices={"en": f"{company}:some-voice"}), "en")
    (voice,) = chain.voices
    assert (voice.sample_rate, voice.num_channels) == (SAMPLE_RATE, 1)
    await chain.aclose()
    await chain.aclose()


@pytest.mark.parametrize(
    ("voices", "settings", "told"),
    [
        ({"en": "acme:x"}, {}, "VOICE_EN: acme is not known: one of deepgram, openai, cartesia"),
        ({"en": "cartesia:x"}, {"cartesia_api_key": None}, "CARTESIA_API_KEY"),
        ({"en": "deepgram:x"}, {"deepgram_api_key": None}, "DEEPGRAM_API_KEY"),
    ],
)
async def test_a_voice_that_cannot_be_built_says_what_to_change(
    voices: dict[str, str], settings: dict[str, object], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        build_chain(changed(voices=voices, **settings), "en")


async def test_an_engine_that_is_not_installed_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "livekit.plugins.cartesia", None)
    with pytest.raises(SettingsError, match=r"VOICE_DE names cartesia.*pip install"):
        build_chain(changed(voices={"de": "cartesia:x"}), "de")


def test_stored_sound_is_another_when_anything_that_makes_it_is() -> None:
    keys = [
        voice_key(SETTINGS, "fr"),
        voice_key(SETTINGS, "nl"),
        voice_key(changed(voices={"fr": "deepgram:aura-2-hector-fr"}), "fr"),
        voice_key(changed(deepgram_base_url="http://127.0.0.1:2"), "fr"),
        voice_key(changed(voices={"fr": "openai:ash"}), "fr"),
        voice_key(changed(voices={"fr": "openai:ash"}, openai_speech_model="tts-9"), "fr"),
    ]
    assert len(set(keys)) == len(keys)


async def test_the_model_is_told_not_to_think_before_it_speaks() -> None:
    model = build_chat(SETTINGS)
    assert isinstance(model, openai.LLM)
    assert model.model == "gpt-6-luna"
    assert model._opts.reasoning_effort == "none"
    assert model._opts.max_completion_tokens == 400


@pytest.mark.parametrize("name", ["gpt-4.1", "gpt-4o-mini", "gpt-3.5-turbo"])
async def test_a_model_that_cannot_reason_is_not_asked_not_to(name: str) -> None:
    model = build_chat(changed(openai_chat_model=name))
    assert isinstance(model, openai.LLM)
    assert not model._opts.reasoning_effort


async def test_a_second_model_has_its_own_address_and_key() -> None:
    model = build_chat(
        changed(
            chat_second="openai:small@https://other.example/v1",
            chat_second_api_key="example-theirs",
        )
    )
    assert isinstance(model, ChatChain)
    first, second = model.models
    assert isinstance(first, openai.LLM)
    assert isinstance(second, openai.LLM)
    assert first._client.api_key == "example-openai"
    assert (second.model, second._client.api_key) == ("small", "example-theirs")
    assert str(second._client.base_url) == "https://other.example/v1/"


async def test_in_europe_the_prompts_shared_part_is_marked_too() -> None:
    model = build_chat(changed(openai_base_url="https://eu.api.openai.com/v1"))
    assert isinstance(model, openai.LLM)
    assert model._resolve_prompt_cache_breakpoints()
    old = build_chat(
        changed(openai_base_url="https://eu.api.openai.com/v1", openai_chat_model="gpt-4.1")
    )
    assert isinstance(old, openai.LLM)
    assert not old._resolve_prompt_cache_breakpoints(), "older models refuse the mark"


async def test_the_recogniser_expects_every_language_and_the_playbooks_names() -> None:
    expected = expect("nl", ["Fernhill Energy", "Robin", "Robin", *map(str, range(100))])
    assert expected.languages[0] == "nl"
    assert set(expected.languages) == set(LANGUAGES)
    assert len(expected.terms) == MOST_TERMS, "more, and Deepgram falls silent"
    recogniser = build_recogniser(SETTINGS, expected)
    assert isinstance(recogniser, deepgram.STT)
    options = recogniser._opts
    assert options.language == "multi"
    assert options.keyterm[:2] == ["Fernhill Energy", "Robin"]
    assert options.mip_opt_out
    assert options.endpointing_ms == 300
    assert recogniser.capabilities.manual_flush


@pytest.mark.parametrize("model", ["nova-2", "nova-3-medical"])
async def test_names_go_to_models_that_take_them(model: str) -> None:
    recogniser = build_recogniser(changed(deepgram_model=model), expect("en", ["Robin"]))
    assert isinstance(recogniser, deepgram.STT)
    assert bool(recogniser._opts.keyterm) is model.startswith("nova-3")


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        ("flux:flux-general-multi", deepgram.STTv2),
        ("deepgram:nova-3@https://api.eu.deepgram.com", deepgram.STT),
    ],
)
async def test_a_second_recogniser_stands_behind_the_first(second: str, kind: type[object]) -> None:
    recogniser = build_recogniser(changed(recogniser_second=second), expect("fr", ["Robin"]))
    assert isinstance(recogniser, RecogniserChain)
    assert isinstance(recogniser.recognisers[1], kind)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"recogniser_second": "whisper:x"}, "RECOGNISER_SECOND: whisper is not known: one of"),
        ({"recogniser_second": "nova-3"}, "RECOGNISER_SECOND: 'nova-3' names no engine"),
        ({"chat_second": "deepgram:x"}, "CHAT_SECOND: deepgram is not known"),
    ],
)
async def test_a_second_that_cannot_be_built_says_what_to_change(
    values: dict[str, object], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        build_pipeline(changed(**values), expect("en", ()), load_vad())


def test_the_defaults_are_engines_whose_end_nobody_has_announced() -> None:
    defaults = Settings()
    assert announced_end(defaults.openai_chat_model) is None
    assert announced_end(defaults.deepgram_model) is None
    assert announced_end("gpt-4.1") == announced_end("gpt-4.1-2025-04-14") is not None
    assert announced_end("gpt-5") != announced_end("gpt-5.1")


def test_a_call_has_one_voice_for_each_language_that_it_comes_to() -> None:
    voices = AgentVoices(SETTINGS)
    assert voices.of("fr") is voices.of("fr")
    assert voices.of("fr").model == "aura-2-agathe-fr"
    assert voices.of("nl") is not voices.of("fr")


def test_voices_are_wrapped_so_that_the_session_gets_sentences() -> None:
    assert isinstance(build_voice(SETTINGS, "en"), tts.StreamAdapter)
