"""What a live call writes down: at once and without waiting, whatever the database does.

journal = Journal(call_id, store, spool_dir)
journal.record(event)                        # never blocks, never raises
journal.record(opted_out, urgent=True)       # on its way to the database now
stored = await journal.close(deadline_s=5)   # False: in the spool, see `spool.recover`
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import structlog

from agent.domain.calls import CallEvent, CallTurn
from agent.errors import DatabaseUnavailable
from agent.store.spool import Recorder, write_spool

GATHER_SECONDS = 0.5
"""Facts of one moment go to the database together."""
FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 5.0
LAST_RETRY_SECONDS = 0.5
"""Between tries when the call is over and its deadline runs."""
CANCEL_SECONDS = 1.0
"""For a statement in flight to be taken back; the facts are safe on disk by then."""

logger = structlog.get_logger(__name__)


class Journal:
    """The facts of one call on their way into the database, in order. Used from one loop.

    What is not stored yet is kept in memory, and at the end of the call in a file of `spool_dir`.
    """

    def __init__(self, call_id: UUID, store: Recorder, spool_dir: Path) -> None:
        self._call_id = call_id
        self._store = store
        self._spool_dir = spool_dir
        self._events: list[CallEvent] = []
        self._turns: list[CallTurn] = []
        self._written = asyncio.Event()
        self._hurry = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def record(self, event: CallEvent, *, urgent: bool = False) -> None:
        """Write down a fact. `urgent`: it must not be lost with this process; store it now."""
        self._write(lambda: self._events.append(event), urgent=urgent)

    def turn(self, turn: CallTurn) -> None:
        """Write down what was said; the same turn_id again replaces it."""
        self._write(lambda: self._turns.append(turn), urgent=False)

    @property
    def pending(self) -> int:
        """How many facts are not in the database yet."""
        return len(self._events) + len(self._turns)

    async def close(self, deadline_s: float) -> bool:
        """Store what is left. True: everything is in the database.

        After `deadline_s` seconds, or when cancelled, what is left goes into the spool, and an
        error is logged. False then. Safe to call twice.
        """
        self._closing = True
        self._hurry.set()
        self._written.set()
        try:
            if self._task is not None:
                await asyncio.wait([self._task], timeout=deadline_s)
        finally:
            stored = self._end()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=CANCEL_SECONDS)
        return stored

    def _write(self, put: Callable[[], None], *, urgent: bool) -> None:
        put()
        self._written.set()
        if urgent:
            self._hurry.set()
        if self._task is None or self._task.done():
            if self._closing:
                # Late, but not lost as long as somebody closes once more.
                logger.warning("journal_written_after_close", call_id=str(self._call_id))
                self._closing = False
            self._task = asyncio.create_task(self._run(), name=f"journal-{self._call_id}")

    async def _run(self) -> None:
        """Flush what was written until closed; while the database is away, try again and again."""
        pause = FIRST_RETRY_SECONDS
        while self.pending or not self._closing:
            if not self.pending:
                self._written.clear()
                await self._written.wait()
                await self._gather()
                continue
            self._hurry.clear()
            if await self._flush():
                pause = FIRST_RETRY_SECONDS
                continue
            await self._wait_for(self._hurry, pause)
            pause = min(pause * 2, LAST_RETRY_SECONDS if self._closing else LONGEST_RETRY_SECONDS)

    async def _gather(self) -> None:
        """Let the facts of one moment come together, unless there is a hurry."""
        if not self._closing:
            await self._wait_for(self._hurry, GATHER_SECONDS)

    async def _flush(self) -> bool:
        """Store everything pending in one step. False: it is still pending."""
        events, turns = tuple(self._events), tuple(self._turns)
        try:
            await self._store.append(events, turns)
        except DatabaseUnavailable:
            logger.warning("journal_waits_for_database", call_id=str(self._call_id))
            return False
        except Exception as error:  # noqa: BLE001  # a fact must not be lost to a bug in its storing
            logger.error(
                "journal_not_stored", call_id=str(self._call_id), error=type(error).__name__
            )
            return False
        del self._events[: len(events)], self._turns[: len(turns)]
        return True

    async def _wait_for(self, event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()

    def _end(self) -> bool:
        """Stop the task; whatever is pending goes to disk. No await: it runs when cancelled too."""
        if self._task is not None:
            self._task.cancel()
        if not self.pending:
            return True
        # Facts that are being stored at this very moment are spooled as well: stored twice is
        # stored once.
        try:
            write_spool(self._spool_dir, self._call_id, self._events, self._turns)
        except OSError as error:
            logger.error("call_record_lost", call_id=str(self._call_id), error=type(error).__name__)
            return False
        logger.error("call_record_spooled", call_id=str(self._call_id), facts=self.pending)
        self._events.clear()
        self._turns.clear()
        return False
