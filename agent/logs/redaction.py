"""What must never reach a log: phone numbers, names, what was said, credentials.

A structlog processor, the last before the renderer, so that it sees the framework's records too:
those of LiveKit carry transcripts at DEBUG and in some warnings, and room names hold numbers.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from pathlib import PurePath
from uuid import UUID

from structlog.typing import EventDict

REDACTED = "[redacted]"
PHONE = "[phone]"

_PHONE = re.compile(
    r"(?:\+|%2B|(?<![\w.\-])00)[1-9](?:[ ().\-/]{0,2}\d){7,}"  # international, spaced or not
    r"|\b(?:sips?|tel)[:_][0-9]{8,}",  # SIP's own forms may lack the plus
    re.IGNORECASE,
)

_NUMBERS = frozenset({"msisdn", "number", "numbers", "phone", "pii"})
_WORDS = _NUMBERS | {
    *("arguments", "content", "input", "instructions", "messages", "output", "prompt", "quote"),
    *("said", "summary", "text", "transcript", "transcription", "transcripts", "utterance"),
    *("callee", "caller", "customer", "dtmf", "email", "identity", "participant"),
    *("apikey", "authorization", "cookie", "password", "secret", "token"),
}
"""A field with one of these words in its key is private, whatever it holds."""

_PUBLIC_NAMES = frozenset(
    {"agent", "event", "file", "function", "metric", "model", "playbook", "process"}
    | {"room", "scenario", "server", "setting", "thread", "tool", "trunk", "voice"}
)
"""Names of things. Any other `…_name` is taken for a person's."""

_KEY_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The event with private fields replaced and phone numbers masked in all its other text."""
    return {key: _field(key, value) for key, value in event.items()}


def mask_phone_numbers(text: str) -> str:
    """`text` with everything that looks like an international phone number replaced.

    >>> mask_phone_numbers("dialling +32 479 20 20 20 in ai-sales-call_+3226010500_x1")
    'dialling [phone] in ai-sales-call_[phone]_x1'
    """
    return _PHONE.sub(PHONE, text)


def _field(key: str, value: object) -> object:
    words = [word.lower() for word in _KEY_WORD.findall(key)]
    if not _NUMBERS.isdisjoint(words):
        return REDACTED
    plain = value is None or isinstance(value, bool | int | float)  # prompt_tokens=12
    plain = plain or words[-1:] in (["id"], ["ids"], ["sid"])  # customer_id="c-17"
    if not plain and (not _WORDS.isdisjoint(words) or _is_persons_name(words)):
        return REDACTED
    return _value(value)


def _is_persons_name(words: list[str]) -> bool:
    if not words or words[-1] not in ("name", "names"):
        return False
    return len(words) == 1 or words[-2] not in _PUBLIC_NAMES


def _value(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return _value(value.value)
        case str():
            return mask_phone_numbers(value)
        case BaseException():
            return mask_phone_numbers(f"{type(value).__name__}: {value}")
        case Mapping():
            return {str(key): _field(str(key), inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_value(inner) for inner in value]
        case UUID() | date() | timedelta() | PurePath():
            return mask_phone_numbers(str(value))
        case _:
            # A framework's object: its repr may hold anything, such as a whole chat context.
            return f"<{type(value).__name__}>"
