"""Orphaned-call clean-up: whatever LiveKit says of one room, the others are looked after."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import cast

import pytest
from livekit import api

from agent.worker import ended_jobs
from agent.worker.ended_jobs import EndedJobs

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


class Records:
    """Calls that nobody has closed, by their room."""

    def __init__(self, *rooms: str) -> None:
        self.open = list(rooms)
        self.closed: list[str] = []
        self.last_is_closed = asyncio.Event()

    async def unfinished(self, before: datetime) -> list[str]:
        return list(self.open)

    async def close_crashed(self, room_name: str, at: datetime) -> bool:
        self.closed.append(room_name)
        if room_name == self.open[-1]:
            self.last_is_closed.set()
        return True


class Jobs:
    """A worker's jobs: job id to room."""

    def __init__(self, running: Mapping[str, str] | None = None) -> None:
        self.running = dict(running or {})
        self.seen = asyncio.Event()

    def rooms(self) -> Mapping[str, str]:
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
    assert records.closed == ["gone"]


async def test_a_call_with_its_agent_or_of_which_nothing_is_known_is_left_alone() -> None:
    rooms: dict[str, api.TwirpError | list[api.ParticipantInfo]] = {
        "talking": [AGENT],
        "unknown": REFUSED,
        "silent": [],
    }
    livekit, records = LiveKit(rooms), Records(*rooms)
    async with cleaning_up(livekit, records, Jobs()):
        await records.last_is_closed.wait()
    assert livekit.deleted == records.closed == ["silent"]


async def test_the_room_of_a_job_that_has_ended_is_deleted() -> None:
    # The sweep leaves it alone: there is still an agent in it.
    livekit, records = LiveKit({"its-room": [AGENT]}), Records("its-room")
    jobs = Jobs({"job": "its-room"})
    async with cleaning_up(livekit, records, jobs):
        await jobs.seen.wait()
        assert not livekit.deleted
        jobs.running.clear()
        await records.last_is_closed.wait()
    assert livekit.deleted == ["its-room"]
