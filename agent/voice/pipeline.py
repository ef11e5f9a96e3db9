"""The speech pipeline of one call: which engines, for which language, and how turns are taken.

This file is the single source of turn-taking figures; the engines are in `recognisers`,
`chat_models` and `voices`. Everything is stated: the framework's own defaults pick cloud models
when it runs in development mode.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from livekit.agents import AgentSession, APIConnectOptions, inference, llm, stt, tokenize, tts, vad
from livekit.agents.voice.agent_session import SessionConnectOptions
from livekit.agents.voice.room_io import AudioInputOptions

from agent.settings import Settings
from agent.voice.chat_models import build_chat
from agent.voice.openai_client import ANSWER_SECONDS, trust
from agent.voice.recognisers import Expected, build_recogniser
from agent.voice.voice_chain import Say
from agent.voice.voices import AgentVoices

_CONNECT = APIConnectOptions(max_retry=1, retry_interval=0.2, timeout=ANSWER_SECONDS)

# Modules that the first request would otherwise import while the caller waits.
_IMPORTED_LATE = (
    "anyio._backends._asyncio",
    "anyio.streams.stapled",
    "openai.lib._chat_completion_resources",
    "openai.lib.streaming.chat",
    "openai.pagination",
    "openai.resources.audio.audio",
    "openai.resources.audio.speech",
    "openai.resources.audio.transcriptions",
    "openai.resources.chat.chat",
    "openai.resources.chat.completions.completions",
    "openai.resources.models",
)

LISTENING = AudioInputOptions(sample_rate=16_000, frame_size_ms=20)
"""How a call's audio reaches recogniser, voice activity and turn detector: at the rate at which all
three work, and in frames so short that nobody waits for the end of one. The framework's 24 kHz are
resampled three times, and its frames of 50 ms make every turn and barge-in up to 30 ms later."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The engines of one call. Bound to no event loop until it is used."""

    stt: stt.STT[str]
    llm: llm.LLM[str]
    tts: tts.TTS[str]
    voices: AgentVoices
    """Those of other languages; `tts` is the one that the call begins with."""
    vad: vad.VAD


def load_vad() -> vad.VAD:
    """Voice activity detection.

    The one inside the framework's native library, where the turn detector is too: job processes
    share its weights. The same model in the silero plugin costs each of them 19 MB and 0.05 s.

    0.25 s of silence ends a stretch of speech, the least that the turn detector works with: it, not
    this, decides whether the caller has finished.
    """
    return inference.VAD(min_silence_duration=0.25, min_speech_duration=0.05)


def warm_up() -> None:
    """Load now what libraries load lazily; otherwise the caller's first word waits for it.

    In the worker this runs before job processes are forked, which then share the result.
    """
    for module in _IMPORTED_LATE:
        importlib.import_module(module)
    tokenize.basic.hyphenate_word("telephone")
    trust()
    np.fft.rfft(np.zeros(16))


def build_pipeline(
    settings: Settings,
    expected: Expected,
    voice_activity: vad.VAD,
    says: Mapping[str, Say] | None = None,
) -> Pipeline:
    """Engines for a call, with the providers that the settings name. Raises SettingsError.

    `says`: how each language says numbers, signs and names.
    """
    settings.need("OPENAI_API_KEY", "DEEPGRAM_API_KEY")
    voices = AgentVoices(settings, says)
    return Pipeline(
        stt=build_recogniser(settings, expected),
        llm=build_chat(settings),
        tts=voices.of(expected.languages[0]),
        voices=voices,
        vad=voice_activity,
    )


def build_session(pipeline: Pipeline, *, silence_seconds: float) -> AgentSession[None]:
    """An AgentSession for the telephone.

    `silence_seconds`: how long both sides may be quiet before the caller counts as away.
    """
    return AgentSession[None](
        stt=pipeline.stt,
        llm=pipeline.llm,
        tts=pipeline.tts,
        vad=pipeline.vad,
        turn_handling={
            "turn_detection": inference.TurnDetector(version="v1-mini"),
            # With a min_delay below the recogniser's delay, a sentence with a pause would be
            # answered after its first half. It costs nothing: the answer is generated from the
            # moment the words are there (preemptive_generation), and takes longer. max_delay is
            # for a caller who, the turn detector thinks, will go on.
            "endpointing": {"mode": "fixed", "min_delay": 0.5, "max_delay": 1.6},
            "interruption": {
                "mode": "vad",
                # Pausing early is cheap because a false alarm resumes: an "mm-hm" costs the caller
                # a short pause, a real interruption is obeyed half a second after it began.
                "min_duration": 0.2,
                "resume_false_interruption": True,
                # For a noise that no words follow; after an "mm-hm" see false_interruption.py.
                "false_interruption_timeout": 1.5,
                # What the caller says during the disclosure is heard (see opening.py).
                "discard_audio_if_uninterruptible": False,
            },
            "preemptive_generation": {"enabled": True, "preemptive_tts": True},
        },
        # There is no echo canceller to warm up on a phone line; the default would deafen the agent
        # for the first 3 s.
        aec_warmup_duration=None,
        user_away_timeout=silence_seconds,
        # Speech without a transcript for this long: the recogniser is down.
        transcription_timeout=4.0,
        max_tool_steps=4,
        conn_options=SessionConnectOptions(
            stt_conn_options=_CONNECT,
            llm_conn_options=_CONNECT,
            tts_conn_options=_CONNECT,
            # We decide when a failing provider ends the call (conversation/provider_failures.py).
            max_unrecoverable_errors=1000,
        ),
    )
