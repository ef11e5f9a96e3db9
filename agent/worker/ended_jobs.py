"""Orphaned-call clean-up: when a call's process dies (a crash, kill -9, out of memory), nobody is
left on a silent line.

LiveKit keeps a room with a caller alone for ever and sends no second agent. So the worker looks
after each of its jobs that ends: its room is deleted, and a record that its process could not
finish is closed as crashed. After an ordinary end there is nothing left to do. Every 15 seconds
each worker also looks for calls whose whole worker died, and does the same for them.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from livekit import api

from agent.errors import DatabaseUnavailable, LiveKitUnavailable
from agent.telephony.dispatch import delete_room, has_agent

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 0.5
_RECORD_GRACE_SECONDS = 5.0
"""An orderly end writes its last facts before its process goes; this is for a slow database."""
_SWEEP_SECONDS = 15.0
_YOUNG = timedelta(seconds=20)
"""A call so young may still be getting its agent."""
_TRIES = 60
_AGAIN_SECONDS = 5.0


class RunningJobs(Protocol):
    """The worker's jobs."""

    def rooms(self) -> Mapping[str, str]:
        """Job id to room name of every job that runs now."""
        ...


class Records(Protocol):
    """Where calls are recorded."""

    async def close_crashed(self, room_name: str, at: datetime) -> bool:
        """Close the unfinished call of that room as crashed at `at`; False if there is none.

        Raises DatabaseUnavailable.
        """
        ...

    async def unfinished(self, before: datetime) -> list[str]:
        """Rooms of calls that were begun before then and not ended. Raises DatabaseUnavailable."""
        ...


class EndedJobs:
    """Watches one worker's jobs. `run` until cancelled."""

    def __init__(
        self,
        jobs: RunningJobs,
        livekit: api.LiveKitAPI,
        records: Records,
        now: Callable[[], datetime],
    ) -> None:
        self._jobs = jobs
        self._livekit = livekit
        self._records = records
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()
        self._looked_after: set[str] = set()

    async def run(self) -> None:
        """Look after every job that ends, and after calls that no job runs."""
        before: Mapping[str, str] = {}
        loop = asyncio.get_running_loop()
        sweep_at = loop.time()
        try:
            while True:
                now = self._jobs.rooms()
                for job_id in before.keys() - now.keys():
                    self._start(self._look_after(before[job_id]))
                before = now
                if loop.time() >= sweep_at:
                    sweep_at = loop.time() + _SWEEP_SECONDS
                    self._start(self._sweep())
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="ended job")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sweep(self) -> None:
        """Find calls whose worker died with them, ours or another."""
        try:
            rooms = await self._records.unfinished(self._now() - _YOUNG)
        except DatabaseUnavailable:
            log.warning("sweep_put_off")
            return
        await asyncio.gather(*(self._look_at(room_name) for room_name in rooms))

    async def _look_at(self, room_name: str) -> None:
        """One room of the sweep: what LiveKit refuses of one says nothing of the others."""
        try:
            if await has_agent(self._livekit, room_name):
                return
        except LiveKitUnavailable as error:
            log.warning("room_not_looked_at", error=str(error))
            return
        await self._look_after(room_name)

    async def _look_after(self, room_name: str) -> None:
        if room_name in self._looked_after:
            return  # an earlier sweep is still at it
        self._looked_after.add(room_name)
        try:
            died_at = self._now()
            await self._end_room(room_name)
            await asyncio.sleep(_RECORD_GRACE_SECONDS)
            await self._close_record(room_name, died_at)
        finally:
            self._looked_after.discard(room_name)

    async def _end_room(self, room_name: str) -> None:
        """Delete the room: whoever is still in it hears that the call is over."""
        for _ in range(_TRIES):
            try:
                await delete_room(self._livekit, room_name)
                return
            except LiveKitUnavailable as error:
                log.warning("room_not_deleted", error=str(error))
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _close_record(self, room_name: str, died_at: datetime) -> None:
        for _ in range(_TRIES):
            try:
                if await self._records.close_crashed(room_name, died_at):
                    log.error("call_closed_as_crashed")
                return
            except DatabaseUnavailable:
                await asyncio.sleep(_AGAIN_SECONDS)
