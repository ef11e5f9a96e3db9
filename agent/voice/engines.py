"""Naming an engine in a setting: which company's, which model or voice of it, and where it is.

`deepgram:aura-2-rhea-nl` is Deepgram's voice at the address that the settings give for Deepgram;
`deepgram:nova-3@https://api.eu.deepgram.com` is Deepgram's model at another.
"""

import re
from dataclasses import dataclass

from agent.errors import SettingsError

_FORM = re.compile(r"(?P<company>[a-z]+):(?P<name>[^@\s,]+)(?:@(?P<url>[a-z]+://[^\s,]+))?")


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine as a setting names it. `url` is the root of its server, None: the usual one."""

    company: str
    name: str
    url: str | None = None

    def __str__(self) -> str:
        return f"{self.company}:{self.name}" + (f"@{self.url}" if self.url else "")


def read_engines(variable: str, text: str) -> tuple[Engine, ...]:
    """The engines that a setting lists, the preferred one first, separated by commas.

    Raises SettingsError naming the variable.

    >>> [engine.name for engine in read_engines("VOICE_NL", "deepgram:a, openai:ash")]
    ['a', 'ash']
    """
    engines = []
    for part in text.split(","):
        found = _FORM.fullmatch(part.strip())
        if found is None:
            raise SettingsError(
                f"{variable}: {part.strip()!r} names no engine: write it like "
                "deepgram:aura-2-rhea-nl, several separated by commas"
            )
        url = found["url"]
        engines.append(Engine(found["company"], found["name"], url.rstrip("/") if url else None))
    return tuple(engines)


def read_engine(variable: str, text: str) -> Engine:
    """The one engine that a setting names. Raises SettingsError."""
    engines = read_engines(variable, text)
    if len(engines) != 1:
        raise SettingsError(f"{variable}: name one engine")
    return engines[0]
