"""The sentences of this folder that an agent might say, and how many of them the rules judge right.

`money`, `promises` and `human` are shared; `neighbours` were written apart from the rules. All are
judged against the default playbook, whatever their language.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from agent.domain.money_talk import amounts_told
from agent.domain.promises import why_not
from agent.domain.speech_rules import Amount
from agent.playbook.model import Playbook
from agent.playbook.speech_rules import load_speech_rules, sentences_of
from agent.playbook.translations import load_texts

HERE = Path(__file__).parent
LANGUAGES = ("en", "fr", "nl", "de")
SUBJECTS = ("money", "promises", "human", "neighbours")
FLOORS = {"stop": 0.95, "pass": 0.98}
"""Of the sentences that must be stopped, and of those that must pass."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the agent would say, what should become of it, and what the caller said before."""

    text: str
    want: str
    caller: str = ""
    note: str = ""
    kind: str = ""


def sentences(subject: str, language: str) -> list[Sentence]:
    """The sentences of one file."""
    rows = yaml.safe_load((HERE / f"{subject}.{language}.yaml").read_text(encoding="utf-8"))
    return [Sentence(**row) for row in rows]


class Judge:
    """The rules that ship, with the default playbook."""

    def __init__(self, prompts_dir: Path) -> None:
        self.texts = load_texts(prompts_dir, "default").by_language
        self._rules = load_speech_rules(prompts_dir, self.texts["en"])

    def why_not(self, text: str, caller: str = "") -> str | None:
        """Why one of the text's sentences is stopped, as a call would judge them."""
        told: set[Amount] = set()
        for tongue in self._rules.tongues:
            told |= amounts_told(caller, tongue)
        before = caller
        for sentence in sentences_of(text):
            if (reason := why_not(sentence, self._rules, told, before)) is not None:
                return reason
            before = sentence
        return None

    def score(self, judged: list[Sentence]) -> dict[str, tuple[int, int]]:
        """For "stop" and "pass": how many are judged right, of how many."""
        score = {}
        for want in FLOORS:
            wanted = [each for each in judged if each.want == want]
            stopped = [self.why_not(each.text, each.caller) is not None for each in wanted]
            score[want] = (stopped.count(want == "stop"), len(wanted))
        return score

    def playbook_sentences(self, language: str) -> list[str]:
        """Every sentence that the playbook's owner wrote, one by one and rid of its markup."""
        return list(self._owners(self.texts[language]))

    def _owners(self, book: Playbook) -> Iterator[str]:
        texts = [book.body, book.disclosure, book.greeting, book.outbound_greeting or ""]
        for line in book.lines.model_dump().values():
            texts += [line] if isinstance(line, str) else line
        texts += [question.ask for question in book.questions]
        texts += [*book.limits, book.appointment.name if book.appointment else ""]
        for text in texts:
            # In bold stands what callers say.
            yield from sentences_of(re.sub(r"\*\*.*?\*\*", "", text))
