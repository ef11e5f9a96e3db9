"""How many calls with talk in them this machine holds at once, over every process of a test run."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

PLACES = max(2, os.cpu_count() or 1)
"""A call with its caller, its recogniser and its agent takes up to three quarters of a core while
one of them speaks."""

POLL_SECONDS = 0.05


class Places:
    """Locked files in `folder`: who is killed gives their places back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first = asyncio.Lock()

    @asynccontextmanager
    async def taken(self, wanted: int) -> AsyncIterator[None]:
        """Hold `wanted` places (all there are, if that is fewer) for the length of the block."""
        if wanted == 0:
            yield
            return
        async with AsyncExitStack() as held:
            # One at a time gathers places: two who each hold one and want two would wait for ever.
            async with self._first:
                async with AsyncExitStack() as door:
                    await self._any(["door"], door)
                    for _ in range(min(wanted, PLACES)):
                        await self._any([f"place-{number}" for number in range(PLACES)], held)
                await asyncio.sleep(2 * POLL_SECONDS)  # the door is another process's turn
            yield

    async def _any(self, names: Sequence[str], held: AsyncExitStack) -> None:
        # The kernel tells nobody who does not block when a lock becomes free.
        while not any(self._try(name, held) for name in names):  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)

    def _try(self, name: str, held: AsyncExitStack) -> bool:
        file = (self._folder / f"{name}.lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        held.callback(file.close)
        return True
