"""A JSON body in which a name stands twice is refused: who sends it and who reads it may disagree.

A proxy that takes the first `phone_number` and a server that takes the last one see two requests.
"""

import json

from agent.api.problems import Problem


def check_names(body: bytes) -> None:
    """Raises Problem 400 naming the name that stands twice; what is no JSON at all is let through.

    The routes say themselves what is wrong with a body that cannot be read.
    """
    try:
        json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return


def _once(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise Problem(400, "duplicate-name", f"{name[:64]!r} stands twice in one object")
        seen.add(name)
