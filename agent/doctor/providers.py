"""The providers of speech and language: each by itself, and speech there and back."""

import re
from datetime import date
from difflib import SequenceMatcher

from agent.doctor.findings import Finding, error, ok, warning

_SOON_DAYS = 120
_TOO_LATE_DAYS = 14

_ENOUGH = 0.6
"""Of the words: a good line gives nearly all of them, a small offline model most."""


def judge_provider(what: str, model: str, *, stand_in: bool) -> list[Finding]:
    """It has answered. `what`: thinks, speaks, hears."""
    return [ok(what, f"{what} by {'the local stand-in' if stand_in else model}")]


def judge_end(variable: str, model: str, end: date | None, today: date) -> list[Finding]:
    """Whether a model will still answer; `end` is its last day as announced."""
    if end is None:
        return []
    left = (end - today).days
    says = f"{variable}={model} stops answering on {end:%-d %B %Y}"
    remedy = f"choose another {variable} before that (agent/settings.py has the default)"
    if left < _TOO_LATE_DAYS:
        return [error("model_ends", says, remedy)]
    return [warning("model_ends", says, remedy)] if left < _SOON_DAYS else []


def judge_round_trip(said: str, heard: str, code: str) -> list[Finding]:
    """What was understood of what was spoken."""
    wanted, found = _words(said), _words(heard)
    if not found:
        says = "nothing was understood of a sentence that was spoken"
        return [error("round_trip", says, f"try another VOICE_{code.upper()} or DEEPGRAM_MODEL")]
    # Numbers may come back as digits, so not all words have to.
    share = sum(block.size for block in SequenceMatcher(None, wanted, found).get_matching_blocks())
    share_of_all = share / len(wanted)
    if share_of_all < _ENOUGH:
        says = f"of {said!r} was understood: {heard!r}"
        remedy = f"does VOICE_{code.upper()} speak that language, and DEEPGRAM_LANGUAGE hear it?"
        return [warning("round_trip", says, remedy)]
    return [ok("round_trip", f"{share_of_all:.0%} of a sentence spoken in {code} understood")]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
