"""Whole calls are long and mostly waiting: several tests are run at the same time.

Each test stays a test: it is chosen, reported and timed as pytest does it; only the telephones are
not waited for one after the other. A test of several calls says so: `@pytest.mark.call(2)`. Those
that want other fixtures than the shared ones are run as usual.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import pytest

PLACES = 2
"""What two cores carry without making anybody wait, beside the calls of the second process."""

TIMEOUT = 300
"""Seconds for a test, the wait for its place included."""

Test = Callable[..., Awaitable[None]]


class AtTheSameTime:
    """The chosen tests, begun in their order as places become free once the first is awaited.

    `shared` are the fixtures that they may take; one of `alone` is had by one test at a time.
    """

    def __init__(self, *shared: str, alone: Sequence[str] = ()) -> None:
        self._shared = {*shared, *alone}
        self._alone = {fixture: asyncio.Lock() for fixture in alone}
        self._tests: dict[str, tuple[Test, int]] = {}
        self._fixtures: dict[str, object] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._free = PLACES
        self._changed = asyncio.Condition()

    def add(self, item: pytest.Function) -> None:
        """Have `item` await its test, which may have begun long before."""
        name, test = item.nodeid, item.obj
        wanted = inspect.signature(test).parameters
        if not self._shared.issuperset(wanted):
            return
        mark = item.get_closest_marker("call")
        self._tests[name] = (test, mark.args[0] if mark and mark.args else 1)

        @functools.wraps(test)
        async def awaited(**_: object) -> None:
            for each in self._tests:
                if each not in self._running:
                    self._running[each] = asyncio.create_task(self._run(each), name=each)
            await self._running[name]

        item.obj = awaited
        item.add_marker(pytest.mark.timeout(TIMEOUT))  # it may wait for its place, too

    def open(self, **fixtures: object) -> None:
        """The shared fixtures; before the first test."""
        self._fixtures = fixtures

    async def close(self) -> None:
        """Nobody waits for the rest any more."""
        for test in self._running.values():
            test.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, name: str) -> None:
        test, calls = self._tests[name]
        wanted = inspect.signature(test).parameters
        async with AsyncExitStack() as held:
            for fixture in sorted(self._alone.keys() & wanted):
                await held.enter_async_context(self._alone[fixture])
            async with self._changed:
                await self._changed.wait_for(lambda: self._free >= calls)
                self._free -= calls
            try:
                await test(**{fixture: self._fixtures[fixture] for fixture in wanted})
            finally:
                async with self._changed:
                    self._free += calls
                    self._changed.notify_all()
