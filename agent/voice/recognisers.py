"""Which recogniser hears the caller, what it is told to expect, and which one comes second."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
from livekit.agents import stt
from livekit.agents.types import NOT_GIVEN
from livekit.plugins import deepgram

from agent.domain.languages import LANGUAGES, language
from agent.errors import SettingsError
from agent.settings import Settings
from agent.voice.engines import Engine, read_engine
from agent.voice.recogniser_chain import RecogniserChain

DEEPGRAM = "https://api.deepgram.com"
ALL_LANGUAGES = "multi"
"""Deepgram's code for a call in which any language may be spoken."""

MOST_TERMS = 60
"""Deepgram takes 500 tokens of them; above that it falls silent and drops the line."""

_PAUSE_MS = 300
"""Of silence that ends a piece of speech. With the plugin's 25 a long answer comes in many pieces,
and each is answered; and nobody waits for it, since the turn detector asks for the words."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a call's recogniser is told: languages, the likeliest first, and names to know."""

    languages: tuple[str, ...]
    terms: tuple[str, ...] = ()


def expect(first: str, terms: Iterable[str]) -> Expected:
    """A call that begins in the language `first` and may change to any other of the table."""
    languages = [first, *(code for code in LANGUAGES if code != first)]
    once = list(dict.fromkeys(term.strip() for term in terms))
    return Expected(tuple(languages), tuple(once[:MOST_TERMS]))


def build_recogniser(settings: Settings, expected: Expected) -> stt.STT[str]:
    """DEEPGRAM_MODEL, and RECOGNISER_SECOND behind it where that is set. Raises SettingsError."""
    first = _deepgram(settings, Engine("deepgram", settings.deepgram_model), expected)
    if not settings.recogniser_second:
        return first
    engine = read_engine("RECOGNISER_SECOND", settings.recogniser_second)
    builder = ENGINES.get(engine.company)
    if builder is None:
        known = ", ".join(ENGINES)
        raise SettingsError(f"RECOGNISER_SECOND: {engine.company} is not known: one of {known}")
    return RecogniserChain([first, builder(settings, engine, expected)])


def hints(expected: Expected) -> tuple[str, ...]:
    """Deepgram's codes of the languages to expect."""
    return tuple(hint for code in expected.languages for hint in language(code).hints)


class HintedRecogniser(deepgram.STT):
    """Deepgram's recogniser, told which languages to expect: the plugin has no argument for it."""

    def __init__(self, hints: Sequence[str], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # as written in `_deepgram`
        self._hints = "".join(f"&language_hint={hint}" for hint in hints)

    def _ensure_session(self) -> aiohttp.ClientSession:
        return cast(aiohttp.ClientSession, _Hinting(super()._ensure_session(), self._hints))


class _Hinting:
    """An HTTP session that adds to the address of a WebSocket."""

    def __init__(self, session: aiohttp.ClientSession, more: str) -> None:
        self._session = session
        self._more = more

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)

    def ws_connect(self, url: str, **options: Any) -> object:
        return self._session.ws_connect(url + self._more, **options)


def _deepgram(settings: Settings, engine: Engine, expected: Expected) -> stt.STT[str]:
    spoken = settings.deepgram_language
    root = (engine.url or settings.deepgram_base_url or DEEPGRAM).rstrip("/")
    recogniser = HintedRecogniser(
        hints=hints(expected) if spoken == ALL_LANGUAGES else (),
        model=engine.name,
        language=spoken,
        api_key=settings.deepgram_api_key or NOT_GIVEN,
        base_url=f"{root}/v1/listen",
        smart_format=False,
        endpointing_ms=_PAUSE_MS,
        keyterm=list(expected.terms) if engine.name.startswith("nova-3") else NOT_GIVEN,
        mip_opt_out=True,  # a customer's speech trains nobody's model
    )
    # The plugin can ask for the final transcript ("Finalize") but does not say so. When the turn
    # detector is sure that the caller has finished, the words need not wait for the recogniser's
    # own idea of a pause: 0.1 s.
    recogniser.capabilities.manual_flush = True
    return recogniser


def _flux(settings: Settings, engine: Engine, expected: Expected) -> stt.STT[str]:
    root = (engine.url or settings.deepgram_base_url or DEEPGRAM).rstrip("/")
    return deepgram.STTv2(
        model=engine.name,
        language_hint=list(hints(expected)) if engine.name.endswith("-multi") else NOT_GIVEN,
        keyterm=list(expected.terms),
        api_key=settings.deepgram_api_key or NOT_GIVEN,
        base_url=f"{root}/v2/listen",
        mip_opt_out=True,
    )


ENGINES: Mapping[str, Callable[[Settings, Engine, Expected], stt.STT[str]]] = {
    "deepgram": _deepgram,
    "flux": _flux,
}
"""By the name before the colon of RECOGNISER_SECOND. flux is Deepgram's other recogniser."""
