"""How a call ended: one disposition with its reason and its evidence."""

import random
from dataclasses import replace

import pytest

from agent.domain.calls import CallEvent, EventKind
from agent.domain.dispositions import Disposition, Reason
from agent.domain.outcomes import decide
from tests.facts import Story

Told = list[str]


def _events(direction: str, told: Told, **details: str) -> list[CallEvent]:
    call = Story()
    events = [call.created(direction=direction)]
    return events + [replace(call(kind), detail=details) for kind in told]


TALK = ["answered", "disclosed"]


@pytest.mark.parametrize(
    ("told", "disposition", "reason"),
    [
        ([*TALK, "opted_out", "caller_hung_up"], "do_not_call", ""),
        ([*TALK, "opted_out", "appointment_booked", "ended"], "do_not_call", ""),
        ([*TALK, "appointment_booked", "opted_out", "ended"], "do_not_call", ""),
        ([*TALK, "appointment_booked", "goodbye_said", "ended"], "converted", ""),
        ([*TALK, "appointment_booked", "crashed", "ended"], "converted", ""),
        ([*TALK, "callback_agreed", "appointment_booked", "ended"], "converted", ""),
        ([*TALK, "transferred", "ended"], "transferred", ""),
        ([*TALK, "transfer_failed", "caller_hung_up"], "hung_up", "mid_conversation"),
        ([*TALK, "callback_agreed", "goodbye_said", "ended"], "callback", ""),
        ([*TALK, "wrong_number", "goodbye_said", "ended"], "wrong_number", ""),
        ([*TALK, "not_interested", "goodbye_said", "ended"], "not_interested", "said_so"),
        (["answered", "voicemail_detected", "agent_hung_up", "ended"], "voicemail", ""),
        ([*TALK, "crashed", "ended"], "failed", "crashed"),
        ([*TALK, "provider_failed", "goodbye_said", "ended"], "failed", "provider_down"),
        ([*TALK, "provider_failed", "caller_hung_up"], "failed", "provider_down"),
        (
            [*TALK, "provider_failed", "provider_recovered", "caller_hung_up"],
            "hung_up",
            "mid_conversation",
        ),
        (
            [*TALK, "provider_failed", "provider_recovered", "provider_failed", "ended"],
            "failed",
            "provider_down",
        ),
        ([*TALK, "crashed", "provider_recovered", "ended"], "failed", "crashed"),
        ([*TALK, "max_duration_reached", "agent_hung_up"], "failed", "max_duration"),
        ([*TALK, "caller_silent", "goodbye_said", "agent_hung_up"], "hung_up", "silence"),
        ([*TALK, "goodbye_said", "agent_hung_up"], "not_interested", "no_result"),
        ([*TALK, "goodbye_said", "caller_hung_up"], "not_interested", "no_result"),
        ([*TALK, "agent_hung_up"], "not_interested", "no_result"),
        ([*TALK, "caller_hung_up"], "hung_up", "mid_conversation"),
        (["answered", "caller_hung_up"], "hung_up", "during_disclosure"),
        (["ringing", "caller_hung_up"], "hung_up", "while_ringing"),
        ([*TALK, "ended"], "failed", "unexplained"),
        (["ringing", "ended"], "failed", "no_agent"),
    ],
)
def test_an_inbound_call_has_one_disposition_with_its_reason(
    told: Told, disposition: str, reason: str
) -> None:
    outcome = decide(_events("inbound", told))
    assert (outcome.disposition, outcome.reason) == (disposition, reason)


