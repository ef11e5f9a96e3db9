"""Reading prompts/languages/: by which words each language is known, and how one is asked for."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agent.domain.language_choice import LanguageMarks
from agent.domain.languages import LANGUAGES, language
from agent.edited_files.text import read_text
from agent.edited_files.yaml_file import read_yaml
from agent.errors import PlaybookError

_PLACE = "{language}"


class _File(BaseModel):
    """A file as written: `words` a list of lines, the words of a line between commas."""

    model_config = ConfigDict(extra="forbid", strict=True)

    words: Annotated[list[str], Field(min_length=1)]
    unmistakable: Annotated[list[str], Field(min_length=1)]
    wishes: Annotated[list[str], Field(min_length=1)]

    @field_validator("wishes")
    @classmethod
    def _names_a_language(cls, wishes: list[str]) -> list[str]:
        for wish in wishes:
            if wish.count(_PLACE) != 1:
                raise ValueError(f"'{wish}' needs {_PLACE} where the language stands, once")
        return wishes


def load_language_marks(prompts_dir: Path) -> dict[str, LanguageMarks]:
    """The marks of every language of the table. Raises PlaybookError: file, line and fix."""
    return {code: _load(prompts_dir / "languages" / f"{code}.yaml", code) for code in LANGUAGES}


def _load(path: Path, code: str) -> LanguageMarks:
    shown = f"{path.parent.name}/{path.name}"
    text = read_text(path, shown, missing="add a file for each language", error=PlaybookError)
    written = read_yaml(text, shown, error=PlaybookError)
    try:
        lists = _File.model_validate(written.values)
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(str(part) for part in first["loc"]) or "the file"
        raise PlaybookError(
            shown,
            written.line_of(first["loc"]),
            f"{where}: {first['msg'].removeprefix('Value error, ')}",
            "see languages/en.yaml",
        ) from None
    names = language(code).names
    return LanguageMarks(
        words=frozenset(word.strip() for line in lists.words for word in line.split(",")),
        unmistakable=tuple(lists.unmistakable),
        wishes={
            wish.replace(_PLACE, name.casefold()): wanted
            for wish in lists.wishes
            for wanted, name in names.items()
        },
    )
