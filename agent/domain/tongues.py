"""In which of the loaded languages a sentence may be: it is judged by the rules of each."""

from collections.abc import Collection, Sequence

from agent.domain.speech_rules import Tongue
from agent.domain.spoken_patterns import plain

_LONG = 5
"""Words. A shorter sentence may hold none of a language's frequent words: "Perfect, thank you"."""
_CLOSE = 0.6
"""A language with so large a share of the best one's frequent words may be meant as well."""
_FOREIGN = 0.12
"""Where fewer of the words are known, the sentence is in another language."""


def languages_of(
    sentence: str, tongues: Sequence[Tongue], foreign: Collection[str] = ()
) -> list[Tongue]:
    """The languages that the sentence may be in, likeliest first; none if it is in another one.

    Nothing is said in a language whose promises nobody could recognise.
    """
    scored = [(_known(sentence, tongue), tongue) for tongue in tongues]
    best = max((share for share, _ in scored), default=0.0)
    spoken = plain(sentence, {}).replace("¦", "").split()
    words = len(spoken)
    others = sum(word in foreign for word in spoken) / words if words else 0.0
    if best == 0:
        return list(tongues) if words < _LONG else []
    if words >= _LONG and (best < _FOREIGN or 0 < best <= others):
        return []
    scored.sort(key=lambda each: -each[0])
    return [tongue for share, tongue in scored if share >= best * _CLOSE]


def _known(sentence: str, tongue: Tongue) -> float:
    words = plain(sentence, tongue.contractions).replace("¦", "").split()
    return sum(word in tongue.common for word in words) / len(words) if words else 0.0
