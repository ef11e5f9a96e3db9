"""Every answer to a dial, as a whole attempt: from the wish over dialler and job to the rows."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from agent.domain.attempts import AttemptOutcome, AttemptState
from agent.domain.dispositions import Disposition, Reason
from agent.local.phone_network import answers
from agent.local.phone_network.answers import TwirpAnswer
from agent.local.stack.postgres import LocalPostgres
from tests.database import migrated_database
from tests.integration.worker.office import Answer, Office, office

RECORDED = json.loads((Path(__file__).parents[2] / "fixtures" / "sip-recorded.json").read_text())


@dataclass(frozen=True)
class Means:
    """What an answer comes to. `fault`: the trunk's, so that the attempt is tried again."""

    disposition: Disposition
    reason: Reason = Reason.NONE
    fault: str | None = None


def _recorded(name: str) -> TwirpAnswer:
    answer = RECORDED["outbound"][name]["api"]
    return TwirpAnswer(answer["status"], answer["ctype"], answer["body"].encode())


MISCONFIGURED = Means(Disposition.FAILED, Reason.TRUNK_MISCONFIGURED, "TrunkMisconfigured")
BUSY_TRUNK = Means(Disposition.FAILED, Reason.TRUNK_BUSY, "TrunkBusy")

RECORDED_REFUSALS = {
    "reject486": Means(Disposition.BUSY),
    "reject600": Means(Disposition.BUSY),
    "reject603": Means(Disposition.DECLINED),
    "reject480": Means(Disposition.NO_ANSWER),
    "reject408": Means(Disposition.NO_ANSWER),
    "reject404": Means(Disposition.INVALID_NUMBER),
    "reject403": MISCONFIGURED,
    "reject488": MISCONFIGURED,
    # Where a carrier breaks the phone may have rung: better once too few than once too many.
    "reject500": Means(Disposition.FAILED, Reason.CARRIER_ERROR),
    "reject503": BUSY_TRUNK,
    "no_answer": Means(Disposition.NO_ANSWER),
    "room_deleted_ringing": Means(Disposition.NO_ANSWER),
    "unknown_trunk": MISCONFIGURED,
    "bad_number": Means(Disposition.FAILED, Reason.CARRIER_ERROR, "TrunkDown"),
}
OTHERS: list[tuple[str, Answer, Means]] = [
    ("channel limit", answers.refused(403, "User channel limit exceeded D1"), BUSY_TRUNK),
    ("calls a second", answers.refused(503, "CPS Limit reached P05"), BUSY_TRUNK),
    (
        "no voice profile",
        answers.refused(403, "Outbound voice profile required D38"),
        MISCONFIGURED,
    ),
    ("number not ours", answers.refused(403, "Unverified origination number D51"), MISCONFIGURED),
    ("407, wrong credentials", answers.CREDENTIALS_REFUSED, MISCONFIGURED),
    ("401, no credentials", answers.CREDENTIALS_MISSING, MISCONFIGURED),
    ("livekit hangs up", None, Means(Disposition.FAILED, Reason.CARRIER_ERROR)),
]
TABLE = [
    *((name, _recorded(name), means) for name, means in RECORDED_REFUSALS.items()),
    *OTHERS,
]


@pytest.fixture(scope="module")
def shared_dsn(postgres: LocalPostgres) -> Iterator[str]:
    """One database for the whole table."""
    yield from migrated_database(postgres)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def out(shared_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One office for the whole table."""
    async with office(shared_dsn, tmp_path_factory.mktemp("office")) as out, out.dialler():
        yield out


def test_the_table_has_every_refusal_of_the_recording() -> None:
    refused = {
        name for name, each in RECORDED["outbound"].items() if each["api"].get("status", 200) != 200
    }
    assert refused == set(RECORDED_REFUSALS)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("answer", "means"), [each[1:] for each in TABLE], ids=[each[0] for each in TABLE]
)
async def test_an_answer_becomes_the_disposition_of_the_table(
    out: Office, answer: Answer, means: Means
) -> None:
    await out.kill_switch.resume()  # what the answer before has done to the trunk
    attempt = await out.wish(answer)
    tried = await out.tried(attempt)
    record = (await out.calls.show(attempt.call_id)).record
    (trunk,) = await out.trunks.list()

    assert record.outcome is not None
    assert (record.outcome.disposition, record.outcome.reason) == (means.disposition, means.reason)
    assert out.dialled.count(attempt.request.number) == 1
    assert await out.dialings.open() == []  # its place is free
    assert (trunk.pause_reason if trunk.paused_until else None) == means.fault
    if means.fault is None:
        assert (tried.state, tried.outcome) == (AttemptState.DONE, AttemptOutcome.RANG)
    else:
        assert (tried.state, tried.last_error, tried.tries) == (
            AttemptState.QUEUED,
            means.fault,
            1,
        )
        assert tried.call_id != attempt.call_id
        assert await out.attempts.cancel(attempt.id)  # not in the middle of the next test
