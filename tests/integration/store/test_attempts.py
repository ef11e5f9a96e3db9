"""Attempts in a real Postgres: added once, claimed once, whoever asks and however often."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from agent.domain.attempts import (
    Attempt,
    AttemptOutcome,
    AttemptState,
    Basis,
    CallRequest,
    IdempotencyKey,
    Origin,
)
from agent.domain.contactability import ContactFacts, Decision, Denial, Rule
from agent.domain.phone_numbers import parse
from agent.errors import IdempotencyConflict, Refused, RoomInUse
from agent.store.attempts import AttemptStore
from agent.store.database import Database
from agent.store.opt_outs import OptOutList
from tests.facts import NOON

NUMBER = parse("+32479202020")
WISH = CallRequest(Origin.API, NUMBER, Basis.EXISTING_CUSTOMER, NOON, customer_id="c-1")
TRUNK = "trunk"


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn, max_size=8) as database:
        yield database


@pytest.fixture
def store(database: Database) -> AttemptStore:
    return AttemptStore(database)


async def _add(store: AttemptStore, request: CallRequest = WISH) -> Attempt:
    return await store.add(request, attempt_id=uuid4(), call_id=uuid4(), now=NOON)


def _key(body_hash: str = "hash", key: str = "k-1") -> IdempotencyKey:
    return IdempotencyKey("someone", key, body_hash, 202, {"attempt_id": "a"})


async def test_what_is_added_is_what_is_shown(store: AttemptStore) -> None:
    added = await _add(store)
    assert (added.request, added.state, added.tries) == (WISH, AttemptState.QUEUED, 0)
    assert await store.show(added.id) == added
    assert await store.of_call(added.call_id) == added
    assert await store.recent() == [added]


async def test_no_telephone_number_is_in_the_names_that_we_choose(store: AttemptStore) -> None:
    added = await _add(store)
    assert "479202020" not in added.room_name + added.participant_identity + added.participant_name
    assert added.room_name.startswith("ai-sales-call_")


async def test_an_attempt_that_is_not_there_is_refused_in_words(store: AttemptStore) -> None:
    with pytest.raises(Refused, match="no such attempt"):
        await store.show(uuid4())


async def test_the_same_key_twenty_times_at_once_is_one_attempt(store: AttemptStore) -> None:
    async def once() -> Attempt:
        return await store.add(
            WISH, attempt_id=uuid4(), call_id=uuid4(), now=NOON, idempotency=_key()
        )

    attempts = await asyncio.gather(*(once() for _ in range(20)))
    assert len({attempt.id for attempt in attempts}) == 1
    assert len(await store.recent(50)) == 1
    known = await store.known_answer("someone", "k-1", "hash")
    assert known is not None
    assert (known.attempt_id, known.status, known.answer) == (
        attempts[0].id,
        202,
        {"attempt_id": "a"},
    )


async def test_a_key_with_another_body_is_refused_and_adds_nothing(store: AttemptStore) -> None:
    ids = {"attempt_id": uuid4(), "call_id": uuid4(), "now": NOON}
    await store.add(WISH, **ids, idempotency=_key())  # type: ignore[arg-type]
    with pytest.raises(IdempotencyConflict, match="another body"):
        await store.add(
            WISH, attempt_id=uuid4(), call_id=uuid4(), now=NOON, idempotency=_key("other")
        )
    with pytest.raises(IdempotencyConflict):
        await store.known_answer("someone", "k-1", "other")
    assert await store.known_answer("somebody else", "k-1", "hash") is None
    assert len(await store.recent()) == 1


async def test_a_room_belongs_to_one_open_attempt(store: AttemptStore) -> None:
    request = replace(WISH, room_name="my-room")
    first = await _add(store, request)
    with pytest.raises(RoomInUse, match="room_name"):
        await store.add(
            request, attempt_id=uuid4(), call_id=uuid4(), now=NOON, idempotency=_key(key="k-2")
        )
    assert await store.known_answer("someone", "k-2", "hash") is None  # it can be sent again
    dialler = uuid4()
    await store.claim(dialler, 1, TRUNK)
    assert await store.end(first.id, dialler, AttemptOutcome.RANG)
    assert (await _add(store, request)).room_name == "my-room"


async def test_two_diallers_never_claim_the_same_attempt(store: AttemptStore) -> None:
    wanted = [await _add(store) for _ in range(12)]
    claims = await asyncio.gather(*(store.claim(uuid4(), 3, TRUNK) for _ in range(6)))
    taken = [attempt.id for claim in claims for attempt in claim]
    assert sorted(taken) == sorted(attempt.id for attempt in wanted)


async def test_what_is_not_due_or_stopped_is_not_claimed(
    store: AttemptStore, database: Database
) -> None:
    await _add(store)
    async with database.connection() as connection:
        await connection.execute("update switches set stopped = true where name = 'dialling'")
        assert await store.claim(uuid4(), 5, TRUNK) == []
        await connection.execute("update switches set stopped = false where name = 'dialling'")
        await connection.execute("update attempts set due_at = now() + interval '1 hour'")
        assert await store.claim(uuid4(), 5, TRUNK) == []
        await connection.execute("update attempts set due_at = now()")
    assert await store.claim(uuid4(), 0, TRUNK) == []
    assert len(await store.claim(uuid4(), 5, TRUNK)) == 1


async def test_the_gates_answer_is_kept_with_its_reasons(store: AttemptStore) -> None:
    attempt = await _add(store)
    decision = Decision((Denial(Rule.OPTED_OUT, "does not want it"),))
    dialler = uuid4()
    await store.claim(dialler, 1, TRUNK)
    assert await store.record_gate(attempt.id, dialler, decision, NOON)
    assert (await store.show(attempt.id)).gate == decision


async def test_an_attempt_ends_once(store: AttemptStore) -> None:
    attempt = await _add(store)
    assert await store.cancel(attempt.id)
    assert not await store.end(attempt.id, uuid4(), AttemptOutcome.RANG)
    assert (await store.show(attempt.id)).outcome is AttemptOutcome.CANCELLED


async def test_the_gate_learns_of_opt_outs_from_every_source(
    store: AttemptStore, database: Database
) -> None:
    assert await store.contact_facts(NUMBER, NOON) == ContactFacts(False, 0, 0)
    await OptOutList(database).add([parse("+32 479 20 20 20")], source="file", at=NOON)
    assert (await store.contact_facts(NUMBER, NOON)).opted_out
