"""Whole calls are long and mostly waiting: several tests are run at the same time.

Each test stays a test: it is chosen, reported and timed as pytest does it; only the telephones are
not waited for one after the other. A test says how many talk in it at once, if it is not one:
`@pytest.mark.call(2)`. Those that want other fixtures than the shared ones are run in their turn.
Each waits for its places; one that failed and is run again waits for all of them.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import pytest

from tests.calls.places import PLACES, Places

TIMEOUT = 540
"""Seconds for a test, the wait for its places included: those of another process may be first."""

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
        self._tried: set[str] = set()
        self._places: Places | None = None

    def add(self, item: pytest.Function) -> None:
        """Have `item` await its test, which may have begun long before."""
        mark = item.get_closest_marker("call")
        if mark is None:
            return
        name, test, calls = item.nodeid, item.obj, mark.args[0] if mark.args else 1
        item.add_marker(pytest.mark.timeout(TIMEOUT), append=False)

        @functools.wraps(test)
        async def in_turn(**fixtures: object) -> None:
            again = name in self._tried
            self._tried.add(name)
            async with self._open_places().taken(PLACES if again else calls):
                await test(**fixtures)

        @functools.wraps(test)
        async def awaited(**_: object) -> None:
            if name in self._tried:
                await self._run(name, again=True)
                return
            self._tried.add(name)
            for each in self._tests:
                if each not in self._running:
                    self._running[each] = asyncio.create_task(self._run(each), name=each)
            await self._running[name]

        if self._shared.issuperset(inspect.signature(test).parameters):
            self._tests[name] = (test, calls)
            item.obj = awaited
        else:
            item.obj = in_turn

    def open(self, places: Places, **fixtures: object) -> None:
        """The shared fixtures; before the first test."""
        self._places, self._fixtures = places, fixtures

    async def close(self) -> None:
        """Nobody waits for the rest any more."""
        for test in self._running.values():
            test.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, name: str, *, again: bool = False) -> None:
        test, calls = self._tests[name]
        wanted = inspect.signature(test).parameters
        async with AsyncExitStack() as held:
            for fixture in sorted(self._alone.keys() & wanted):
                await held.enter_async_context(self._alone[fixture])
            await held.enter_async_context(self._open_places().taken(PLACES if again else calls))
            await test(**{fixture: self._fixtures[fixture] for fixture in wanted})

    def _open_places(self) -> Places:
        assert self._places is not None, "the shared fixtures were not opened"
        return self._places
