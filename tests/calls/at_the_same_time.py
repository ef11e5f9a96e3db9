"""Tests of this folder that ring the shared `line` are held three at a time.

Each stays a test: it is chosen, reported and timed as pytest does it; only the telephones are not
waited for one after the other. They take the fixtures `line` and `centre` and no others.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping

import pytest

from tests.calls.call_centre import Line

PLACES = 3
"""What two cores and one recogniser carry without making anybody wait."""

Test = Callable[..., Awaitable[None]]


class AtTheSameTime:
    """The chosen tests, begun in their order as places become free once the first is awaited."""

    def __init__(self) -> None:
        self._tests: dict[str, Test] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(PLACES)

    def add(self, item: pytest.Function) -> None:
        """Have `item` await its test, which may have begun long before."""
        name, test = item.nodeid, item.obj
        self._tests[name] = test

        @functools.wraps(test)
        async def awaited(line: Line, **more: object) -> None:
            fixtures = {"line": line, "centre": line.centre}
            for each in self._tests:
                if each not in self._running:
                    self._running[each] = asyncio.create_task(self._run(each, fixtures), name=each)
            await self._running[name]

        item.obj = awaited

    async def close(self) -> None:
        """Nobody waits for the rest any more."""
        for test in self._running.values():
            test.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, name: str, fixtures: Mapping[str, object]) -> None:
        test = self._tests[name]
        wanted = inspect.signature(test).parameters
        async with self._places:
            await test(**{fixture: fixtures[fixture] for fixture in wanted})
