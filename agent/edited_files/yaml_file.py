"""YAML as people write it: values, and on which line of the file each of them stands.

A key that stands twice is refused (YAML itself would drop the first value), what looks like a date
stays the text that it is, and a fault names the file's line and what to write instead.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import yaml

from agent.edited_files.text import Error, Where
from agent.errors import FileError


@dataclass(frozen=True, slots=True)
class YamlText:
    """Values of a text in YAML; `line_of` finds them in it again."""

    values: object
    _root: yaml.Node | None
    _first_line: int

    def line_of(self, where: Where) -> int:
        """The file's line on which `where` stands, or the nearest line above it that exists."""
        node, line = self._root, 0
        for part in where:
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
        return self._first_line + line


def read_yaml(text: str, shown: str, *, first_line: int = 1, error: Error = FileError) -> YamlText:
    """The values of `text`, which begins on `first_line` of the file `shown`. Raises `error`."""
    try:
        root, values = _parsed(text)
        _refuse_twice(root, shown, first_line, error)
        _refuse_curly_quotes(root, shown, first_line, error)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = first_line + (mark.line if mark else 0)
        raise error(shown, line, *_in_words(fault, text)) from None
    except yaml.reader.ReaderError as fault:
        line = first_line + text[: fault.position].count("\n")
        code = fault.character if isinstance(fault.character, int) else ord(fault.character[:1])
        raise error(
            shown,
            line,
            f"is not valid YAML ({fault.reason})",
            f"remove U+{code:04X}, an invisible character",
        ) from None
    except (ValueError, OverflowError) as fault:
        raise error(shown, first_line, f"is not valid YAML ({fault})", _QUOTES) from None
    except RecursionError:
        raise error(shown, first_line, "is nested too deep", "write it flatter") from None
    return YamlText(values, root, first_line)


def _parsed(text: str) -> tuple[yaml.Node | None, object]:
    """Nodes and values. By libyaml where it is there, which takes a tenth of the time; what it
    refuses, and what is nested deep, is read by the Python parser, whose faults have better words.
    """
    if _QuickLoader is not None and _is_shallow(text):
        try:
            return _read_with(_QuickLoader(text))
        except yaml.YAMLError:
            pass  # told below
    return _read_with(_PlainLoader(text))


def _read_with(loader: "_PlainLoader | yaml.CSafeLoader") -> tuple[yaml.Node | None, object]:
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _is_shallow(text: str) -> bool:
    return text.count("[") + text.count("{") < 1000 and " " * 400 not in text


_CONSTRUCTORS = {
    **yaml.SafeLoader.yaml_constructors,
    "tag:yaml.org,2002:timestamp": yaml.SafeLoader.construct_yaml_str,
}
"""What looks like a date is read as the text that it is: 2026-13-45 must not raise."""


class _PlainLoader(yaml.SafeLoader):
    yaml_constructors: ClassVar = _CONSTRUCTORS


_QuickLoader: type[yaml.CSafeLoader] | None = (
    type("_QuickLoader", (yaml.CSafeLoader,), {"yaml_constructors": _CONSTRUCTORS})
    if yaml.__with_libyaml__
    else None
)


_QUOTES = "put quotes around text with a colon, a number or a sign in it"


def _in_words(fault: yaml.MarkedYAMLError, text: str) -> tuple[str, str]:
    """Problem and fix."""
    mark = fault.problem_mark
    if mark is not None and r"'\t'" in str(fault.problem):
        return "a tab stands where YAML wants spaces", "replace the tab by spaces"
    lines = text.split("\n")
    if mark is not None and mark.line < len(lines) and lines[mark.line].startswith("\t"):
        return "a tab stands where YAML wants spaces", "replace the tab by spaces"
    return (
        f"is not valid YAML ({fault.problem or fault.context})",
        "check the indent, and put quotes around text with a colon in it",
    )


def _refuse_twice(root: yaml.Node | None, shown: str, first_line: int, error: Error) -> None:
    for node in _nodes(root):
        if not isinstance(node, yaml.MappingNode):
            continue
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                line = first_line + key.start_mark.line
                raise error(shown, line, f"'{key.value}' is written twice", "remove one of them")
            seen.add(str(key.value))


def _refuse_curly_quotes(root: yaml.Node | None, shown: str, first: int, error: Error) -> None:
    """A word processor's quotes are a part of the text to YAML, and would be spoken."""
    for node in _nodes(root):
        if (
            isinstance(node, yaml.ScalarNode)
            and not node.style
            and (found := _CURLY.fullmatch(node.value))
        ):
            raise error(
                shown,
                first + node.start_mark.line,
                f"the quotes {found.group(1)} {found.group(2)} are a word processor's",
                'write straight ones: "…"',
            )


_CURLY = re.compile("([\u201c-\u201e])[^\u201c-\u201e]*([\u201c\u201d])", re.DOTALL)


def _nodes(root: yaml.Node | None) -> Iterator[yaml.Node]:
    """Every node once, also where an anchor is used a hundred times."""
    waiting, seen = [root] if root is not None else [], set[int]()
    while waiting:
        node = waiting.pop(0)
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            waiting += [each for pair in node.value for each in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
