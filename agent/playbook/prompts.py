"""Everything under prompts/ that a call by one playbook needs, read and checked in one go."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.domain.calls import Direction
from agent.domain.phrases import Phrases
from agent.domain.speech_rules import SpeechRules
from agent.domain.spoken_forms import Forms
from agent.playbook.instructions import fill, instructions
from agent.playbook.load import load_playbook
from agent.playbook.model import Playbook
from agent.playbook.phrases import load_phrases
from agent.playbook.speech_rules import load_speech_rules
from agent.playbook.spoken_forms import load_forms

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""The instructions contain the day; whether they can be made does not depend on it."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """A playbook, the rules of all languages, and the phrases and spoken forms of its own."""

    playbook: Playbook
    phrases: Phrases
    rules: SpeechRules
    forms: Forms


def load_prompts(prompts_dir: Path, name: str) -> Prompts:
    """The playbook of that name and all that goes with it: errors now, not in the first call.

    Raises PlaybookError naming the file, the line and the fix.
    """
    playbook = load_playbook(prompts_dir, name)
    prompts = Prompts(
        playbook=playbook,
        phrases=load_phrases(prompts_dir / "phrases" / f"{playbook.language}.yaml"),
        rules=load_speech_rules(prompts_dir, playbook),
        forms=load_forms(prompts_dir, playbook.language),
    )
    instructions(prompts_dir, playbook, Direction.INBOUND, _SOME_DAY)
    fill(prompts_dir / "summary.md", company=playbook.company)
    return prompts
