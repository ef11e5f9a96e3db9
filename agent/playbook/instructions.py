"""What the model is told: prompts/system.md filled in from the playbook."""

from datetime import datetime
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo

from agent.domain.calls import Direction
from agent.domain.languages import language, name_of
from agent.edited_files.text import read_text
from agent.errors import PlaybookError
from agent.playbook.model import AnswerType, Playbook, Question

_WRITTEN_IN = "en"
"""The language of prompts/system.md."""
_ANSWERS = {
    AnswerType.YES_NO: "yes or no",
    AnswerType.NUMBER: "a number",
    AnswerType.TEXT: "in words",
    AnswerType.CHOICE: "one of",
}


def instructions(prompts_dir: Path, playbook: Playbook, direction: Direction, now: datetime) -> str:
    """The system prompt of one call. Raises PlaybookError if prompts/system.md is broken."""
    zone = ZoneInfo(playbook.appointment.time_zone if playbook.appointment else "Europe/Brussels")
    return fill(
        prompts_dir / "system.md",
        agent=playbook.agent,
        company=playbook.company,
        today=_today(playbook.language, now.astimezone(zone)),
        language=name_of(playbook.language, in_language=_WRITTEN_IN),
        direction="answered by you" if direction is Direction.INBOUND else "made by you",
        disclosure=playbook.disclosure,
        questions="\n".join(_question(question) for question in playbook.questions) or "- nothing",
        appointment=(
            f"You can book {playbook.appointment.name}: look up times with list_slots, offer two, "
            "book the one that the caller chooses with book_appointment."
            if playbook.appointment
            else ""
        ),
        callback="If the caller wants to be called later: ask when, then call agree_callback.",
        transfer=(
            f"If the caller wants a person: say that you put them through to "
            f"{playbook.transfer[0].name}, and call transfer_to_person."
            if playbook.transfer
            else "Nobody can be put through; offer to call back instead."
        ),
        limits="\n".join(f"- {limit}" for limit in playbook.limits),
        body=playbook.body,
    )


def fill(path: Path, **values: str) -> str:
    """A prompt file with its $names filled in. Raises PlaybookError naming file, line and name."""
    shown = f"{path.parent.name}/{path.name}"
    text = read_text(path, shown, missing="restore the file", error=PlaybookError)
    template = Template(text)
    for match in template.pattern.finditer(text):
        name = match.group("named") or match.group("braced")
        line = text[: match.start()].count("\n") + 1
        if match.group("invalid") is not None:
            raise PlaybookError(shown, line, "a lone $", "write $$ for a dollar sign")
        if name is not None and name not in values:
            known = ", ".join(sorted(values))
            raise PlaybookError(shown, line, f"unknown ${name}", f"use: {known}")
    return template.substitute(values)


def _today(code: str, now: datetime) -> str:
    """In the words of the call's language, so that the model reads the date out as it stands."""
    return f"{language(code).said_date(now)} {now:%Y, %H:%M}"


def _question(question: Question) -> str:
    kind = _ANSWERS[question.type] + (" " + ", ".join(question.choices) if question.choices else "")
    return f"- {question.id} ({kind}): {question.ask}"
