"""Who may call from the page: a code that works once, then a cookie, as long as this process lives.

>>> sessions = Sessions("code", lambda: "a-session")
>>> sessions.begin_by_code("code"), sessions.begin_by_code("code")
('a-session', None)
"""

import secrets
from collections.abc import Callable

_MOST_ROOMS = 100
"""Calls of one session of which the page may still ask."""


class Sessions:
    """Sessions and the rooms of their calls. `new_token` makes a secret that nobody can guess."""

    def __init__(self, code: str | None, new_token: Callable[[], str]) -> None:
        self.cookie = f"talk_{secrets.token_hex(4)}"
        """Cookies know no ports: two pages on one machine would take each other's."""
        self._code = code
        self._new_token = new_token
        self._rooms: dict[str, list[str]] = {}

    def begin_by_code(self, code: str) -> str | None:
        """A session for whoever has the code first; None: it is wrong, or was used."""
        if self._code is None or not secrets.compare_digest(code.encode(), self._code.encode()):
            return None
        self._code = None
        return self.begin()

    def begin(self) -> str:
        """A session for somebody who is known otherwise."""
        token = self._new_token()
        self._rooms[token] = []
        return token

    def lives(self, token: str) -> bool:
        """Whether this is a session of ours."""
        return self._rooms_of(token) is not None

    def opened(self, token: str, room_name: str) -> None:
        """This session calls in that room."""
        rooms = self._rooms_of(token)
        assert rooms is not None, "asked for after `lives`"
        rooms.append(room_name)
        del rooms[:-_MOST_ROOMS]

    def owns(self, token: str, room_name: str) -> bool:
        """Whether that room is of a call of this session."""
        return room_name in (self._rooms_of(token) or ())

    def _rooms_of(self, token: str) -> list[str] | None:
        for known, rooms in self._rooms.items():
            if secrets.compare_digest(token.encode(), known.encode()):
                return rooms
        return None
