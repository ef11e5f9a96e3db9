"""Orphaned-call clean-up: whatever LiveKit says of one room, the others are looked after."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import cast
from uuid import NAMESPACE_DNS, UUID, uuid5

import pytest
from livekit import api

from agent.errors import DatabaseUnavailable
from agent.worker import ended_jobs
from agent.worker.ended_jobs import EndedJobs, RunningJob

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GONE = api.TwirpError("not_found", "requested room does not exist", status=404)
REFUSED = api.TwirpError("internal", "no node for this room", status=500)
AGENT = api.ParticipantInfo(kind=api.ParticipantInfo.Kind.AGENT)


class LiveKit:
    """The room service: who is in each room, or how LiveKit refuses to say."""

    def __init__(self, rooms: dict[str, api.TwirpError | list[api.ParticipantInfo]]) -> None:
        self.room = self
        self.rooms = rooms
        self.deleted: list[str] = []

    async def list_participants(
        self, request: api.ListParticipantsRequest
    ) -> api.ListParticipantsResponse:
        inside = self.rooms[request.room]
        if isinstance(inside, api.TwirpError):
            raise inside
        return api.ListParticipantsResponse(participants=inside)

    async def delete_room(self, request: api.DeleteRoomRequest) -> None:
        self.deleted.append(request.room)
        if self.rooms.get(request.room) is GONE:
            raise GONE


def _id(room: str) -> UUID:
    return uuid5(NAMESPACE_DNS, room)


class Records:
    """Calls that nobody has closed. Each is in the room of its name, or in the one given."""

    def __init__(self, *rooms: str, **calls: str) -> None:
        self.open = {_id(name): room for name, room in [*((r, r) for r in rooms), *calls.items()]}
        self.young: dict[UUID, str] = {}
        self.closed: list[UUID] = []
        self.last_is_closed = asyncio.Event()
        self.away = False
        self.sweeps = 0
        self.others_sweep = False

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        self.sweeps += 1
        yield not self.others_sweep

    async def unfinished(self, before: datetime) -> dict[UUID, str]:
        return dict(self.open)

    async def others_in(self, room_name: str, calls: Collection[UUID]) -> bool:
        if self.away:
            raise DatabaseUnavailable("away")
        named = self.open | self.young
        return any(room == room_name for call, room in named.items() if call not in calls)

    async def close_crashed(self, call_id: UUID, at: datetime) -> bool:
        self.closed.append(call_id)
        if call_id == [*self.open, *self.young][-1]:
            self.last_is_closed.set()
        self.open.pop(call_id, None)
        return True


class Jobs:
    """A worker's jobs: job id to the room that its call is in, or to the call and its room."""

    def __init__(self, running: Mapping[str, str] | None = None) -> None:
        self.running = {job: RunningJob(_id(room), room) for job, room in (running or {}).items()}
        self.seen = asyncio.Event()

    def jobs(self) -> Mapping[str, RunningJob]:
        self.seen.set()
        return dict(self.running)


@asynccontextmanager
async def cleaning_up(livekit: LiveKit, records: Records, jobs: Jobs) -> AsyncIterator[None]:
    ended = EndedJobs(jobs, cast("api.LiveKitAPI", livekit), records, lambda: NOW)
    task = asyncio.create_task(ended.run())
    try:
        async with asyncio.timeout(5):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended_jobs, "_RECORD_GRACE_SECONDS", 0)
    monkeypatch.setattr(ended_jobs, "_LOOK_SECONDS", 0.01)


@pytest.mark.parametrize("first", [GONE, REFUSED, [AGENT]], ids=["gone", "refused", "has agent"])
async def test_a_room_that_needs_nothing_or_is_refused_does_not_end_the_sweep(
    first: api.TwirpError | list[api.ParticipantInfo],
) -> None:
    livekit, records = LiveKit({"first": first, "silent": []}), Records("first", "silent")
    async with cleaning_up(livekit, records, Jobs()):
        await records.last_is_closed.wait()
    assert "silent" in livekit.deleted


async def test_the_record_of_a_call_whose_room_is_gone_is_closed() -> None:
    records = Records("gone")
    async with cleaning_up(LiveKit({"gone": GONE}), records, Jobs()):
        await records.last_is_closed.wait()
    assert records.closed == [_id("gone")]


async def test_a_call_with_its_agent_or_of_which_nothing_is_known_is_left_alone() -> None:
    rooms: dict[str, api.TwirpError | list[api.ParticipantInfo]] = {
        "talking": [AGENT],
        "unknown": REFUSED,
        "silent": [],
    }
    livekit, records = LiveKit(rooms), Records(*rooms)
    async with cleaning_up(livekit, records, Jobs()):
        await records.last_is_closed.wait()
    assert (livekit.deleted, records.closed) == (["silent"], [_id("silent")])


