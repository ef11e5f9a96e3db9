"""The agent's voices: one for each language, each with those that speak when it does not.

Another engine is a builder and its line in `ENGINES`.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from livekit.agents import tts
from livekit.plugins import deepgram

from agent.domain.languages import Language, language
from agent.errors import SettingsError
from agent.settings import Settings
from agent.voice.engines import Engine, read_engines
from agent.voice.openai_client import openai_client
from agent.voice.openai_plugin import openai
from agent.voice.recognisers import DEEPGRAM
from agent.voice.sentences import Sentences
from agent.voice.voice_chain import Say, VoiceChain, as_written

SAMPLE_RATE = 24_000
"""Of every voice: Hz, mono, 16 bit."""

CARTESIA = "https://api.cartesia.ai"
_CARTESIA_MODEL = "sonic-3"

Builder = Callable[[Settings, Engine, Language], "tts.TTS[str]"]


class AgentVoices:
    """The voices of one call, each built when the call comes to its language.

    One for each language and not one that changes: what is being said ends in the voice in which it
    began (`agent.update_options(tts=voices.of("fr"))`).
    """

    def __init__(self, settings: Settings, says: Mapping[str, Say] | None = None) -> None:
        """`says`: how each language says numbers, signs and names."""
        self._settings = settings
        self._says = says or {}
        self._built: dict[str, tts.TTS[str]] = {}

    def of(self, code: str) -> tts.TTS[str]:
        """The voice of a language. Raises SettingsError."""
        if code not in self._built:
            self._built[code] = build_voice(self._settings, code, self._says.get(code, as_written))
        return self._built[code]


def build_voice(settings: Settings, code: str, say: Say = as_written) -> tts.TTS[str]:
    """The voice of a language, as VOICE_<CODE> names it, in sentences. Raises SettingsError."""
    return tts.StreamAdapter(tts=build_chain(settings, code, say), sentence_tokenizer=Sentences())


def build_chain(settings: Settings, code: str, say: Say = as_written) -> VoiceChain:
    """The same, for one who has whole sentences."""
    spoken = language(code)
    return VoiceChain(
        [_builder(code, engine)(settings, engine, spoken) for engine in engines(settings, code)],
        say=say,
    )


def engines(settings: Settings, code: str) -> tuple[Engine, ...]:
    """Which engines speak a language, the preferred one first. Raises SettingsError."""
    found = read_engines(variable(code), settings.voices.get(code) or language(code).voice)
    for engine in found:
        _builder(code, engine)
    return found


def variable(code: str) -> str:
    """The setting of a language's voice: VOICE_NL."""
    return f"VOICE_{code.upper()}"


def voice_key(settings: Settings, code: str) -> str:
    """Names the voice that audio of a language is made by: engines, addresses, models, language."""
    first = engines(settings, code)[0]
    root = {
        "openai": f"{settings.openai_base_url}|{settings.openai_speech_model}",
        "deepgram": f"{settings.deepgram_base_url}",
    }.get(first.company, "")
    return f"{code}|{first}|{root}"


def _builder(code: str, engine: Engine) -> Builder:
    builder = ENGINES.get(engine.company)
    if builder is None:
        known = ", ".join(ENGINES)
        raise SettingsError(f"{variable(code)}: {engine.company} is not known: one of {known}")
    return builder


def _deepgram(settings: Settings, engine: Engine, spoken: Language) -> tts.TTS[str]:
    settings.need("DEEPGRAM_API_KEY")
    root = (engine.url or settings.deepgram_base_url or DEEPGRAM).rstrip("/")
    return deepgram.TTS(
        model=engine.name,
        sample_rate=SAMPLE_RATE,
        api_key=settings.deepgram_api_key,
        base_url=f"{root}/v1/speak",
        mip_opt_out=True,
    )


def _openai(settings: Settings, engine: Engine, spoken: Language) -> tts.TTS[str]:
    settings.need("OPENAI_API_KEY")
    return openai.TTS(
        model=settings.openai_speech_model,
        voice=engine.name,
        client=openai_client(settings.openai_api_key, engine.url or settings.openai_base_url),
        response_format="pcm",  # decoding mp3 costs time before the first word
    )


class _Cartesia(Protocol):
    """As much of the plugin as is used; it is installed where somebody wants it."""

    def TTS(self, **options: object) -> "tts.TTS[str]": ...


def _cartesia(settings: Settings, engine: Engine, spoken: Language) -> tts.TTS[str]:
    settings.need("CARTESIA_API_KEY")
    try:
        plugin = importlib.import_module("livekit.plugins.cartesia")
    except ImportError:
        raise SettingsError(
            f"{variable(spoken.code)} names cartesia, which is not installed: "
            "pip install '.[cartesia]'"
        ) from None
    return cast(_Cartesia, plugin).TTS(
        model=_CARTESIA_MODEL,
        voice=engine.name,
        language=spoken.code,
        sample_rate=SAMPLE_RATE,
        api_key=settings.cartesia_api_key,
        base_url=engine.url or CARTESIA,
    )


ENGINES: Mapping[str, Builder] = {"deepgram": _deepgram, "openai": _openai, "cartesia": _cartesia}
"""By the name before the colon."""
