"""What an examination finds: one line a person can act on, with the command or click that fixes it.

>>> error("no_rule", "LiveKit has no dispatch rule", "python agent.py provision").level
<Level.ERROR: 'error'>
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    UNCHECKED = "not checked"
    """Nobody looked: what it rests on has failed, or there is nothing to ask with."""
    WARNING = "warning"
    """Calls work, but not as they should, or not for long."""
    ERROR = "error"
    """Calls do not work, or strangers can use what is ours."""


class Group(StrEnum):
    """Where to look, in order of cause: what comes first breaks what comes later."""

    SETTINGS = "Settings"
    MACHINE = "This machine"
    DATABASE = "Database"
    LIVEKIT = "LiveKit"
    PROVIDERS = "Speech and language"
    TRUNKS = "Trunks and dispatch rule"
    TELNYX = "Telnyx"
    PROCESSES = "Processes"
    WEBHOOKS = "Webhooks"
    CALL = "A call"


@dataclass(frozen=True, slots=True)
class Finding:
    """One item. `code` names it for programs and never changes; `says` is for a person.

    `remedy` is what to type or to click; empty where all is well.
    """

    code: str
    level: Level
    says: str
    remedy: str = ""


def ok(code: str, says: str) -> Finding:
    """As it should be; `says` in a few words."""
    return Finding(code, Level.OK, says)


def warning(code: str, says: str, remedy: str) -> Finding:
    """Works, but somebody should do something."""
    return Finding(code, Level.WARNING, says, remedy)


def error(code: str, says: str, remedy: str) -> Finding:
    """Does not work, or is dangerous."""
    return Finding(code, Level.ERROR, says, remedy)


def unchecked(code: str, why: str, remedy: str = "") -> Finding:
    """Not looked at, and why: no fault by itself."""
    return Finding(code, Level.UNCHECKED, why, remedy)
