"""Placing calls: each once, whoever is in a hurry, slow, or away."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

from agent.domain.attempts import AttemptOutcome, AttemptState, DialingState
from agent.domain.calls import CallState
from agent.domain.phone_numbers import parse
from agent.errors import DatabaseUnavailable
from agent.local.phone_network import answers
from agent.settings import ROOT
from agent.store.dialings import DialingStore, NotNow, Slot
from agent.telephony.dial import Dial
from tests.integration.worker.office import OURS, office


async def test_two_diallers_at_once_place_every_call_once(dsn: str, tmp_path: Path) -> None:
    async with office(dsn, tmp_path) as out:
        attempts = [await out.wish(answers.refused(486)) for _ in range(12)]
        async with out.dialler(), out.dialler():
            done = [await out.tried(attempt) for attempt in attempts]
        assert [each.outcome for each in done] == [AttemptOutcome.RANG] * 12
        assert sorted(out.dialled) == sorted(each.request.number for each in attempts)
        assert [each.tries for each in done] == [1] * 12


async def test_a_job_that_comes_after_its_call_was_taken_back_does_not_dial(
    dsn: str, tmp_path: Path
) -> None:
    async with office(dsn, tmp_path) as out:

        async def taken_back() -> None:
            (dialing,) = await out.dialings.open()
            await out.dialings.give_back(
                dialing.call_id, [], "no_agent", None, only_if=DialingState.DISPATCHED
            )

        out.before_job = taken_back
        attempt = await out.wish(answers.refused(486))
        async with out.dialler():
            done = await out.tried(attempt)
        assert (done.outcome, out.dialled) == (AttemptOutcome.GAVE_UP, [])


async def test_who_loses_the_database_while_waiting_for_the_slot_has_rung_nobody(
    dsn: str, tmp_path: Path
) -> None:
    class Away(DialingStore):
        async def begin(self, *asked: object) -> Slot | NotNow:
            await super().begin(*asked)  # type: ignore[arg-type]  # as it was asked
            return Slot(1.0, 1.9, settled=True)

        async def look(self, call_id: UUID) -> Slot | NotNow:
            raise DatabaseUnavailable("Postgres is away")

    async with office(dsn, tmp_path) as out:
        out.dialings = Away(out.database)
        attempt = await out.wish(answers.refused(486))
        async with out.dialler():
            waiting = await out.tried(attempt)
        assert out.dialled == []
        assert (waiting.state, waiting.tries) == (AttemptState.QUEUED, 1)


async def test_a_mute_carrier_is_waited_for_longer_than_a_phone_rings() -> None:
    mute = json.loads((ROOT / "tests/fixtures/sip-recorded.json").read_text())["outbound"]
    dial = Dial(UUID(int=1), "ST_test", OURS, parse("+32470550000"), "room", "sip_1", "Doe", 5, 60)
    assert dial.answer_seconds > mute["bad_number"]["api"]["seconds"]


async def test_a_call_is_on_record_as_ringing_while_its_phone_rings(
    dsn: str, tmp_path: Path
) -> None:
    async with office(dsn, tmp_path) as out:
        attempt = await out.wish(answers.refused(486))
        seen: list[CallState] = []

        async def rings() -> None:
            async with asyncio.timeout(10):
                while not seen or seen[-1] is CallState.CREATED:
                    record = (await out.calls.show(attempt.call_id)).record
                    seen.append(record.state)
                    await asyncio.sleep(0.02)

        out.while_ringing = rings
        async with out.dialler():
            await out.tried(attempt)
        assert seen[-1] is CallState.RINGING


async def test_a_second_job_for_a_ringing_call_neither_dials_nor_gives_it_back(
    dsn: str, tmp_path: Path
) -> None:
    async with office(dsn, tmp_path) as out:
        attempt = await out.wish(answers.refused(486))
        may_delete_room: list[bool] = []

        async def comes() -> None:
            out.while_ringing = None
            may_delete_room.append(await out.second_job(attempt))

        out.while_ringing = comes
        async with out.dialler():
            done = await out.tried(attempt)
        assert may_delete_room == [False]
        assert out.dialled == [attempt.request.number]
        assert (done.outcome, done.tries) == (AttemptOutcome.RANG, 1)


async def test_a_job_that_never_began_cannot_give_back_a_call_that_rings(
    dsn: str, tmp_path: Path
) -> None:
    async with office(dsn, tmp_path) as out:
        attempt = await out.wish(answers.refused(486))
        taken: list[bool] = []

        async def comes() -> None:
            other = out.dialings.held_by("AJ_other")
            taken.append(await other.give_back(attempt.call_id, [], "crashed", None))
            taken.append(await other.finish(attempt.call_id))
            taken.append(await other.refuse(attempt.call_id, [], "opted_out"))
            await other.answered(attempt.call_id)
            (open_now,) = await out.dialings.open()
            taken.append(open_now.answered)
            taken.append(await other.look(attempt.call_id) is not NotNow.TAKEN_BACK)

        out.while_ringing = comes
        async with out.dialler():
            done = await out.tried(attempt)
        assert taken == [False] * 5
        assert done.outcome is AttemptOutcome.RANG
