"""Recordings as files, found by the name that stands in the call's record."""

from pathlib import Path


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
