"""Offline voices: hibari speaks for the agent in English, SVOX Pico for the customers.

Two engines, so that a listener (and a test that mixes them up) can tell who speaks. In French and
German Pico is both, in Dutch it reads with its German mouth: good for hearing who talks when, and
for nothing else. Pico has no macOS wheel; there hibari is everybody.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hibari import Hibari

try:
    from py_nanotts import NanoTTS
except ImportError:  # macOS
    NanoTTS = None

OUTPUT_RATE = 24_000
"""Samples a second of everything spoken here; hibari's own rate, and OpenAI's for `pcm`."""

PICO_PREFIX = "pico:"
AGENT_PREFIX = "agent:"
_OF_THE_AGENT = {"fr": "fr-FR", "de": "de-DE", "nl": "de-DE", "es": "es-ES", "it": "it-IT"}
"""Which voice of Pico is the agent's; in any other language hibari is."""
PICO_VOICES = frozenset({"en-GB", "en-US", "de-DE", "es-ES", "fr-FR", "it-IT"})
_PICO_RATE = 16_000


class Voices:
    """Every voice of the stand-in. Each engine has one thread: neither is safe in two."""

    def __init__(self) -> None:
        self._hibari = Hibari(threads=1)
        _ = self._hibari.g2p  # loads its dictionaries now, not with the first caller
        self._pico = NanoTTS() if NanoTTS is not None else None
        self._hibari_thread = ThreadPoolExecutor(1, thread_name_prefix="hibari")
        self._pico_thread = ThreadPoolExecutor(1, thread_name_prefix="pico")

    async def speak(self, text: str, voice: str, speed: float = 1.0) -> AsyncIterator[bytes]:
        """`text` as 16-bit mono PCM at OUTPUT_RATE, a sentence a piece.

        `voice` is "pico:en-GB" (or another of PICO_VOICES, or "pico:nl-NL"), or "agent:fr"; any
        other name is hibari's one voice.
        """
        loop = asyncio.get_running_loop()
        language = _pico_voice(voice)
        if self._pico is not None and language in PICO_VOICES:
            pcm: bytes = await loop.run_in_executor(
                self._pico_thread, self._pico.speak, text, language, speed
            )
            yield _to_output_rate(pcm)
            return
        sentences = iter(self._hibari.stream(text, speed=speed))
        while True:
            # One sentence a job: requests that come together take turns.
            sentence = await loop.run_in_executor(self._hibari_thread, next, sentences, None)
            if sentence is None:
                return
            yield (np.clip(sentence, -1, 1) * 32767).astype("<i2").tobytes()

    def close(self) -> None:
        """Stop the threads without waiting for a sentence that is being made."""
        for thread in (self._hibari_thread, self._pico_thread):
            thread.shutdown(wait=False, cancel_futures=True)


def language_of(voice: str) -> str:
    """What a customer's voice speaks, two letters: "pico:fr-FR" French, hibari English."""
    return voice.removeprefix(PICO_PREFIX)[:2] if voice.startswith(PICO_PREFIX) else "en"


def _pico_voice(voice: str) -> str:
    """Pico's name for a voice; empty where hibari speaks."""
    if voice.startswith(AGENT_PREFIX):
        return _OF_THE_AGENT.get(voice.removeprefix(AGENT_PREFIX), "")
    if not voice.startswith(PICO_PREFIX):
        return ""
    wanted = voice.removeprefix(PICO_PREFIX)
    return wanted if wanted in PICO_VOICES else _OF_THE_AGENT.get(wanted[:2], "")


def _to_output_rate(pcm: bytes) -> bytes:
    """16 -> 24 kHz by straight lines: what that leaves above 8 kHz never passes a phone line."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    at = np.arange(len(samples) * OUTPUT_RATE // _PICO_RATE) * (_PICO_RATE / OUTPUT_RATE)
    resampled: bytes = np.interp(at, np.arange(len(samples)), samples).astype("<i2").tobytes()
    return resampled
