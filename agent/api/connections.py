"""Connections that say nothing: closed after a while, and the oldest when one address has many.

uvicorn has no deadline for a request's headers, and its own limit counts connections: 200 that
never send a byte would turn everybody away. Here a connection costs little until its request is
there; requests in progress are counted in middleware.py.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0
"""Longest from a connection, or a further request's first byte, to the end of its headers."""
SILENT_PER_ADDRESS = 64
"""Connections of one address that may be without a request; a proxy in front is one address."""


class ConnectionProtocol(HttpToolsProtocol):
    """uvicorn's, with a deadline for headers and a limit of silent connections per address."""

    header_seconds: ClassVar[float] = HEADER_SECONDS
    silent_per_address: ClassVar[int] = SILENT_PER_ADDRESS
    _silent: ClassVar[defaultdict[str, dict["ConnectionProtocol", None]]] = defaultdict(dict)
    """By address, the oldest first. One server a process."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for headers; the oldest silent one of the same address makes room."""
        super().connection_made(transport)
        silent = self._silent[self._address()]
        silent[self] = None
        if len(silent) > self.silent_per_address:
            next(iter(silent))._close()
        self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._heard()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request has begun: also on a connection that was used before."""
        super().on_message_begin()
        if self._deadline is None:
            self._wait_for_headers()

    def on_headers_complete(self) -> None:
        """The request is there; from here on the body has a deadline of its own."""
        self._heard()
        super().on_headers_complete()

    def _wait_for_headers(self) -> None:
        self._deadline = self.loop.call_later(self.header_seconds, self._close)

    def _heard(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        silent = self._silent.get(self._address(), {})
        silent.pop(self, None)
        if not silent:
            self._silent.pop(self._address(), None)

    def _close(self) -> None:
        self._heard()
        self.transport.close()

    def _address(self) -> str:
        return self.client[0] if self.client else ""


class RequestsInProgress:
    """Counts requests; a place is free or it is not."""

    def __init__(self, places: int) -> None:
        self._free = places

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Whether there was a place, which is held for the length of the block."""
        taken = self._free > 0
        self._free -= taken
        try:
            yield taken
        finally:
            self._free += taken
