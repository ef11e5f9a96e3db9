"""The stand-in's answers against the recording of a real livekit-sip, byte for byte."""

import base64
import json
from pathlib import Path

import pytest
from livekit import rtc

from agent.local.phone_network import answers
from agent.local.phone_network.behaviours import Refuses, TransferRefused

RECORDED = json.loads((Path(__file__).parents[3] / "fixtures" / "sip-recorded.json").read_text())[
    "outbound"
]
REFUSALS = {int(name[6:]): RECORDED[name] for name in RECORDED if name[6:].isdigit()}


def test_every_recorded_refusal_is_in_the_table_and_no_other() -> None:
    assert set(REFUSALS) == answers.RECORDED_REFUSALS
    assert len(REFUSALS) == 10


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_refusal_is_answered_byte_for_byte_as_recorded(code: int) -> None:
    answer = answers.refused(code)
    recorded = REFUSALS[code]["api"]
    assert answer.body.decode() == recorded["body"]
    assert (answer.status, answer.content_type) == (recorded["status"], recorded["ctype"])


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_refused_phone_leaves_for_the_recorded_reason(code: int) -> None:
    [left] = [event for event in REFUSALS[code]["events"] if event["ev"] == "disconnected"]
    assert rtc.DisconnectReason.Name(answers.leaves_as(code)) == left["reason"]


@pytest.mark.parametrize(
    ("scenario", "answer"),
    [
        ("no_answer", answers.RANG_OUT),
        ("room_deleted_ringing", answers.RANG_OUT),
        ("bad_number", answers.NO_CARRIER),
    ],
)
def test_a_call_without_an_answer_is_answered_as_recorded(
    scenario: str, answer: answers.TwirpAnswer
) -> None:
    recorded = RECORDED[scenario]["api"]
    assert answer.body.decode() == recorded["body"]
    assert (answer.status, answer.content_type) == (recorded["status"], recorded["ctype"])


def test_a_refused_transfer_carries_the_recorded_details() -> None:
    [recorded] = [
        event
        for event in RECORDED["transfer_refused603"]["events"]
        if event["ev"] == "transfer error"
    ]
    body = json.loads(answers.transfer_refused(603).body)
    assert body["code"] == recorded["code"]
    assert repr(body["meta"]) == recorded["meta"]


def test_a_dead_transfer_target_is_answered_as_recorded() -> None:
    [recorded] = [
        event
        for event in RECORDED["transfer_accepted_target_dead"]["events"]
        if event["ev"] == "transfer error"
    ]
    body = json.loads(answers.TRANSFER_TIMED_OUT.body)
    status = answers.TRANSFER_TIMED_OUT.status
    shown = f"ServerError(code={body['code']}, message={body['msg']}, status={status})"
    assert shown == recorded["e"]


def test_a_carriers_own_words_reach_every_field_that_holds_them() -> None:
    body = json.loads(answers.refused(403, "User channel limit exceeded D1").body)
    assert body["meta"]["sip_status"] == "User channel limit exceeded D1"
    assert body["meta"]["sip_status_code"] == "403"
    assert body["msg"].endswith("sip status: 403: User channel limit exceeded D1")
    details = base64.b64decode(body["meta"]["error_details"])
    assert details.count(b"User channel limit exceeded D1") == 2


def test_long_words_and_markup_are_written_as_go_writes_them() -> None:
    answer = answers.refused(486, "<" + "busy & " * 30)
    assert rb"\u003cbusy \u0026 busy" in answer.body
    assert json.loads(answer.body)["meta"]["sip_status"].startswith("<busy & busy")


def test_a_refusal_that_was_never_recorded_is_not_offered() -> None:
    with pytest.raises(ValueError, match="402 was never recorded"):
        Refuses(402)
    with pytest.raises(ValueError, match="never recorded"):
        TransferRefused(699)
