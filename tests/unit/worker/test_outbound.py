"""Waiting for the trunk's slot: on time, and what changes meanwhile counts."""

import asyncio

from agent.store.dialings import NotNow, Slot
from agent.worker.outbound import until_slot


class Door:
    """What Postgres says to a call that waits, after a moment; and when it was asked."""

    def __init__(self, answer: NotNow | None = None) -> None:
        self.answer = answer
        self.asked_at: list[float] = []

    async def why_not_now(self) -> NotNow | None:
        self.asked_at.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.05)
        return self.answer


async def test_who_waits_long_asks_before_the_slot_and_dials_in_it() -> None:
    loop, door = asyncio.get_running_loop(), Door()
    due = loop.time() + 0.6
    assert await until_slot(Slot(0.6), door.why_not_now) is None
    (asked,) = door.asked_at
    assert asked < due <= loop.time()


async def test_what_has_changed_is_told_at_once() -> None:
    door = Door(NotNow.STOPPED)
    assert await until_slot(Slot(0.6), door.why_not_now) is NotNow.STOPPED
    assert len(door.asked_at) == 1


async def test_a_slot_that_is_here_already_is_taken_without_asking() -> None:
    door = Door(NotNow.STOPPED)
    assert await until_slot(Slot(-0.1), door.why_not_now) is None
    assert door.asked_at == []
