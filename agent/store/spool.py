"""What could not be stored before a call's process had to end: a file a call, loaded later.

await recover(spool_dir, store)         # when a process starts; running it twice is harmless
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import structlog
from pydantic import BaseModel, ValidationError

from agent.domain.calls import CallEvent, CallTurn
from agent.errors import DatabaseUnavailable

logger = structlog.get_logger(__name__)


class Recorder(Protocol):
    """Where facts go: `CallStore`, or its double in tests."""

    async def append(self, events: Sequence[CallEvent], turns: Sequence[CallTurn] = ()) -> None:
        """Store them; idempotent. Raises DatabaseUnavailable."""
        ...


def write_spool(
    spool_dir: Path, call_id: UUID, events: Sequence[CallEvent], turns: Sequence[CallTurn]
) -> Path:
    """Write `<call_id>.jsonl`, readable by its owner only, whole or not at all; returns the path.

    Lines that are there from an earlier time are kept. On disk when this returns. Raises OSError.
    """
    spool_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = spool_dir / f"{call_id}.jsonl"
    lines = [_Line(event=event) for event in events] + [_Line(turn=turn) for turn in turns]
    text = "".join(f"{line.model_dump_json(exclude_none=True)}\n" for line in lines)
    before = path.read_bytes() if path.exists() else b""
    half = spool_dir / f".{call_id}.{uuid4().hex}.half"
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(before + text.encode())
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
    folder = os.open(spool_dir, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return path


def forget_spool(spool_dir: Path, call_id: UUID) -> None:
    """Remove the file of a call: all that is in it has been stored."""
    (spool_dir / f"{call_id}.jsonl").unlink(missing_ok=True)


async def recover(spool_dir: Path, store: Recorder) -> int:
    """Load what an earlier process left in `spool_dir`; returns how many calls were loaded.

    Lines that cannot be read are kept aside in `<call_id>.bad` and reported. Stops quietly, to be
    run again, when the database is away.
    """
    loaded = 0
    for left in await asyncio.to_thread(_left_in, spool_dir):
        claimed = await asyncio.to_thread(_claim, left)
        if claimed is None:
            continue
        try:
            found = await asyncio.to_thread(_read, claimed)
            await store.append(found.events, found.turns)
        except FileNotFoundError:
            continue  # another process loads it
        except DatabaseUnavailable:
            logger.warning("spool_waits_for_database", call_id=_call_id(claimed))
            break
        except Exception as error:  # noqa: BLE001  # one bad file must not keep the others back
            logger.error("spool_not_loaded", call_id=_call_id(claimed), error=type(error).__name__)
            continue
        if found.bad:
            await asyncio.to_thread(_keep_aside, claimed, found.bad)
            logger.error("spool_lines_unreadable", call_id=_call_id(claimed), lines=len(found.bad))
        await asyncio.to_thread(claimed.unlink, missing_ok=True)
        loaded += 1
        logger.info("spool_loaded", call_id=_call_id(claimed))
    return loaded


class _Line(BaseModel):
    """One line of a spool file: an event or a turn."""

    event: CallEvent | None = None
    turn: CallTurn | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    events: list[CallEvent]
    turns: list[CallTurn]
    bad: list[bytes]


def _left_in(spool_dir: Path) -> list[Path]:
    """Spooled files, also those whose loading was cut off."""
    return sorted([*spool_dir.glob("*.jsonl"), *spool_dir.glob("*.loading")])


def _claim(left: Path) -> Path | None:
    """Move the file out of the way of a call that still writes to its name. None: already gone."""
    claimed = left.with_name(f"{_call_id(left)}.{uuid4().hex}.loading")
    try:
        return left.rename(claimed)
    except FileNotFoundError:
        return None


def _read(path: Path) -> _Found:
    found = _Found([], [], [])
    for line in path.read_bytes().splitlines():
        try:
            parsed = _Line.model_validate_json(line)
        except ValidationError:
            parsed = _Line()
        if parsed.event is not None:
            found.events.append(parsed.event)
        elif parsed.turn is not None:
            found.turns.append(parsed.turn)
        else:
            found.bad.append(line)
    return found


def _keep_aside(claimed: Path, lines: Sequence[bytes]) -> None:
    aside = claimed.with_name(f"{_call_id(claimed)}.bad")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        file.writelines(line + b"\n" for line in lines)


def _call_id(path: Path) -> str:
    return path.name.split(".", 1)[0]
