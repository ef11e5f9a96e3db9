"""What an example left to be filled in, and a person has not: `your_api_key`, `<user>`, `xxxxx`."""

import re
from collections.abc import Iterator, Mapping, Sequence

from agent.edited_files.text import Where

_ANYWHERE = re.compile(
    r"<[^<>]*>"  # <your_telnyx_username>
    r"|\{\{.*?\}\}"  # {{ api_key }}
    r"|\[(?:your|my|insert|enter)\b[^\]]*\]"
    r"|(?<![A-Za-z])your[-_ ][A-Za-z]+"  # wss://your-project.…
    # Shorter words stand by chance in a random key: only at the beginning of a name.
    r"|(?:^|(?<=[/:@]))(?:votre|vos|ihre?|dein|jouw|uw)[-_ ][A-Za-z]+"
    r"|[xX]{5,}|\*{4,}"
    r"|\.{3}|\u2026"  # sk-…
    r"|//(?:[^/@]*@)?host(?=[:/]|$)",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"(?:change|replace|fill|insert|enter|put|add)[-_ ]?(?:me|this|it|in|here|your.*|api.*|key.*)"
    r"|(?:insert|enter|put|add|paste|replace)[-_ ].+|(?:sk|st|ta|pk|key)[-_]x+"
    r"|x{3,}|todo|tbd|fixme|dummy|placeholder|null|undefined|n/a"
    r"|(?:api|secret|access)[-_ ]?key|api[-_ ]?secret|\+?1?2345678(?:90?)?|\+\d{1,3}x{3,}",
    re.IGNORECASE,
)
_EXAMPLE_HOST = re.compile(r"(?:^|[./@:])example\.(?:com|org|net|edu)(?=[:/]|$)", re.IGNORECASE)


def placeholder_in(value: str) -> str | None:
    """The part of `value` that is an example's and no value; None: it is one."""
    if _WHOLE.fullmatch(value.strip()):
        return value.strip()
    found = _ANYWHERE.search(value)
    return found.group() if found is not None else None


def example_host_in(value: str) -> str | None:
    """`example.com`, where nobody's server can be; None: another host."""
    found = _EXAMPLE_HOST.search(value)
    return found.group().lstrip("./@:") if found is not None else None


def texts_of(value: object, where: Where = ()) -> Iterator[tuple[Where, str]]:
    """Every text in a JSON or YAML value, with the way to it."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, inside in value.items():
            yield from texts_of(inside, (*where, str(key)))
    elif isinstance(value, Sequence):
        for place, inside in enumerate(value):
            yield from texts_of(inside, (*where, place))
