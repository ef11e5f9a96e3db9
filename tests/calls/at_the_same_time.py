"""Tests of this folder are whole calls, and three calls are held at the same time.

Each test stays a test: it is chosen, reported and timed as pytest does it; only the telephones are
not waited for one after the other. A test of several calls says so: `@pytest.mark.call(2)`. Those
that want other fixtures than `line` and `centre` are run as usual.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable

import pytest

from tests.calls.call_centre import CallCentre, Line

PLACES = 3
"""What two cores and one recogniser carry without making anybody wait."""

Test = Callable[..., Awaitable[None]]


class AtTheSameTime:
    """The chosen tests, begun in their order as places become free once the first is awaited."""

    def __init__(self) -> None:
        self._tests: dict[str, tuple[Test, int]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._free = PLACES
        self._changed = asyncio.Condition()

    def add(self, item: pytest.Function) -> None:
        """Have `item` await its test, which may have begun long before."""
        name, test = item.nodeid, item.obj
        if not {"line", "centre"}.issuperset(inspect.signature(test).parameters):
            return
        mark = item.get_closest_marker("call")
        self._tests[name] = (test, mark.args[0] if mark and mark.args else 1)

        @functools.wraps(test)
        async def awaited(line: Line | None = None, centre: CallCentre | None = None) -> None:
            there = line.centre if line is not None else centre
            assert there is not None
            for each in self._tests:
                if each not in self._running:
                    self._running[each] = asyncio.create_task(self._run(each, there), name=each)
            await self._running[name]

        item.obj = awaited

    async def close(self) -> None:
        """Nobody waits for the rest any more."""
        for test in self._running.values():
            test.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, name: str, centre: CallCentre) -> None:
        test, calls = self._tests[name]
        fixtures = {"line": centre.line, "centre": centre}
        wanted = inspect.signature(test).parameters
        async with self._changed:
            await self._changed.wait_for(lambda: self._free >= calls)
            self._free -= calls
        try:
            await test(**{fixture: fixtures[fixture] for fixture in wanted})
        finally:
            async with self._changed:
                self._free += calls
                self._changed.notify_all()
