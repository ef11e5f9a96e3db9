"""What the model is told: prompts/system.md filled in from the playbook."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo

from agent.domain.attempts import Basis
from agent.domain.calls import Direction
from agent.domain.languages import language, name_of
from agent.edited_files.text import read_text
from agent.errors import PlaybookError
from agent.playbook.model import AnswerType, Playbook, Question

_WRITTEN_IN = "en"
"""The language of prompts/system.md."""
_BASES = {
    Basis.EXISTING_CUSTOMER: "They are a customer of ours.",
    Basis.CONSENT: "They have agreed to be called.",
    Basis.CALL_REQUESTED: "They have asked to be called.",
    Basis.UNSTATED: "Do not claim to know why they are on our list.",
}
_ANSWERS = {
    AnswerType.YES_NO: "yes or no",
    AnswerType.NUMBER: "a number",
    AnswerType.TEXT: "in words",
    AnswerType.CHOICE: "one of",
}


@dataclass(frozen=True, slots=True)
class Callee:
    """Whom we call, as whoever asked for the call has put it."""

    name: str | None
    basis: Basis


def instructions(
    prompts_dir: Path,
    playbook: Playbook,
    direction: Direction,
    now: datetime,
    callee: Callee | None = None,
) -> str:
    """The system prompt of one call. Raises PlaybookError if one of its files is broken."""
    zone = ZoneInfo(playbook.appointment.time_zone if playbook.appointment else "Europe/Brussels")
    return fill(
        prompts_dir / "system.md",
        agent=playbook.agent,
        company=playbook.company,
        today=_today(playbook.language, now.astimezone(zone)),
        language=name_of(playbook.language, in_language=_WRITTEN_IN),
        call=_call(playbook, direction, callee),
        examples=fill(prompts_dir / "examples" / f"{playbook.language}.md").strip(),
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
    return Template(read_prompt(path, *values)).substitute(values)


def read_prompt(path: Path, *names: str) -> str:
    """A prompt file in which no other $names stand. Raises PlaybookError as `fill` does."""
    shown = f"{path.parent.name}/{path.name}"
    text = read_text(path, shown, missing="restore the file", error=PlaybookError)
    template = Template(text)
    for match in template.pattern.finditer(text):
        name = match.group("named") or match.group("braced")
        line = text[: match.start()].count("\n") + 1
        if match.group("invalid") is not None:
            raise PlaybookError(shown, line, "a lone $", "write $$ for a dollar sign")
        if name is not None and name not in names:
            known = ", ".join(sorted(names))
            raise PlaybookError(shown, line, f"unknown ${name}", f"use: {known}")
    return text


def _call(playbook: Playbook, direction: Direction, callee: Callee | None) -> str:
    if direction is Direction.INBOUND:
        return f'They have called you. After the disclosure you asked: "{playbook.greeting}"'
    named = callee.name if callee and callee.name else "somebody whose name you do not know"
    why = _BASES[callee.basis] if callee else _BASES[Basis.UNSTATED]
    return (
        f"You have called {named}. {why} They did not expect you at this moment: say in one "
        "sentence why you call and ask whether it suits them; if it does not, agree another time "
        "or let them go. Do not thank them for calling. After the disclosure comes: "
        f'"{playbook.greeting_for(direction)}"'
    )


def _today(code: str, now: datetime) -> str:
    """In the words of the call's language, so that the model reads the date out as it stands."""
    return f"{language(code).said_date(now)} {now:%Y, %H:%M}"


def _question(question: Question) -> str:
    kind = _ANSWERS[question.type] + (" " + ", ".join(question.choices) if question.choices else "")
    return f"- {question.id} ({kind}): {question.ask}"
