"""JSON as people write it: a fault names the file's line; a key that stands twice is refused."""

import json
import re
from dataclasses import dataclass

import yaml

from agent.edited_files.text import Error, Where
from agent.edited_files.yaml_file import YamlText
from agent.errors import FileError


@dataclass(frozen=True, slots=True)
class JsonText:
    """Values of a text in JSON; `line_of` finds them in it again."""

    values: object
    _text: str

    def line_of(self, where: Where) -> int:
        """The line on which `where` stands, or the nearest line above it that exists."""
        # Without its tabs JSON is YAML, whose reader keeps the lines.
        try:
            root = yaml.compose(self._text.replace("\t", " "), Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            return 1  # a key of more than 1,024 letters, a letter that YAML does not have
        return YamlText(self.values, root, 1).line_of(where)


def read_json(text: str, shown: str, *, error: Error = FileError) -> JsonText:
    """The values of `text`, the content of the file `shown`. Raises `error`."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made: dict[str, object] = {}
        for key, value in pairs:
            if key in made:
                raise _Twice(key)
            made[key] = value
        return made

    def no_number(name: str) -> object:
        raise error(shown, _first_line(text, name), f"{name} is no JSON", "write a number")

    try:
        values: object = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    except _Twice as twice:
        line = _second_line(text, twice.key)
        raise error(shown, line, f'"{twice.key}" is written twice', "remove one of them") from None
    except json.JSONDecodeError as fault:
        raise error(shown, fault.lineno, *_in_words(fault)) from None
    except (RecursionError, ValueError):
        raise error(shown, 1, "is no JSON that a person writes", "take it from git") from None
    return JsonText(values, text)


class _Twice(Exception):
    """A key stands twice in one object."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _in_words(fault: json.JSONDecodeError) -> tuple[str, str]:
    """Problem and fix."""
    rest = fault.doc[fault.pos :].lstrip()
    before = fault.doc[: fault.pos].rstrip()
    if not fault.doc.strip():
        return "is empty", "take it from git"
    if "\u2018" <= rest[:1] <= "\u201e":
        return f"the quote {rest[0]} is a word processor's", 'write straight ones: "…"'
    if rest.startswith(("//", "/*", "#")):
        return "a comment stands in it", "remove it: JSON has no comments"
    if rest[:1] in ("}", "]") and before.endswith(","):
        return "a comma stands before the closing bracket", "remove the comma"
    if fault.msg.startswith("Illegal trailing comma"):
        return "a comma stands before the closing bracket", "remove the comma"
    if rest.startswith("'"):
        return "text stands in single quotes", 'write double ones: "…"'
    return f"is not valid JSON ({fault.msg})", "correct it; sip_config/ in git is an example"


def _first_line(text: str, part: str) -> int:
    return text[: max(text.find(part), 0)].count("\n") + 1


def _second_line(text: str, key: str) -> int:
    """Where `key` stands for the second time."""
    places = [found.start() for found in re.finditer(rf"{re.escape(json.dumps(key))}\s*:", text)]
    return text[: places[1]].count("\n") + 1 if len(places) > 1 else 1
