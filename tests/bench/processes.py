"""A worker's processes: whether they are at rest, and what memory each has to itself (Linux)."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.errors import Unavailable

_TICK = 0.5
_BUSY = 0.04
"""Share of a core that workers at rest use at most on a fast machine: then there is no need to wait
for a level."""
_LEVEL_TICKS = 12
_LEVEL = 0.04
"""On a slow machine rest costs more: at rest is also who has used the same for six seconds, give
or take this share of a core."""
_MOST = 0.5
"""But nobody who uses half a core is at rest, however evenly."""
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, in MB (10^6 bytes). Resident size says nothing: most of it is shared."""

    private: float
    """What nobody else has mapped: it would be free if this process were not there (USS)."""
    proportional: float
    """Private, and its share of what several have (PSS)."""


def memory_of(pid: int) -> Memory | None:
    """None when there is no such process any more."""
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    kib = {
        name: int(rest.split()[0])
        for name, _, rest in (line.partition(":") for line in text.splitlines()[1:])
    }
    if "Pss" not in kib:
        return None  # a zombie has no memory
    private = kib["Private_Clean"] + kib["Private_Dirty"]
    return Memory(private * 1024 / 1e6, kib["Pss"] * 1024 / 1e6)


def descendants(pid: int) -> list[int]:
    """The process, its children, and theirs."""
    children: dict[int, list[int]] = {}
    for child, parent, _ in _processes():
        children.setdefault(parent, []).append(child)
    found, rest = [], [pid]
    while rest:
        one = rest.pop()
        found.append(one)
        rest += children.get(one, [])
    return found


class Rest:
    """Whether processes have come to rest, told by what they use from tick to tick."""

    def __init__(self) -> None:
        self._shares: deque[float] = deque(maxlen=_LEVEL_TICKS)

    def reached(self, share: float | None) -> bool:
        """`share`: of a core, in the last tick; None: a process came or went."""
        if share is None:
            self._shares.clear()
            return False
        self._shares.append(share)
        if share < _BUSY:
            return True
        level = len(self._shares) == _LEVEL_TICKS
        return level and max(self._shares) < _MOST and _spread(self._shares) < _LEVEL


def _spread(shares: Iterable[float]) -> float:
    """Between the halves of the time: single ticks jump by a hundredth of a second of CPU."""
    values = list(shares)
    half = len(values) // 2
    return abs(sum(values[:half]) - sum(values[half:])) / half


async def at_rest(pids: list[int], timeout: float) -> None:
    """Wait until these processes and their descendants do next to nothing, or always the same.

    Raises Unavailable when they do not come to rest.
    """
    deadline = time.monotonic() + timeout
    rest = Rest()
    before = _cpu_seconds(pids)
    while (asked := time.monotonic()) < deadline:
        await asyncio.sleep(_TICK)
        now = _cpu_seconds(pids)
        used = sum(now.values()) - sum(before.values())
        share = used / (time.monotonic() - asked) if now.keys() == before.keys() else None
        if rest.reached(share):
            return
        before = now
    raise Unavailable(f"the workers do not come to rest within {timeout:g} s")


async def first_to_end(pids: set[int], timeout: float) -> int:
    """Wait until one of these has ended; which. Raises Unavailable."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for pid in pids:
            if memory_of(pid) is None:
                return pid
        await asyncio.sleep(_TICK / 5)
    raise Unavailable(f"the call's process did not end within {timeout:g} s of the call")


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What is started inside runs on that core, and so does what it starts. None: anywhere."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def two_cores() -> tuple[int | None, int | None]:
    """A core for the phones and everything around, and one for the workers; None: one core only."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (None, None)


def _cpu_seconds(pids: list[int]) -> dict[int, float]:
    ours = {one for pid in pids for one in descendants(pid)}
    return {pid: seconds for pid, _, seconds in _processes() if pid in ours}


def _processes() -> Iterator[tuple[int, int, float]]:
    """Process id, parent's id and CPU seconds of everything that runs."""
    tick = os.sysconf("SC_CLK_TCK")
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(entry.name), int(fields[1]), (int(fields[11]) + int(fields[12])) / tick
