"""Orphaned-call clean-up: when a call's process dies (a crash, kill -9, out of memory), nobody is
left on a silent line.

LiveKit keeps a room with a caller alone for ever and sends no second agent. So the worker looks
after each of its jobs that ends: its room is deleted, and a record that its process could not
finish is closed as crashed. After an ordinary end there is nothing left to do. Every 15 seconds
one of the workers also looks for calls whose whole worker died, and does the same for them.

Calls go by their id: a room that a client named can be the next call's already.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from livekit import api

from agent.errors import DatabaseUnavailable, LiveKitUnavailable
from agent.telephony.dispatch import agent_of, delete_room, has_agent, is_agent, people_in

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 0.5
_RECORD_GRACE_SECONDS = 5.0
"""An orderly end writes its last facts before its process goes; this is for a slow database."""
_SWEEP_SECONDS = 15.0
_YOUNG = timedelta(seconds=20)
"""A call so young may still be getting its agent."""
_TRIES = 60
_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RunningJob:
    """The call that a job runs, and the name of the room it is in."""

    call_id: UUID
    room_name: str


class RunningJobs(Protocol):
    """The worker's jobs."""

    def jobs(self) -> Mapping[str, RunningJob]:
        """Every job that runs now, by its id."""
        ...


class Records(Protocol):
    """Where calls are recorded. Every method raises DatabaseUnavailable."""

    def alone(self) -> AbstractAsyncContextManager[bool]:
        """For the length of a sweep; False: another worker sweeps at this moment."""
        ...

    async def close_crashed(self, call_id: UUID, at: datetime) -> bool:
        """Close the call as crashed at `at`, if nothing tells its end; False if it has ended."""
        ...

    async def unfinished(self, before: datetime) -> Mapping[UUID, str]:
        """The room of each call that was begun before then and has not ended."""
        ...

    async def others_in(self, room_name: str, calls: Collection[UUID]) -> bool:
        """Whether a call that has not ended, and is none of these, names this room."""
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
        self._looked_after: set[UUID] = set()

    async def run(self) -> None:
        """Look after every job that ends, and after calls that no job runs."""
        before: Mapping[str, RunningJob] = {}
        loop = asyncio.get_running_loop()
        sweep_at = loop.time()
        sweep: asyncio.Task[None] | None = None
        try:
            while True:
                now = self._jobs.jobs()
                for job_id in before.keys() - now.keys():
                    self._start(self._after(job_id, before[job_id]))
                before = now
                if loop.time() >= sweep_at and (sweep is None or sweep.done()):
                    sweep_at = loop.time() + _SWEEP_SECONDS
                    sweep = self._start(self._sweep())
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="ended job")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _after(self, job_id: str, job: RunningJob) -> None:
        """A job of ours has ended, in order or not."""
        self._looked_after.add(job.call_id)
        try:
            died_at = self._now()
            shared = await self._is_shared(job)
            served = await self._is_served_by_another(job_id, job.room_name)
            if served and not shared:
                return  # a second job for the same call: the first goes on with it
            if not served and not shared:
                await self._end_room(job.room_name)
            await asyncio.sleep(_RECORD_GRACE_SECONDS)
            await self._close_record(job.call_id, died_at)
        finally:
            self._looked_after.discard(job.call_id)

    async def _is_shared(self, job: RunningJob) -> bool:
        """Whether another call that goes on, or is to begin, has this room."""
        try:
            return await self._records.others_in(job.room_name, [job.call_id])
        except DatabaseUnavailable:
            return False  # nothing is begun now; LiveKit knows who else is in there

    async def _is_served_by_another(self, job_id: str, room_name: str) -> bool:
        try:
            inside = await people_in(self._livekit, room_name)
        except LiveKitUnavailable:
            return False
        # The agent of a killed process seems to be there for a while.
        return any(is_agent(each) and each.identity != agent_of(job_id) for each in inside)

    async def _end_room(self, room_name: str) -> None:
        """Delete the room: whoever is still in it hears that the call is over."""
        for _ in range(_TRIES):
            try:
                await delete_room(self._livekit, room_name)
                return
            except LiveKitUnavailable as error:
                log.warning("room_not_deleted", error=str(error))
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _close_record(self, call_id: UUID, died_at: datetime) -> None:
        for _ in range(_TRIES):
            try:
                await self._close(call_id, died_at)
                return
            except DatabaseUnavailable:
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _close(self, call_id: UUID, died_at: datetime) -> None:
        if await self._records.close_crashed(call_id, died_at):
            log.error("call_closed_as_crashed", call_id=str(call_id))

    async def _sweep(self) -> None:
        """Find calls whose worker died with them, ours or another. All are freed together."""
        try:
            async with self._records.alone() as mine:
                if not mine:
                    return
                rooms: dict[str, list[UUID]] = defaultdict(list)
                for call_id, name in (await self._records.unfinished(self._now() - _YOUNG)).items():
                    if call_id not in self._looked_after:
                        rooms[name].append(call_id)
                looks = (self._look_at(name, calls) for name, calls in rooms.items())
                for found in await asyncio.gather(*looks, return_exceptions=True):
                    if isinstance(found, Exception):
                        log.error("room_not_looked_at", error=type(found).__name__)
        except DatabaseUnavailable:
            log.warning("sweep_put_off")

    async def _look_at(self, room_name: str, calls: list[UUID]) -> None:
        """One room of the sweep: what LiveKit refuses of one says nothing of the others."""
        died_at = self._now()
        try:
            if await has_agent(self._livekit, room_name):
                return
            if not await self._records.others_in(room_name, calls):
                await delete_room(self._livekit, room_name)
        except LiveKitUnavailable as error:
            log.warning("room_not_looked_at", error=str(error))
            return  # the next sweep tries again
        await asyncio.sleep(_RECORD_GRACE_SECONDS)
        for call_id in calls:
            await self._close(call_id, died_at)
