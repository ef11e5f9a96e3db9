"""What a live call writes down: at once and without waiting, whatever the database does.

journal = Journal(call_id, store, spool_dir)
journal.record(event)                        # never blocks, never raises
journal.record(opted_out, urgent=True)       # on its way to the database now
stored = await journal.close(deadline_s=5)   # False: in the spool, see `spool.recover`
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID

import structlog

from agent.domain.calls import CallEvent, CallTurn, Source
from agent.errors import DatabaseUnavailable
from agent.store.spool import Recorder, forget_spool, write_spool

GATHER_SECONDS = 0.5
"""Facts of one moment go to the database together."""
FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 5.0
LAST_RETRY_SECONDS = 0.5
"""Between tries when the call is over and its deadline runs."""
CANCEL_SECONDS = 1.0
"""For a statement in flight to be taken back; the facts are safe on disk by then."""
TO_DISK_SECONDS = 0.5
"""What the database has not taken after this time is on disk, in case this process is killed."""

logger = structlog.get_logger(__name__)


class Journal:
    """The facts of one call on their way into the database, in order. Used from one loop.

    What is not stored yet is kept in memory. Events that the database does not take are at once in
    a file of `spool_dir` too, so that kill -9 does not lose them; turns at the end of the call: an
    earlier version of a turn must not come after a later one.
    """

    def __init__(self, call_id: UUID, store: Recorder, spool_dir: Path) -> None:
        self._call_id = call_id
        self._store = store
        self._spool_dir = spool_dir
        self._events: list[CallEvent] = []
        self._turns: list[CallTurn] = []
        self._on_disk: set[tuple[Source, str]] = set()
        """Events that are in the spool as well."""
        self._one_writer = threading.Lock()
        self._disk_alone = False
        """The spool holds facts that are not in memory any more."""
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
            async with self._safe_on_disk():
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
        if self._on_disk:
            await asyncio.to_thread(self._forget_spool)
        return True

    @contextlib.asynccontextmanager
    async def _safe_on_disk(self) -> AsyncIterator[None]:
        """Within: events go to disk if the database takes its time, or refuses."""
        watching = asyncio.create_task(self._to_disk_while_waiting())
        try:
            yield
        except asyncio.CancelledError:
            raise  # `_end` writes them
        except BaseException:
            await self._to_disk()
            raise
        finally:
            watching.cancel()

    async def _to_disk_while_waiting(self) -> None:
        while True:
            await asyncio.sleep(TO_DISK_SECONDS)
            await self._to_disk()

    async def _to_disk(self) -> None:
        """Spool the events that are not on disk yet."""
        await asyncio.to_thread(self._spool, turns=False)

    def _spool(self, *, turns: bool) -> bool:
        """Append what is not on disk yet; False: the disk did not take it, which is logged."""
        with self._one_writer:
            events = [each for each in self._events if _key(each) not in self._on_disk]
            said = self._turns if turns else []
            if not events and not said:
                return True
            try:
                write_spool(self._spool_dir, self._call_id, events, said)
            except OSError as error:
                call_id, why = str(self._call_id), type(error).__name__
                logger.error("call_record_not_on_disk", call_id=call_id, error=why)
                return False
            self._on_disk |= {_key(each) for each in events}
            return True

    def _forget_spool(self) -> None:
        """Remove the file again, if everything that is in it has been stored."""
        with self._one_writer:
            if not self.pending and not self._disk_alone:
                forget_spool(self._spool_dir, self._call_id)
                self._on_disk.clear()

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
        if not self._spool(turns=True):
            logger.error("call_record_lost", call_id=str(self._call_id))
            return False
        logger.error("call_record_spooled", call_id=str(self._call_id), facts=self.pending)
        self._disk_alone = True
        self._events.clear()
        self._turns.clear()
        return False


def _key(event: CallEvent) -> tuple[Source, str]:
    return event.source, event.source_id