async def test_the_room_of_a_job_that_has_ended_is_deleted() -> None:
    # The sweep leaves it alone: there is still an agent in it.
    its_own = api.ParticipantInfo(kind=api.ParticipantInfo.Kind.AGENT, identity="agent-job")
    livekit, records = LiveKit({"its-room": [its_own]}), Records("its-room")
    jobs = Jobs({"job": "its-room"})
    async with cleaning_up(livekit, records, jobs):
        await jobs.seen.wait()
        assert not livekit.deleted
        jobs.running.clear()
        await records.last_is_closed.wait()
    assert livekit.deleted == ["its-room"]


async def _ends(livekit: LiveKit, records: Records, jobs: Jobs) -> None:
    """Their jobs end, all at once, and what is done about it has been done."""
    async with cleaning_up(livekit, records, jobs):
        await jobs.seen.wait()
        await _idle()
        jobs.running.clear()
        await asyncio.sleep(0.05)  # two looks
        await _idle()


async def _idle() -> None:
    """Nothing is being looked after any more."""
    while [task for task in asyncio.all_tasks() if task.get_name() == "ended job"]:  # noqa: ASYNC110  # the tasks' fact
        await asyncio.sleep(0.01)


async def test_the_next_call_in_a_room_that_a_client_named_is_neither_cut_nor_closed() -> None:
    second = api.ParticipantInfo(kind=api.ParticipantInfo.Kind.AGENT, identity="agent-second")
    livekit = LiveKit({"named": [second]})
    records = Records(first="named")
    records.young[_id("second")] = "named"
    jobs = Jobs()
    jobs.running["first"] = RunningJob(_id("first"), "named")
    await _ends(livekit, records, jobs)
    assert (livekit.deleted, records.closed) == ([], [_id("first")])


async def test_a_call_whose_agent_is_still_awaited_keeps_the_room_that_it_names() -> None:
    records = Records()
    records.young[_id("second")] = "named"
    livekit, jobs = LiveKit({"named": []}), Jobs()
    jobs.running["first"] = RunningJob(_id("first"), "named")
    await _ends(livekit, records, jobs)
    assert (livekit.deleted, records.closed) == ([], [_id("first")])


@pytest.mark.parametrize("database_away", [True, False])
async def test_a_second_job_for_a_call_ends_without_any_effect_on_it(
    database_away: bool,
) -> None:
    first = api.ParticipantInfo(kind=api.ParticipantInfo.Kind.AGENT, identity="agent-first")
    livekit, records = LiveKit({"room": [first]}), Records("room")
    records.away = database_away
    jobs = Jobs({"first": "room", "second": "room"})
    async with cleaning_up(livekit, records, jobs):
        await jobs.seen.wait()
        await _idle()
        del jobs.running["second"]
        await asyncio.sleep(0.05)  # two looks
        await _idle()
    assert (livekit.deleted, records.closed) == ([], [])


async def test_all_callers_of_a_dead_worker_are_freed_before_any_record_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ended_jobs, "_RECORD_GRACE_SECONDS", 0.2)
    rooms = [str(number) for number in range(20)]
    livekit, records = LiveKit({room: [] for room in rooms}), Records(*rooms)
    async with cleaning_up(livekit, records, Jobs()):
        async with asyncio.timeout(0.15):
            while len(livekit.deleted) < len(rooms):  # noqa: ASYNC110  # LiveKit's fact
                await asyncio.sleep(0.005)
        assert not records.closed
        await _idle()
    assert (sorted(livekit.deleted), len(records.closed)) == (sorted(rooms), len(rooms))


async def test_a_worker_does_nothing_while_another_one_sweeps() -> None:
    livekit, records = LiveKit({"silent": []}), Records("silent")
    records.others_sweep = True
    async with cleaning_up(livekit, records, Jobs()):
        async with asyncio.timeout(5):
            while not records.sweeps:  # noqa: ASYNC110  # the sweep's fact
                await asyncio.sleep(0.01)
        await _idle()
    assert (livekit.deleted, records.closed) == ([], [])


async def test_a_room_that_cannot_be_deleted_keeps_its_record_open_for_the_next_sweep() -> None:
    class Stuck(LiveKit):
        async def delete_room(self, request: api.DeleteRoomRequest) -> None:
            raise REFUSED

    records = Records("silent")
    async with cleaning_up(Stuck({"silent": []}), records, Jobs()):
        async with asyncio.timeout(5):
            while not records.sweeps:  # noqa: ASYNC110  # the sweep's fact
                await asyncio.sleep(0.01)
        await _idle()
    assert records.closed == []
