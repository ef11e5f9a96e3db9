"""A clock that a test moves: what waits for a minute waits no time at all."""

import asyncio
from collections.abc import Callable


class Clock:
    """The running loop's clock, ahead of the real one by what the test has let pass."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._real = loop.time
        self._ahead = 0.0
        loop.time = self._time  # type: ignore[method-assign]

    def _time(self) -> float:
        return self._real() + self._ahead

    async def passes(self, seconds: float) -> None:
        """So much time goes by, and whatever became due is done."""
        self._ahead += seconds
        for _ in range(20):
            await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as the condition holds; a second of the loop's time is too long."""
    async with asyncio.timeout(1):
        while not condition():  # noqa: ASYNC110 (a condition of any kind has no event)
            await asyncio.sleep(0)
