"""What a refused dial means, against every answer recorded from a real livekit-sip."""

import json
from pathlib import Path

import pytest
from livekit import api

from agent.domain.dispositions import Disposition, Reason
from agent.domain.sip_refusals import meaning_of_sip
from agent.errors import TrunkBusy, TrunkDown, TrunkMisconfigured
from agent.local.phone_network import answers
from agent.telephony.sip_errors import NotReached, read_error

RECORDED = json.loads((Path(__file__).parents[2] / "fixtures" / "sip-recorded.json").read_text())[
    "outbound"
]

MEANINGS = {
    486: (Disposition.BUSY, Reason.NONE, None),
    600: (Disposition.BUSY, Reason.NONE, None),
    603: (Disposition.DECLINED, Reason.NONE, None),
    480: (Disposition.NO_ANSWER, Reason.NONE, None),
    408: (Disposition.NO_ANSWER, Reason.NONE, None),
    404: (Disposition.INVALID_NUMBER, Reason.NONE, None),
    403: (Disposition.FAILED, Reason.TRUNK_MISCONFIGURED, TrunkMisconfigured),
    488: (Disposition.FAILED, Reason.TRUNK_MISCONFIGURED, TrunkMisconfigured),
    500: (Disposition.FAILED, Reason.CARRIER_ERROR, None),
    503: (Disposition.FAILED, Reason.TRUNK_BUSY, TrunkBusy),
}


def _error(status: int, body: str) -> api.TwirpError:
    told = json.loads(body)
    return api.TwirpError(told["code"], told["msg"], status=status, metadata=told.get("meta"))


def _recorded_refusals() -> list[tuple[str, int, str]]:
    return [
        (name, each["api"]["status"], each["api"]["body"])
        for name, each in RECORDED.items()
        if "api" in each and each["api"].get("body", "").startswith('{"code"')
    ]


def _meaning(found: NotReached) -> tuple[Disposition, Reason]:
    return meaning_of_sip(found.sip_code, found.sip_status, found.reason)


@pytest.mark.parametrize(("name", "status", "body"), _recorded_refusals())
def test_every_recorded_refusal_means_what_the_table_says(
    name: str, status: int, body: str
) -> None:
    found = read_error(_error(status, body))
    if found.sip_code is None:
        assert "timed out" in body or "failed to complete" in body or "not_found" in body, body
        return
    disposition, reason, fault = MEANINGS[found.sip_code]
    assert _meaning(found) == (disposition, reason)
    assert type(found.fault) is (fault or type(None))


def test_the_recording_covers_every_code_of_the_table() -> None:
    codes = {read_error(_error(status, body)).sip_code for _, status, body in _recorded_refusals()}
    assert codes - {None} == set(MEANINGS)


@pytest.mark.parametrize(
    ("answer", "disposition", "reason", "fault"),
    [
        (answers.RANG_OUT, Disposition.NO_ANSWER, Reason.NONE, None),
        (answers.NO_CARRIER, Disposition.FAILED, Reason.CARRIER_ERROR, TrunkDown),
        (
            answers.CREDENTIALS_REFUSED,
            *(Disposition.FAILED, Reason.TRUNK_MISCONFIGURED, TrunkMisconfigured),
        ),
        (
            answers.CREDENTIALS_MISSING,
            *(Disposition.FAILED, Reason.TRUNK_MISCONFIGURED, TrunkMisconfigured),
        ),
        (
            answers.refused(403, "User channel limit exceeded D1"),
            *(Disposition.FAILED, Reason.TRUNK_BUSY, TrunkBusy),
        ),
        (
            answers.refused(403, "Outbound voice profile required D38"),
            *(Disposition.FAILED, Reason.TRUNK_MISCONFIGURED, TrunkMisconfigured),
        ),
        (
            answers.refused(403, "Unverified origination number D51"),
            *(Disposition.FAILED, Reason.TRUNK_MISCONFIGURED, TrunkMisconfigured),
        ),
        (
            answers.refused(503, "CPS Limit reached P05"),
            *(Disposition.FAILED, Reason.TRUNK_BUSY, TrunkBusy),
        ),
        (
            answers.error("not_found", "requested sip trunk does not exist"),
            *(Disposition.FAILED, Reason.TRUNK_MISCONFIGURED, TrunkMisconfigured),
        ),
    ],
)
def test_the_trunks_fault_is_never_the_customers(
    answer: answers.TwirpAnswer,
    disposition: Disposition,
    reason: Reason,
    fault: type[Exception] | None,
) -> None:
    found = read_error(_error(answer.status, answer.body.decode()))
    assert _meaning(found) == (disposition, reason)
    assert type(found.fault) is (fault or type(None))
