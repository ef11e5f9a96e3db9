"""`.env`, also as PowerShell's `>` and Notepad write it."""

import io
import re
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from agent.edited_files.text import read_text
from agent.errors import FileError


def read_env(path: Path) -> dict[str, str]:
    """The variables of the file, `${NAME}` filled in; empty where there is no such file.

    Raises FileError naming the line that is no `NAME=value`.
    """
    if not path.exists():
        return {}
    shown = path.name
    text = read_text(path, shown)
    for binding in parse_stream(io.StringIO(text)):
        if (fault := _fault(binding)) is not None:
            leading = len(binding.original.string) - len(binding.original.string.lstrip("\n"))
            raise FileError(shown, binding.original.line + leading, *fault)
    found = dotenv_values(stream=io.StringIO(text))
    return {name: value for name, value in found.items() if value is not None}


def _fault(binding: Binding) -> tuple[str, str] | None:
    """What is wrong with one line, and what to do; None: nothing."""
    written = binding.original.string.strip()
    if re.match(r"(?i)(\$env:|setx?\s)", written):
        return "this is a command of a Windows shell", "write NAME=value"
    if binding.error or (binding.key is not None and binding.value is None):
        if written.count('"') % 2 or written.count("'") % 2:
            return "a quote is opened and not closed", "close it, or leave quotes out"
        return "this is no NAME=value", "write NAME=value, or put # before it"
    if binding.key is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", binding.key):
        return f"{binding.key!r} is no name of a variable", "write NAME=value"
    if re.search("^[\u2018\u201c-\u201e]|[\u201c\u201d]$", binding.value or ""):
        return "the quotes are a word processor's", "write straight ones, or none"
    return None
