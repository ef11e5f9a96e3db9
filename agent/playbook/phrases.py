"""Reading the phrase lists of prompts/phrases/, with errors that name file, line and fix."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from agent.domain.phrases import Phrase, Phrases, backchannels, phrase
from agent.edited_files.text import read_text
from agent.edited_files.yaml_file import read_yaml
from agent.errors import PlaybookError


def load_phrases(path: Path) -> Phrases:
    """The phrases of one language; the file is named after it.

    Raises PlaybookError naming the file, the line and the fix.
    """
    shown = f"{path.parent.name}/{path.name}"
    text = read_text(path, shown, missing="add a file for each language", error=PlaybookError)
    written = read_yaml(text, shown, error=PlaybookError)
    try:
        lists = _Lists.model_validate(written.values)
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(str(part) for part in first["loc"]) or "the file"
        problem = f"{where}: {first['msg'].removeprefix('Value error, ')}"
        line = written.line_of(first["loc"])
        raise PlaybookError(shown, line, problem, 'write lists of phrases as - "…"') from None
    return Phrases(
        language=path.stem,
        opt_out=_read(lists.opt_out),
        not_opt_out=_read(lists.not_opt_out),
        other_channel=_read(lists.other_channel),
        negation=frozenset(lists.negation),
        robot=_read(lists.robot),
        not_robot=_read(lists.not_robot),
        backchannel=backchannels(lists.backchannel),
        goodbye=_read(lists.goodbye),
    )


def load_all_phrases(prompts_dir: Path) -> dict[str, Phrases]:
    """Every language under prompts/phrases/, by its two-letter code. Raises PlaybookError."""
    return {path.stem: load_phrases(path) for path in sorted(prompts_dir.glob("phrases/*.yaml"))}


class _Lists(BaseModel):
    """A phrase file as written."""

    model_config = ConfigDict(extra="forbid", strict=True)

    opt_out: list[str]
    not_opt_out: list[str]
    other_channel: list[str]
    negation: list[str]
    robot: list[str]
    not_robot: list[str]
    backchannel: list[str]
    goodbye: list[str]

    @field_validator("*")
    @classmethod
    def _readable(cls, texts: list[str]) -> list[str]:
        for text in texts:
            try:
                phrase(text)
            except ValueError as error:
                raise ValueError(f"{text!r} is {error}") from None
        return texts


def _read(texts: list[str]) -> tuple[Phrase, ...]:
    return tuple(phrase(text) for text in texts)
