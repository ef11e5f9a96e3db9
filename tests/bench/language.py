"""How well languages are understood and guarded: the corpora's scores, a row for each file.

Whole corpora of sentences against the rules that ship; no call, no sound. Another corpus is another
function of `SCORES`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.table import Table

from agent.domain.understanding import Understanding
from agent.playbook.caller_phrases import load_lexicons
from agent.settings import ROOT
from tests.bench.understood import FLOORS, measure
from tests.corpora import may_say


@dataclass(frozen=True, slots=True)
class Score:
    """How many sentences of a kind were judged right; `floor` is the share that tests keep."""

    subject: str
    language: str
    want: str
    right: int
    of: int
    floor: float

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        return self.right / self.of if self.of else 1.0


def may_say_scores() -> Iterator[Score]:
    """What the agent may say."""
    judge = may_say.Judge(ROOT / "prompts")
    for subject in may_say.SUBJECTS:
        for language in may_say.LANGUAGES:
            scores = judge.score(may_say.sentences(subject, language))
            for want, (right, of) in scores.items():
                yield Score(subject, language, want, right, of, may_say.FLOORS[want])


def understood_scores() -> Iterator[Score]:
    """What callers meant. A sure opt-out that is asked about is understood, too."""
    found = measure(Understanding(load_lexicons(ROOT / "prompts")))
    for (subject, language, want), (right, of) in found.counts().items():
        yield Score(subject, language, want, right, of, FLOORS.get((subject, want), 0.97))


SCORES: tuple[Callable[[], Iterator[Score]], ...] = (may_say_scores, understood_scores)


def language_table() -> Table:
    """Every score, as a table."""
    table = Table("corpus", "language", "want", "right", "of", "share", "floor", title="Languages")
    for scores in SCORES:
        for each in scores():
            below = each.share < each.floor
            table.add_row(
                each.subject,
                each.language,
                each.want,
                str(each.right),
                str(each.of),
                f"{each.share:.1%}" + (" ✗" if below else ""),
                f"{each.floor:.0%}",
            )
    return table
