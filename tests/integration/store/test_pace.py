"""The trunk's pace when processes are late, in a real Postgres: no second holds too many calls."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from random import Random

import pytest

from agent.domain.attempts import Attempt, seconds_per_call
from agent.store.database import Database
from agent.store.dialings import NotNow, Slot
from agent.worker.slot import until_slot
from tests.bench.pacing import busiest_second
from tests.integration.store.test_dialings import RULES, TRUNK, Office

RATE = 20
DISTANCE = seconds_per_call(RATE)
NOT_YET = RATE * DISTANCE - 1.0
"""A slot comes so much later than the one a second before it needs to be."""


@pytest.fixture
async def office(dsn: str) -> AsyncIterator[Office]:
    async with Database(dsn, max_size=8) as database:
        office = Office(database)
        await office.trunks.ensure(TRUNK, RATE)
        yield office


async def _begin(office: Office, attempt: Attempt) -> Slot:
    slot = await office.dialings.begin(attempt.call_id, TRUNK, RULES, DISTANCE)
    assert isinstance(slot, Slot)
    return slot


async def _look(office: Office, attempt: Attempt) -> Slot:
    slot = await office.dialings.look(attempt.call_id)
    assert isinstance(slot, Slot)
    return slot


async def _slot_at(office: Office, attempt: Attempt) -> float:
    """Unix seconds."""
    async with office.database.connection() as connection:
        at: datetime = await connection.fetchval(
            "select slot_at from dialings where call_id = $1", attempt.call_id
        )
    return at.timestamp()


async def _a_second_of_calls(office: Office) -> list[Attempt]:
    """Calls of which the last is in the slot a second after the first's."""
    attempts = [await office.dispatched() for _ in range(RATE + 1)]
    for attempt in attempts:
        await _begin(office, attempt)
    return attempts


async def test_a_call_waits_a_second_for_one_that_dialled_late(office: Office) -> None:
    first, *_, last = await _a_second_of_calls(office)
    assert not (await _look(office, last)).settled
    await office.execute(
        "update dialings set dialled_at = slot_at + interval '0.4 seconds' "
        f"where call_id = '{first.call_id}'"
    )
    began = time.monotonic()
    before, after = await _look(office, last), await _look(office, first)
    took = time.monotonic() - began
    assert before.settled
    assert 1.39 < before.wait - after.wait < 1.41 + took


async def test_a_call_that_dialled_on_time_holds_nobody_up(office: Office) -> None:
    first, *_, last = await _a_second_of_calls(office)
    await office.execute(
        f"update dialings set dialled_at = slot_at where call_id = '{first.call_id}'"
    )
    found = await _look(office, last)
    assert found.settled
    assert found.usable - found.wait == pytest.approx(0.9, abs=0.001)


async def test_a_call_that_never_says_that_it_dialled_holds_one_up_for_a_moment(
    office: Office,
) -> None:
    *_, last = await _a_second_of_calls(office)
    await office.execute("update dialings set slot_at = slot_at - interval '3 seconds'")
    found = await _look(office, last)
    assert found.settled
    # As if it had dialled at the last moment at which it could.
    assert found.usable - found.wait == pytest.approx(NOT_YET, abs=0.001)


async def test_a_missed_slot_is_renewed_while_the_call_may_still_dial(office: Office) -> None:
    attempt = await office.dispatched()
    began = time.monotonic()
    await _begin(office, attempt)
    missed = await _slot_at(office, attempt)
    again = await office.dialings.renew(attempt.call_id, TRUNK, DISTANCE)
    took = time.monotonic() - began
    assert isinstance(again, Slot)
    assert DISTANCE - took <= again.wait <= DISTANCE
    assert await _slot_at(office, attempt) - missed >= DISTANCE - 1e-5  # stored in microseconds
    await office.kill_switch.stop("test")
    assert await office.dialings.renew(attempt.call_id, TRUNK, DISTANCE) is NotNow.STOPPED
    await office.kill_switch.resume()
    await office.dialings.dialled(attempt.call_id)
    assert await office.dialings.renew(attempt.call_id, TRUNK, DISTANCE) is NotNow.TAKEN_BACK


async def test_no_second_holds_too_many_though_processes_are_late(office: Office) -> None:
    attempts = [await office.dispatched() for _ in range(70)]
    rng, dials = Random(4), []

    async def call(attempt: Attempt) -> None:
        slot = await _begin(office, attempt)
        dialings = office.dialings
        assert await until_slot(dialings, attempt.call_id, TRUNK, slot, DISTANCE) is None
        dials.append(time.monotonic())
        await dialings.dialled(attempt.call_id)
        if rng.random() < 0.1:
            time.sleep(0.15)  # noqa: ASYNC251  # everybody in this process is late

    await asyncio.gather(*map(call, attempts))
    assert len(dials) == 70
    assert busiest_second(sorted(dials)) <= RATE
