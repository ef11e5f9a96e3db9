"""This machine: the folder of recordings, the disk under it, and records that wait there."""

import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from agent.doctor.findings import Finding, error, ok, warning

_GIGABYTE = 10**9
FEW_BYTES = 2 * _GIGABYTE
"""About 150 hours of recordings."""
TOO_FEW_BYTES = _GIGABYTE // 5


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it was found. `problem`: why nothing can be written there, None if it can."""

    path: Path
    problem: str | None
    free_bytes: int
    mode: int
    """Permission bits; 0 while there is no folder yet."""
    unsaved: int = 0
    """Records in `unsaved/` that wait for the database."""
    unreadable: int = 0
    """Files there that nobody could load."""


def look_at(path: Path) -> Folder:
    """Try it: a file is written and removed. A folder that is not there yet is not made."""
    nearest = next(each for each in (path, *path.parents) if each.exists())
    try:
        if not nearest.is_dir():
            raise NotADirectoryError(f"{nearest} is a file")
        with tempfile.NamedTemporaryFile(dir=nearest, prefix=".doctor-"):
            problem = None
    except OSError as failure:
        problem = failure.strerror or str(failure)
    unsaved = path / "unsaved"
    names = os.listdir(unsaved) if unsaved.is_dir() else []
    return Folder(
        path=path,
        problem=problem,
        free_bytes=shutil.disk_usage(nearest).free,
        mode=stat.S_IMODE(path.stat().st_mode) if path.is_dir() else 0,
        unsaved=sum(name.endswith(".jsonl") for name in names),
        unreadable=sum(name.endswith(".bad") for name in names),
    )


def judge_recordings(folder: Folder) -> list[Finding]:
    """RECORDINGS_DIR."""
    path = folder.path
    if folder.problem is not None:
        says = (
            f"RECORDINGS_DIR {path}: nothing can be written ({folder.problem}); no call is recorded"
        )
        return [error("recordings_dir", says, f"make {path} a folder of the user who runs workers")]
    found: list[Finding] = []
    free = f"{folder.free_bytes / _GIGABYTE:.1f} GB"
    remedy = "`python agent.py retention`, or another RECORDINGS_DIR"
    if folder.free_bytes < TOO_FEW_BYTES:
        found.append(error("disk_full", f"{free} free for recordings in {path}", remedy))
    elif folder.free_bytes < FEW_BYTES:
        found.append(warning("disk_full", f"{free} free for recordings in {path}", remedy))
    if folder.mode & (stat.S_IRWXG | stat.S_IRWXO):
        says = f"recordings can be read by others: {path} has mode {folder.mode:04o}"
        found.append(warning("recordings_readable", says, f"chmod 700 {path}"))
    if folder.unsaved:
        says = f"records of {folder.unsaved} calls wait for the database in {path / 'unsaved'}"
        found.append(warning("unsaved_records", says, "a running worker loads them: start one"))
    if folder.unreadable:
        says = f"{folder.unreadable} unreadable records in {path / 'unsaved'}/*.bad"
        found.append(warning("unreadable_records", says, "look at them, they are JSON lines"))
    return found or [ok("recordings_dir", f"{free} free for recordings")]
