"""Waiting for the trunk's slot: on time, never in a bunch, and what changes meanwhile counts."""

import asyncio
from uuid import UUID

from agent.store.dialings import NotNow, Slot
from agent.worker.slot import until_slot


class SlotSource:
    """What Postgres answers, one after the other and each after a moment; and what it was asked."""

    def __init__(self, *answers: Slot | NotNow) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, float]] = []

    async def look(self, call_id: UUID) -> Slot | NotNow:
        return await self._answer("look")

    async def renew(self, call_id: UUID, trunk: str, seconds_per_call: float) -> Slot | NotNow:
        return await self._answer("renew")

    async def _answer(self, question: str) -> Slot | NotNow:
        self.asked.append((question, asyncio.get_running_loop().time()))
        await asyncio.sleep(0.02)
        return self.answers.pop(0)

    async def wait(self, slot: Slot) -> NotNow | None:
        return await until_slot(self, UUID(int=1), "trunk", slot, 0.05)


def _slot(wait: float, *, settled: bool = True) -> Slot:
    return Slot(wait, wait + 0.9, settled)


async def test_who_waits_long_looks_before_the_slot_and_dials_in_it() -> None:
    loop, door = asyncio.get_running_loop(), SlotSource(_slot(0.15))
    due = loop.time() + 0.6
    assert await door.wait(_slot(0.6)) is None
    ((question, asked),) = door.asked
    assert question == "look"
    assert asked < due - 0.1
    assert loop.time() >= asked + 0.15


async def test_what_has_changed_is_told_at_once() -> None:
    door = SlotSource(NotNow.STOPPED)
    assert await door.wait(_slot(0.6)) is NotNow.STOPPED


async def test_a_slot_that_is_here_already_is_taken_without_asking() -> None:
    door = SlotSource()
    assert await door.wait(_slot(-0.1)) is None
    assert door.asked == []


async def test_who_comes_a_second_after_a_call_waits_until_that_one_has_dialled() -> None:
    loop, door = asyncio.get_running_loop(), SlotSource(_slot(-0.1, settled=False), _slot(0.3))
    assert await door.wait(_slot(0.0, settled=False)) is None
    assert [question for question, _ in door.asked] == ["look", "look"]
    assert loop.time() >= door.asked[-1][1] + 0.3


async def test_a_slot_that_was_missed_is_left_empty_and_another_taken() -> None:
    loop, door = asyncio.get_running_loop(), SlotSource(_slot(0.2))
    assert await door.wait(Slot(-1.0, -0.1, settled=True)) is None
    ((question, asked),) = door.asked
    assert question == "renew"
    assert loop.time() >= asked + 0.2


async def test_who_is_too_late_for_every_slot_gives_up() -> None:
    missed = Slot(-1.0, -0.1, settled=True)
    door = SlotSource(*[missed] * 20)
    assert await door.wait(missed) is NotNow.LATE
    assert not NotNow.LATE.is_final
