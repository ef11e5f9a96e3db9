"""Everything under prompts/ that a call by one playbook needs, read and checked in one go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.domain.calls import Direction
from agent.domain.language_choice import LanguageMarks
from agent.domain.speech_rules import SpeechRules
from agent.domain.spoken_forms import Forms
from agent.domain.understanding import Understanding
from agent.playbook.caller_phrases import load_lexicons
from agent.playbook.instructions import fill, instructions
from agent.playbook.language_marks import load_language_marks
from agent.playbook.model import Playbook
from agent.playbook.speech_rules import load_speech_rules
from agent.playbook.spoken_forms import load_forms
from agent.playbook.translations import PlaybookTexts, load_texts

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""The instructions contain the day; whether they can be made does not depend on it."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """A playbook in its languages, with the words, rules and spoken forms that go with it."""

    texts: PlaybookTexts
    understanding: Understanding
    rules: SpeechRules
    """Of all languages: what the playbook says in one of them may be said in each."""
    forms: Mapping[str, Forms]
    """How each language of the playbook says numbers, signs and names."""
    marks: Mapping[str, LanguageMarks]
    """By what each language of the table is known, whether it is offered or not."""

    @property
    def playbook(self) -> Playbook:
        """In the language of the first words, as far as nothing is known of the caller."""
        return self.texts[self.texts.opening[0]]


def load_prompts(prompts_dir: Path, name: str) -> Prompts:
    """The playbook of that name and all that goes with it: errors now, not in the first call.

    Raises PlaybookError naming the file, the line and the fix.
    """
    texts = load_texts(prompts_dir, name)
    prompts = Prompts(
        texts=texts,
        understanding=Understanding(load_lexicons(prompts_dir)),
        rules=load_speech_rules(prompts_dir, *texts.by_language.values()),
        forms={code: load_forms(prompts_dir, code) for code in texts.languages},
        marks=load_language_marks(prompts_dir),
    )
    for text in texts.by_language.values():
        instructions(prompts_dir, text, Direction.INBOUND, _SOME_DAY)
    fill(prompts_dir / "summary.md", company=texts.default.company, language="English")
    return prompts
