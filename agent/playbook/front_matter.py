"""A Markdown file with a block of YAML keys in front, read so that errors name line and fix."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from agent.errors import PlaybookError

_Model = TypeVar("_Model", bound=BaseModel)
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A Markdown file with a block of keys in front, and where each key stands."""

    path: Path
    shown: str
    values: dict[str, Any]
    body: str
    _node: yaml.Node | None
    _first_line: int

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
        return PlaybookError(self.shown, _line_of(self._node, where, self._first_line), what, fix)


def read_front_matter(path: Path) -> FrontMatter:
    """The file's keys and its body. Raises PlaybookError."""
    shown = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows editors put a mark in front
    except (OSError, UnicodeDecodeError) as error:
        raise PlaybookError(shown, 1, f"cannot be read ({error})", "save it as UTF-8") from None
    fences = list(_FENCE.finditer(text))
    if len(fences) < 2 or text[: fences[0].start()].strip():
        raise PlaybookError(
            shown, 1, "has no front matter", "begin the file with a block between two lines of ---"
        )
    head = text[fences[0].end() : fences[1].start()]
    first_line = text[: fences[0].end()].count("\n") + 1
    node, values = _parse_front_matter(shown, head, first_line)
    written = FrontMatter(path, shown, values, text[fences[1].end() :], node, first_line)
    for reserved in ("name", "body"):
        if reserved in values:
            raise written.error(
                f"'{reserved}' is set by the file",
                f"remove '{reserved}' from the front matter",
                (reserved,),
            )
    return written


class _PlainLoader(yaml.SafeLoader):
    """Reads what looks like a date as the text that it is: 2026-13-45 must not raise."""

    yaml_constructors: ClassVar = {
        **yaml.SafeLoader.yaml_constructors,
        "tag:yaml.org,2002:timestamp": yaml.SafeLoader.construct_yaml_str,
    }


def _parse_front_matter(
    shown: str, head: str, first_line: int
) -> tuple[yaml.Node | None, dict[str, Any]]:
    try:
        node = yaml.compose(head, Loader=yaml.SafeLoader)
        values = yaml.load(head, Loader=_PlainLoader)  # noqa: S506 (it is a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        raise PlaybookError(
            shown,
            line,
            f"is not valid YAML ({error.problem})",
            "check the indent, and put quotes around text with a colon in it",
        ) from None
    except yaml.reader.ReaderError as error:
        line = first_line + head[: error.position].count("\n")
        raise PlaybookError(
            shown, line, f"is not valid YAML ({error.reason})", "remove the invisible character"
        ) from None
    if (twice := _written_twice(node)) is not None:
        line = first_line + twice.start_mark.line
        raise PlaybookError(shown, line, f"'{twice.value}' is written twice", "remove one of them")
    if not isinstance(values, dict):
        raise PlaybookError(
            shown, first_line, "front matter is not a list of keys", "write key: value"
        )
    return node, {str(key): value for key, value in values.items()}


def _written_twice(node: yaml.Node | None) -> yaml.ScalarNode | None:
    """The first key that stands twice in one mapping; YAML itself would drop the first value."""
    if isinstance(node, yaml.SequenceNode):
        return next(filter(None, map(_written_twice, node.value)), None)
    if not isinstance(node, yaml.MappingNode):
        return None
    seen: set[str] = set()
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            return key
        seen.add(str(key.value))
        if (inner := _written_twice(value)) is not None:
            return inner
    return None


def _line_of(node: yaml.Node | None, path: tuple[int | str, ...], first_line: int) -> int:
    """The file's line where `path` is written, or the nearest line above it that exists."""
    line = 0
    for part in path:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    child, line = value, key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and part in range(len(node.value)):
            child = node.value[int(part)]
            line = child.start_mark.line
        if child is None:
            break
        node = child
    return first_line + line


def _in_words(kind: str, where: tuple[int | str, ...], message: str) -> tuple[str, str]:
    name = ".".join(str(part) for part in where) or "playbook"
    if kind == "missing":
        return f"'{name}' is missing", f"add '{name}' (see prompts/playbooks/default.md)"
    if kind == "extra_forbidden":
        return f"unknown key '{name}'", "remove it, or check its spelling"
    return f"'{name}' is not valid", message.removeprefix("Value error, ")
