"""The providers of speech and language: each by itself, and speech there and back."""

import re
from difflib import SequenceMatcher

from agent.doctor.findings import Finding, error, ok, warning

_ENOUGH = 0.6
"""Of the words: a good line gives nearly all of them, a small offline model most."""


def judge_provider(what: str, model: str, *, stand_in: bool) -> list[Finding]:
    """It has answered. `what`: thinks, speaks, hears."""
    return [ok(what, f"{what} by {'the local stand-in' if stand_in else model}")]


def judge_round_trip(said: str, heard: str) -> list[Finding]:
    """What was understood of what was spoken."""
    wanted, found = _words(said), _words(heard)
    if not found:
        says = "nothing was understood of a sentence that was spoken"
        return [error("round_trip", says, "try another OPENAI_VOICE or DEEPGRAM_MODEL")]
    # Numbers may come back as digits, so not all words have to.
    share = sum(block.size for block in SequenceMatcher(None, wanted, found).get_matching_blocks())
    share_of_all = share / len(wanted)
    if share_of_all < _ENOUGH:
        says = f"of {said!r} was understood: {heard!r}"
        remedy = "is the playbook's language the one of DEEPGRAM_MODEL and OPENAI_VOICE?"
        return [warning("round_trip", says, remedy)]
    return [ok("round_trip", f"{share_of_all:.0%} of a spoken sentence understood")]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
