"""Recordings as files: found by the name in the record, served in whole or by Range."""

from pathlib import Path

from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

_MAX_RANGES = 1
"""Players ask for one. Many small ranges make the server work for little (RFC 9110 14.2)."""


def find_recording(folder: Path, name: str | None) -> Path | None:
    """The recording's file; None: none was made, it is deleted, or the name leads elsewhere.

    A record holds a bare file name. One with a path in it is not followed, nor a link out of the
    folder: whatever came into the database, no other file of this machine is ever served.
    """
    if not name or name != Path(name).name or name.startswith(".") or not name.endswith(".ogg"):
        return None
    path = folder / name
    if path.is_symlink() or not path.is_file():
        return None
    return path


class RangedFile(FileResponse):
    """A file that understands one Range; of several, the whole file is sent instead."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        wanted = [value for name, value in scope["headers"] if name == b"range"]
        if len(wanted) != 1 or wanted[0].count(b",") >= _MAX_RANGES:
            headers = [header for header in scope["headers"] if header[0] != b"range"]
            scope = {**scope, "headers": headers}
        await super().__call__(scope, receive, send)
