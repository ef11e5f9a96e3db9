"""Looking at the processes that a test has started."""

from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Ids of all children, their children and so on. Linux only."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found
