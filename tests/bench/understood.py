"""How well callers are understood: the rules' verdicts on the sentences of tests/fixtures/corpora.

>>> measure(Understanding(load_lexicons(ROOT / "prompts"))).share("wait", "wait", "wait")
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter
from yaml import safe_load

from agent.domain.understanding import Understanding, Wish
from agent.settings import ROOT

CORPORA = ROOT / "tests" / "fixtures" / "corpora"
SUBJECTS = ("opt_out", "person", "answers", "wait")
LANGUAGES = ("en", "fr", "nl", "de")


class Sentence(BaseModel):
    """One sentence as it stands in a corpus."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: str
    want: str
    about: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence and what the rules made of it."""

    subject: str
    language: str
    sentence: Sentence
    found: str


@dataclass(frozen=True, slots=True)
class LanguageResults:
    """All verdicts."""

    judged: tuple[Judged, ...]

    def of(self, subject: str, want: str, *found: str) -> int:
        """How many sentences of `want` got one of these verdicts (none given: any)."""
        return sum(
            each.subject == subject
            and each.sentence.want == want
            and (not found or each.found in found)
            for each in self.judged
        )

    def share(self, subject: str, want: str, *found: str) -> float:
        """The same as a share of all sentences of `want`."""
        return self.of(subject, want, *found) / self.of(subject, want)

    def false_alarms(self, subject: str, found: str) -> float:
        """The share of the other sentences of a subject that got this verdict."""
        others = [
            each
            for each in self.judged
            if each.subject == subject and each.sentence.want not in (found, "likely")
        ]
        return sum(each.found == found for each in others) / len(others)

    def counts(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """By subject, language and what was wanted: how many are right, and of how many."""
        counted: dict[tuple[str, str, str], tuple[int, int]] = {}
        for each in self.judged:
            key = (each.subject, each.language, each.sentence.want)
            right, of = counted.get(key, (0, 0))
            counted[key] = (right + _is_right(each), of + 1)
        return counted


FLOORS = {
    ("opt_out", "certain"): 0.98,
    ("opt_out", "likely"): 0.9,
    ("opt_out", "not"): 0.95,
    ("person", "none"): 0.95,
}
"""Shares that tests keep, where it is not 97 %."""


def _is_right(each: Judged) -> bool:
    asked = each.subject == "opt_out" and (each.sentence.want, each.found) == ("certain", "likely")
    return asked or each.found == each.sentence.want


def measure(understanding: Understanding, corpora: Path = CORPORA) -> LanguageResults:
    """Judge every sentence."""
    judges: dict[str, Callable[[Sentence], str]] = {
        "opt_out": lambda each: understanding.opt_out(each.text).level,
        "person": lambda each: understanding.person(each.text).wish,
        "answers": lambda each: understanding.reply(each.text, each.agent),
        "wait": lambda each: "wait" if understanding.asks_to_wait(each.text) else Wish.NONE,
    }
    return LanguageResults(
        tuple(
            Judged(subject, code, sentence, str(judges[subject](sentence)))
            for subject, code, sentence in _sentences(corpora)
        )
    )


_SENTENCES = TypeAdapter(list[Sentence])


def _sentences(corpora: Path) -> Iterable[tuple[str, str, Sentence]]:
    for code in LANGUAGES:
        for subject in SUBJECTS:
            for sentence in _read(corpora / f"{subject}.{code}.yaml"):
                yield subject, code, sentence
        for sentence in _read(corpora / f"neighbours.{code}.yaml"):
            yield sentence.about, code, sentence


def _read(path: Path) -> list[Sentence]:
    return _SENTENCES.validate_python(safe_load(path.read_text(encoding="utf-8")))
