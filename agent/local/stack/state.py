"""The state file of a running stack: how `dev`, `simulate` and `calls` find its parts.

    state = read_state()                                  # None: no stack runs in this checkout
    settings = load_settings(extra=state.environment if state else None)

It holds the parts' keys, so only its owner may read it. It is as true as the process that wrote it
is alive: the process id and its start time are in it, because ids come round again.
"""

import contextlib
import fcntl
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

import structlog
from pydantic import TypeAdapter, ValidationError

from agent.errors import StackError
from agent.local.stack.processes import is_running
from agent.settings import ROOT

STACK_DIR = ROOT / ".stack"
"""A checkout's stack: state.json, stack.lock, logs/, postgres/."""

logger = structlog.get_logger(__name__)


class Kind(StrEnum):
    """What a part of the stack is."""

    REAL = "real"
    """The server that production has, started here."""
    STAND_IN = "stand-in"
    """Ours, in place of something that needs an account or a telephone."""
    YOURS = "yours"
    """Named by the environment or `.env`: used, not started."""


@dataclass(frozen=True, slots=True)
class StackPart:
    """One part of a running stack. `pid` is None for a part that we did not start."""

    name: str
    kind: Kind
    address: str
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class StackState:
    """What a running stack offers. `environment` is complete: what was given is in it as well."""

    environment: Mapping[str, str]
    parts: tuple[StackPart, ...]
    owner_pid: int
    owner_started: str

    def owner_lives(self) -> bool:
        """Whether the process that wrote this is still there."""
        return process_started(self.owner_pid) == self.owner_started


_STATE = TypeAdapter(StackState)


def read_state(folder: Path = STACK_DIR) -> StackState | None:
    """The stack that runs in this checkout, or None; what a killed one left is removed.

    Raises StackError where something else stands in the file's place.
    """
    path = _file(folder)
    try:
        state = _STATE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StackError(
            f"{path} cannot be read ({error.strerror}): move it away; a stack writes its own"
        ) from None
    except ValidationError:
        state = None  # of another version of this program, or not written by it
    if state is not None and state.owner_lives():
        return state
    logger.info("stale_stack_state_removed", path=str(path))
    path.unlink(missing_ok=True)
    return None


def write_state(
    environment: Mapping[str, str], parts: tuple[StackPart, ...], folder: Path = STACK_DIR
) -> None:
    """Publish this process's stack: whole or not at all, readable by its owner only."""
    pid = os.getpid()
    state = StackState(environment, parts, pid, process_started(pid) or "")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="state-", delete=False) as fresh:
        fresh.write(_STATE.dump_json(state, indent=2))  # the file is 0600 from its birth
    Path(fresh.name).replace(_file(folder))


def remove_state(folder: Path = STACK_DIR) -> None:
    """Withdraw what `write_state` published."""
    _file(folder).unlink(missing_ok=True)


class OnlyStack:
    """The claim on a checkout's stack folder; the kernel gives it up when its holder dies."""

    def __init__(self, folder: Path = STACK_DIR) -> None:
        """Raises StackError when another stack has the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self._lock: IO[str] = (folder / "stack.lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            holder = self._lock.read().strip() or "unknown"
            self._lock.close()
            raise StackError(
                f"a stack already runs in {folder} (process {holder}): use it "
                f"(`dev` and `simulate` find it by themselves), or end it (`kill {holder}`)"
            ) from None
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()

    def release(self) -> None:
        """Let the next one have it. Safe to call twice."""
        self._lock.close()


def process_started(pid: int) -> str | None:
    """Something that differs for every process that ever had this id; None when there is none."""
    if not is_running(pid):
        return None
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        # Field 22, counted after the command's name, which may hold blanks and brackets.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    listed = subprocess.run(
        ["ps", "-p", str(pid), "-o", "lstart="], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip() or None


def _file(folder: Path) -> Path:
    return folder / "state.json"
