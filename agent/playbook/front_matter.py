"""A Markdown file with a block of YAML keys in front, read so that errors name line and fix."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from agent.edited_files.text import read_text
from agent.edited_files.yaml_file import YamlText, read_yaml
from agent.errors import PlaybookError
from agent.playbook.spoken_text import unfilled

_Model = TypeVar("_Model", bound=BaseModel)
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A Markdown file with a block of keys in front, and where each key stands."""

    path: Path
    shown: str
    values: dict[str, Any]
    body: str
    _written: YamlText

    def checked(self, model: type[_Model], values: dict[str, Any], **more: str) -> _Model:
        """`values` as the model. Raises PlaybookError that points at the line to change."""
        try:
            return model(**values, **more)
        except ValidationError as invalid:
            # A misspelt key is missing too; the spelling is what to change.
            problem = min(invalid.errors(), key=lambda each: each["type"] != "extra_forbidden")
            where = tuple(part for part in problem["loc"] if part != "tuple")
            raise self.error(*_in_words(problem["type"], where, problem["msg"]), where) from None

    def error(self, what: str, fix: str, where: tuple[int | str, ...] = ()) -> PlaybookError:
        """An error at the key `where`, or at the nearest line above it that exists."""
        return PlaybookError(self.shown, self._written.line_of(where), what, fix)


def read_front_matter(path: Path) -> FrontMatter:
    """The file's keys and its body. Raises PlaybookError."""
    shown = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    text = read_text(path, shown, error=PlaybookError)
    fences = list(_FENCE.finditer(text))
    if len(fences) < 2 or text[: fences[0].start()].strip():
        raise PlaybookError(
            shown, 1, "has no front matter", "begin the file with a block between two lines of ---"
        )
    head = text[fences[0].end() : fences[1].start()]
    first_line = text[: fences[0].end()].count("\n") + 1
    front = read_yaml(head, shown, first_line=first_line, error=PlaybookError)
    if not isinstance(front.values, dict):
        raise PlaybookError(
            shown, first_line, "front matter is not a list of keys", "write key: value"
        )
    body = text[fences[1].end() :]
    if (left := unfilled(body)) is not None:
        raise PlaybookError(
            shown,
            text[: fences[1].end() + left.start()].count("\n") + 1,
            f"nothing fills or understands {left.group()}",
            "write the words themselves",
        )
    values = {str(key): value for key, value in front.values.items()}
    written = FrontMatter(path, shown, values, body, front)
    for reserved in ("name", "body"):
        if reserved in values:
            raise written.error(
                f"'{reserved}' is set by the file",
                f"remove '{reserved}' from the front matter",
                (reserved,),
            )
    return written


def _in_words(kind: str, where: tuple[int | str, ...], message: str) -> tuple[str, str]:
    name = ".".join(str(part) for part in where) or "playbook"
    if kind == "missing":
        return f"'{name}' is missing", f"add '{name}' (see prompts/playbooks/default.md)"
    if kind == "extra_forbidden":
        return f"unknown key '{name}'", "remove it, or check its spelling"
    if kind == "string_type":
        return f"'{name}' is not text", "put it in quotes: a bare number, yes or no is none in YAML"
    return f"'{name}' is not valid", message.removeprefix("Value error, ")
