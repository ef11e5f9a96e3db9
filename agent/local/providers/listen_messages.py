"""Deepgram's streaming protocol, as far as it is spoken here: the query, and the words."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.local.providers.recognition import SAMPLE_RATE

DEFAULT_END_SILENCE_S = 0.3
"""Also where `endpointing` is 100 ms or less (the plugin's default is 25): our voice activity model
would cut words apart there, Deepgram's does not."""


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """What we obey of the query. Seconds, and samples a second."""

    sample_rate: int
    interim: bool
    end_silence: float
    utterance_end: float | None
    """Quiet after which UtteranceEnd is sent; None: never."""
    multilingual: bool
    """The answer names the language of the words."""

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> "ListenOptions":
        """Raises ValueError that says what is wrong, for a 400."""
        encoding = query.get("encoding", "linear16")
        if encoding != "linear16" or query.get("channels", "1") != "1":
            raise ValueError("the stand-in hears one channel of linear16 only")
        sample_rate = int(query.get("sample_rate", SAMPLE_RATE))
        if not 8_000 <= sample_rate <= 48_000:
            raise ValueError(f"sample_rate {sample_rate} is not between 8000 and 48000")
        endpointing = query.get("endpointing", "")
        asked = int(endpointing) / 1000 if endpointing.isdigit() else 0.0
        utterance_end = query.get("utterance_end_ms")
        return cls(
            sample_rate=sample_rate,
            interim=query.get("interim_results", "false") == "true",
            end_silence=min(2.0, max(0.2, asked)) if asked > 0.1 else DEFAULT_END_SILENCE_S,
            utterance_end=int(utterance_end) / 1000 if utterance_end else None,
            multilingual=query.get("language") == "multi",
        )


def timed_words(text: str, confidence: float, start: float, end: float) -> list[dict[str, object]]:
    """The words with times, spread over the utterance by their length: Whisper gives no better."""
    words = text.split()
    letters = sum(len(word) for word in words) or 1
    at = start
    timed: list[dict[str, object]] = []
    for word in words:
        until = at + (end - start) * len(word) / letters
        timed.append(
            {
                "word": word.strip(".,?!").lower(),
                "punctuated_word": word,
                "start": round(at, 3),
                "end": round(until, 3),
                "confidence": round(confidence, 3),
            }
        )
        at = until
    return timed