@pytest.mark.parametrize(
    ("code", "status", "reason", "disposition", "why"),
    [
        ("486", "Busy Here", "", "busy", ""),
        ("600", "Busy Everywhere", "", "busy", ""),
        ("603", "Decline", "", "declined", ""),
        ("404", "Not Found", "", "invalid_number", ""),
        ("480", "Temporarily Unavailable", "", "no_answer", ""),
        ("408", "Request Timeout", "", "no_answer", ""),
        ("403", "User channel limit exceeded D1", "", "failed", "trunk_busy"),
        ("403", "Dialed number is not included D13", "", "failed", "trunk_misconfigured"),
        ("403", "No outbound voice profile D38", "", "failed", "trunk_misconfigured"),
        ("403", "Caller ID not allowed D51", "", "failed", "trunk_misconfigured"),
        ("407", "", "", "failed", "trunk_misconfigured"),
        ("488", "Not Acceptable Here", "", "failed", "trunk_misconfigured"),
        ("503", "CPS Limit reached P05", "", "failed", "trunk_busy"),
        ("500", "Server Internal Error", "", "failed", "carrier_error"),
        ("", "", "sip request timed out", "no_answer", ""),
        ("", "", "transaction failed to complete", "no_answer", ""),
        ("", "", "max auth retry attempts reached", "failed", "trunk_misconfigured"),
        ("", "", "no_agent", "failed", "no_agent"),
        ("", "", "do_not_call", "do_not_call", ""),
        ("", "", "something new", "failed", "carrier_error"),
    ],
)
def test_a_call_that_was_not_connected_is_judged_by_its_sip_code(
    code: str, status: str, reason: str, disposition: str, why: str
) -> None:
    detail = {"sip_code": code, "sip_status": status, "reason": reason}
    outcome = decide(_events("outbound", ["not_connected"], **detail))
    assert (outcome.disposition, outcome.reason) == (disposition, why)


def test_who_hangs_up_on_hold_has_hung_up_for_that_reason() -> None:
    call = Story()
    talk = [call.created(), call("answered"), call("disclosed"), call("transfer_failed")]
    outcome = decide([*talk, call("caller_hung_up", on_hold=True), call("ended")])
    assert (outcome.disposition, outcome.reason) == (Disposition.HUNG_UP, Reason.ON_HOLD)


def test_a_sip_code_counts_as_number_and_as_text() -> None:
    call = Story()
    assert decide([call("not_connected", sip_code=486)]).disposition is Disposition.BUSY


def test_an_unanswered_outbound_call_without_a_report_is_no_answer() -> None:
    assert decide(_events("outbound", ["ringing", "ended"])).disposition is Disposition.NO_ANSWER


def test_a_refusal_of_another_leg_does_not_unmake_an_answered_call() -> None:
    outcome = decide(_events("outbound", [*TALK, "goodbye_said", "not_connected", "ended"]))
    assert outcome.disposition is Disposition.NOT_INTERESTED


@pytest.mark.parametrize(
    ("answered", "disposition"),
    [
        (["budget", "size"], Disposition.QUALIFIED),
        (["budget"], Disposition.HUNG_UP),
        (["budget", "colour"], Disposition.HUNG_UP),
    ],
)
def test_who_answered_every_required_question_is_qualified(
    answered: list[str], disposition: Disposition
) -> None:
    call = Story()
    events = [call.created(required_questions="budget, size"), call("answered"), call("disclosed")]
    events += [call("answer_saved", question=name, value=3) for name in answered]
    assert decide([*events, call("caller_hung_up")]).disposition is disposition


def test_nobody_is_qualified_where_nothing_is_asked() -> None:
    outcome = decide(_events("inbound", [*TALK, "caller_hung_up"]))
    assert outcome.disposition is Disposition.HUNG_UP


def test_the_evidence_is_what_decided() -> None:
    events = _events("inbound", [*TALK, "not_interested", "opted_out", "opted_out", "ended"])
    outcome = decide(events)
    assert [event.kind for event in outcome.evidence] == [EventKind.OPTED_OUT] * 2


def test_the_order_of_arrival_and_repetition_decide_nothing() -> None:
    events = _events("inbound", [*TALK, "callback_agreed", "provider_failed", "ended"])
    rng = random.Random(7)
    for _ in range(50):
        assert decide(rng.sample(events * 2, len(events) * 2)) == decide(events)


def test_a_call_of_which_nothing_is_known_had_no_agent() -> None:
    assert decide([]).reason is Reason.NO_AGENT
