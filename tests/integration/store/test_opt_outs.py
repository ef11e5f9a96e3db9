"""A number that was put on the list by mistake, and what a correction does and does not undo."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from agent.domain.phone_numbers import parse
from agent.errors import Refused
from agent.store.attempts import AttemptStore
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.opt_outs import OptOutList
from tests.facts import NOON, Story

NUMBER = parse("+32479202020")


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn, max_size=4) as database:
        yield database


async def _may_be_called(database: Database) -> bool:
    return not (await AttemptStore(database).contact_facts(NUMBER, NOON)).opted_out


async def test_a_corrected_number_may_be_called_again_and_what_stood_there_is_kept(
    database: Database,
) -> None:
    opt_outs = OptOutList(database)
    await opt_outs.add([NUMBER], source="api:import", at=NOON)
    assert not await _may_be_called(database)
    await opt_outs.correct("+32 479 20 20 20", by="cli:ann", reason=" a record id, no number ")
    assert await _may_be_called(database)
    (kept,) = await opt_outs.corrections()
    assert (kept.number, kept.source, kept.opted_out_at) == (NUMBER, "api:import", NOON)
    assert (kept.corrected_by, kept.reason) == ("cli:ann", "a record id, no number")


async def test_what_a_call_said_before_the_correction_does_not_come_back(
    database: Database,
) -> None:
    opt_outs, calls, call = OptOutList(database), CallStore(database), Story()
    await calls.append([call.created(), call("opted_out")])
    await opt_outs.correct(NUMBER, by="api:office", reason="the recogniser misheard")
    await calls.append([call("ended")])  # the call is folded again, with all its facts
    assert await _may_be_called(database)


async def test_a_wish_that_arrives_after_the_correction_counts(database: Database) -> None:
    opt_outs, calls, first, second = OptOutList(database), CallStore(database), Story(), Story()
    await calls.append([first.created(), first("opted_out")])
    await opt_outs.correct(NUMBER, by="api:office", reason="the recogniser misheard")
    # Said earlier than the correction, but stored only now: a call's process was cut off.
    await calls.append([second.created(), second("opted_out")])
    assert not await _may_be_called(database)
    await opt_outs.correct(NUMBER, by="api:office", reason="again")
    await calls.append([first("ended")])
    assert await _may_be_called(database)
    await calls.append([first("opted_out")])
    assert not await _may_be_called(database)


async def test_of_two_who_correct_at_once_one_does(database: Database) -> None:
    opt_outs = OptOutList(database)
    await opt_outs.add([NUMBER], source="letter", at=NOON)
    asked = [opt_outs.correct(NUMBER, by=f"api:{n}", reason="a mistake") for n in range(4)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, Refused) for answer in answers) == 3
    assert len(await opt_outs.corrections()) == 1


@pytest.mark.parametrize("reason", ["", "  "])
async def test_without_a_reason_nothing_is_corrected(database: Database, reason: str) -> None:
    opt_outs = OptOutList(database)
    await opt_outs.add([NUMBER], source="letter", at=NOON)
    with pytest.raises(Refused, match="say why"):
        await opt_outs.correct(NUMBER, by="cli:ann", reason=reason)
    assert not await _may_be_called(database)


async def test_what_is_no_number_can_be_corrected_too(database: Database) -> None:
    opt_outs, calls, call = OptOutList(database), CallStore(database), Story()
    await calls.append([call.created(), call("opted_out", number="anonymous")])
    assert await opt_outs.standing("anonymous") is not None
    await opt_outs.correct("anonymous", by="cli:ann", reason="nobody's number")
    assert await opt_outs.standing("anonymous") is None
