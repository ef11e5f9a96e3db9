"""Where a page of a list ends, as an opaque text that the client hands back for the next one."""

import base64
import binascii
import json
from datetime import UTC, datetime

from agent.api.problems import FieldError, Problem


def write_cursor(at: datetime, key: str) -> str:
    """The cursor behind the entry with this time and key."""
    text = json.dumps([at.astimezone(UTC).isoformat(), key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Time and key of a cursor. Raises Problem 422 for what `write_cursor` did not make."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        at, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(key, str) or "\0" in key:
            raise ValueError
        return moment.astimezone(UTC), key
    except (ValueError, TypeError, binascii.Error, OverflowError, RecursionError):
        raise bad_cursor() from None


def bad_cursor() -> Problem:
    """The cursor was not made by us."""
    detail = "take it from the answer before, or leave it out"
    return Problem(422, "invalid", "correct these: cursor", errors=[FieldError("cursor", detail)])
