"""A file served in whole or by Range."""

from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

_MAX_RANGES = 1
"""Players ask for one. Many small ranges make the server work for little (RFC 9110 14.2)."""


class RangedFile(FileResponse):
    """A file that understands one Range; of several, the whole file is sent instead."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        wanted = [value for name, value in scope["headers"] if name == b"range"]
        if len(wanted) != 1 or wanted[0].count(b",") >= _MAX_RANGES:
            headers = [header for header in scope["headers"] if header[0] != b"range"]
            scope = {**scope, "headers": headers}
        await super().__call__(scope, receive, send)
