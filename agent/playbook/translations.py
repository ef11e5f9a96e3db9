"""A playbook in several languages: one file has the facts and a text, each other one a text more.

`default.md` says what is asked, booked and promised, in the language it is written in. The file
`default.fr.md` has the same in French: only what is spoken, so that hours, numbers and limits stand
in one place and cannot differ between languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from agent.playbook.front_matter import FrontMatter, read_front_matter
from agent.playbook.load import read_playbook
from agent.playbook.model import Line, Lines, Playbook, Spoken


class Translation(BaseModel):
    """What a language's file holds. The order is that in which mistakes are reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str
    disclosure: Spoken
    short_disclosure: Spoken | None = None
    greeting: Spoken
    outbound_greeting: Spoken | None = None
    questions: dict[str, Spoken] = {}
    """The text of each question, by its id. Choices are stored as `default.md` names them."""
    appointment: Spoken | None = None
    """What is booked, as the agent says it."""
    transfer: tuple[Spoken, ...] = ()
    """Who the people are, in the order of `default.md`."""
    lines: Lines
    pronunciations: dict[str, Spoken] = {}
    limits: Annotated[tuple[Line, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class PlaybookTexts:
    """One playbook in all its languages, in their order; the first is the default.

    >>> texts.default.language, texts["fr"].greeting
    ('en', 'Comment puis-je vous aider ?')
    """

    by_language: Mapping[str, Playbook]
    opening: tuple[str, ...]
    """The languages of the first sentences where nothing is known of the caller."""

    @property
    def default(self) -> Playbook:
        """The text in the first language."""
        return next(iter(self.by_language.values()))

    @property
    def languages(self) -> tuple[str, ...]:
        """All of them, the default first."""
        return tuple(self.by_language)

    def __getitem__(self, language: str) -> Playbook:
        return self.by_language[language]

    def spoken_ahead(self) -> Mapping[str, tuple[str, ...]]:
        """Every line that code speaks word for word, by the language whose voice speaks it."""
        return {language: text.spoken_ahead() for language, text in self.by_language.items()}


def load_texts(prompts_dir: Path, name: str) -> PlaybookTexts:
    """Read a playbook in all its languages.

    Raises PlaybookError: the file, the line and the fix; for a language, all that it lacks.
    """
    written, base = read_playbook(prompts_dir, name)
    texts = {
        language: base if language == base.language else _translated(written, base, language)
        for language in base.languages
    }
    if len(base.opening) > 1:
        for language in base.opening:
            if texts[language].short_disclosure is None:
                raise written.error(
                    f"'opening' names {language}, whose file has no short_disclosure",
                    "write it: who speaks, for whom, that it is an AI, whether it is recorded",
                    ("opening",),
                )
    return PlaybookTexts(texts, base.opening or base.languages[:1])


def _translated(written: FrontMatter, base: Playbook, language: str) -> Playbook:
    path = written.path.with_name(f"{base.name}.{language}.md")
    if not path.is_file():
        raise written.error(
            f"'languages' names {language}, and there is no {path.name}",
            f"write {path.name} (see default.fr.md), or take {language} out",
            ("languages",),
        )
    other = read_front_matter(path)
    text = other.checked(Translation, other.values)
    if text.language != language:
        raise other.error(
            f"is named .{language} and says language: {text.language}", "correct one", ("language",)
        )
    if missing := _missing(base, text):
        raise other.error(f"lacks {', '.join(missing)}", "translate what is missing")
    if unknown := sorted(set(text.questions) - {question.id for question in base.questions}):
        raise other.error(
            f"has questions that {base.name}.md does not ask: {', '.join(unknown)}",
            "remove them",
            ("questions",),
        )
    return other.checked(Playbook, _merged(written.values, text), name=base.name, body=other.body)


def _missing(base: Playbook, text: Translation) -> list[str]:
    """What the base says and this language does not, by the keys to write."""
    missing = [f"questions.{q.id}" for q in base.questions if q.id not in text.questions]
    if base.outbound_greeting is not None and text.outbound_greeting is None:
        missing.append("outbound_greeting")
    if base.appointment is not None and text.appointment is None:
        missing.append("appointment")
    if len(text.transfer) < len(base.transfer):
        missing.append(f"transfer ({len(base.transfer)} names)")
    return missing


def _merged(values: dict[str, Any], text: Translation) -> dict[str, Any]:
    """The facts of the base with the words of the translation."""
    merged = {**values, "language": text.language, "opening": (), "limits": text.limits}
    for key in ("disclosure", "short_disclosure", "greeting", "outbound_greeting"):
        merged[key] = getattr(text, key)
    merged["pronunciations"] = text.pronunciations
    merged["lines"] = text.lines.model_dump()
    merged["questions"] = [
        {**question, "ask": text.questions[question["id"]]}
        for question in values.get("questions") or ()
    ]
    if values.get("appointment"):
        merged["appointment"] = {**values["appointment"], "name": text.appointment}
    merged["transfer"] = [
        {**person, "name": name}
        for person, name in zip(values.get("transfer") or (), text.transfer, strict=False)
    ]
    return merged
