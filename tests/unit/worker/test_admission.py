"""The cap on concurrent calls: exact, whatever arrives at once."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest
from livekit.agents import JobRequest

from agent.worker.admission import Admission


class Request:
    """A JobRequest whose acceptance takes its time, as the assignment by LiveKit does."""

    def __init__(self, number: int, on_accepted: Callable[[str], None], *, fails: bool = False):
        self.id = f"job-{number}"
        self._on_accepted = on_accepted
        self._fails = fails
        self.rejected_for_good: bool | None = None

    async def accept(self) -> None:
        """Accepted; the job runs when this returns."""
        await asyncio.sleep(0)
        if self._fails:
            raise TimeoutError("assignment timed out")
        self._on_accepted(self.id)
        await asyncio.sleep(0)

    async def reject(self, *, terminate: bool = True) -> None:
        """Refused; `terminate` means that no other worker is asked either."""
        await asyncio.sleep(0)
        self.rejected_for_good = terminate

    @property
    def as_request(self) -> JobRequest:
        """For what wants the real one."""
        return cast("JobRequest", self)


class Worker:
    """Knows which jobs run, as the framework does."""

    def __init__(self, places: int) -> None:
        self.admission = Admission(places)
        self.running: set[str] = set()

    async def asked(self, request: Request) -> bool:
        """One request arrives."""
        return await self.admission.answer(request.as_request, set(self.running))


@pytest.mark.parametrize("places", [1, 3, 50])
async def test_of_fifty_requests_at_once_as_many_are_accepted_as_there_are_places(
    places: int,
) -> None:
    worker = Worker(places)
    requests = [Request(number, worker.running.add) for number in range(50)]
    accepted = await asyncio.gather(*map(worker.asked, requests))
    assert sum(accepted) == places
    assert len(worker.running) == places


async def test_a_call_that_finds_no_place_is_left_to_another_worker() -> None:
    worker = Worker(1)
    assert await worker.asked(Request(1, worker.running.add))
    second = Request(2, worker.running.add)
    assert not await worker.asked(second)
    assert second.rejected_for_good is False


async def test_a_call_that_ends_gives_its_place_back() -> None:
    worker = Worker(1)
    assert await worker.asked(Request(1, worker.running.add))
    assert not await worker.asked(Request(2, worker.running.add))
    worker.running.clear()
    assert await worker.asked(Request(3, worker.running.add))


async def test_an_acceptance_that_fails_gives_its_place_back() -> None:
    worker = Worker(1)
    with pytest.raises(TimeoutError):
        await worker.asked(Request(1, worker.running.add, fails=True))
    assert worker.admission.taken == 0
    assert await worker.asked(Request(2, worker.running.add))


async def test_the_load_tells_how_full_the_worker_is_and_counts_a_starting_call_once() -> None:
    worker = Worker(4)
    loads: list[float] = []

    def accepted(job: str) -> None:
        worker.running.add(job)
        worker.admission.running(set(worker.running))  # asked for and running: still one
        loads.append(worker.admission.load)

    assert worker.admission.load == 0.0
    await worker.asked(Request(1, accepted))
    assert loads == [0.25]
    worker.admission.running({"a", "b", "c", "d", "e"})
    assert worker.admission.load == 1.0
