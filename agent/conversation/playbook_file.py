"""Reading a playbook from its file, with errors that name file, line and fix."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from agent.conversation.playbook import Playbook
from agent.errors import PlaybookError

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


def load_playbook(prompts_dir: Path, name: str) -> Playbook:
    """Read and validate prompts/playbooks/<name>.md.

    Raises PlaybookError naming the file, the line and the fix.
    """
    path = prompts_dir / "playbooks" / f"{name}.md"
    shown = f"{prompts_dir.name}/playbooks/{name}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        known = sorted(p.stem for p in path.parent.glob("*.md")) or ["none"]
        raise PlaybookError(
            shown, 1, "no such playbook", f"set PLAYBOOK to one of: {', '.join(known)}"
        ) from None
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
    for reserved in ("name", "body"):
        if reserved in values:
            raise PlaybookError(
                shown,
                _line_of(node, (reserved,), first_line),
                f"'{reserved}' is set by the file",
                f"remove '{reserved}' from the front matter",
            )
    try:
        return Playbook(**values, name=name, body=text[fences[1].end() :])
    except ValidationError as invalid:
        problem = invalid.errors()[0]
        where = tuple(part for part in problem["loc"] if part != "tuple")
        line = _line_of(node, where, first_line)
        raise PlaybookError(
            shown, line, *_in_words(problem["type"], where, problem["msg"])
        ) from None


def _parse_front_matter(
    shown: str, head: str, first_line: int
) -> tuple[yaml.Node | None, dict[str, Any]]:
    try:
        node = yaml.compose(head, Loader=yaml.SafeLoader)
        values = yaml.safe_load(head)
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        raise PlaybookError(
            shown,
            line,
            f"is not valid YAML ({error.problem})",
            "check the indent, and put quotes around text with a colon in it",
        ) from None
    if not isinstance(values, dict):
        raise PlaybookError(
            shown, first_line, "front matter is not a list of keys", "write key: value"
        )
    return node, {str(key): value for key, value in values.items()}


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
