"""What webhooks may change in the account of a call: what we know ourselves, never."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.calls import CallEvent, CallState, EventKind, Source
from agent.domain.carrier import Bill
from agent.domain.dispositions import Disposition, Reason
from agent.domain.record import CallRecord, fold
from agent.domain.webhooks import carrier_delivery, room_delivery
from agent.telephony.livekit_webhooks import read_livekit
from agent.telephony.telnyx_webhooks import read_telnyx
from tests.facts import NOON, Story
from tests.webhooks import Leg, room_event

_STORIES: dict[str, tuple[str, list[str], str]] = {
    "booked": (
        "inbound",
        [
            "ringing",
            "answered",
            "disclosed",
            "appointment_booked",
            "goodbye_said",
            "caller_hung_up",
        ],
        "converted",
    ),
    "said goodbye": (
        "inbound",
        ["answered", "disclosed", "goodbye_said", "agent_hung_up"],
        "not_interested",
    ),
    "hung up": ("inbound", ["answered", "disclosed", "caller_hung_up"], "hung_up"),
    "gave up ringing": ("inbound", ["ringing", "caller_hung_up"], "hung_up"),
    "crashed": ("inbound", ["answered", "disclosed", "crashed"], "failed"),
    "we phoned": ("outbound", ["ringing", "answered", "disclosed", "callback_agreed"], "callback"),
    "voicemail": ("outbound", ["answered", "voicemail_detected", "agent_hung_up"], "voicemail"),
    "crashed while it rang": ("outbound", ["ringing", "crashed"], "failed"),
}


def _story(name: str) -> tuple[Story, list[CallEvent], list[CallEvent]]:
    """The call's own events, and those of its webhooks."""
    direction, kinds, _ = _STORIES[name]
    call = Story()
    own = [call.created(direction=direction), *map(call, kinds), call("ended")]
    leg = Leg(outbound=direction == "outbound", began=NOON)
    bodies = [leg.initiated(), leg.event("call.bridged", 3), leg.cost()]
    if "answered" in kinds:
        bodies += [leg.answered(), leg.hangup(20, source="callee" if leg.outbound else "caller")]
    else:
        bodies += [leg.hangup(20, cause="originator_cancel", sip="487", mos=None)]
    rooms = [
        room_event(event, "x", NOON + timedelta(seconds=at), **more)
        for event, at, more in (
            ("room_started", 0, {}),
            ("participant_left", 20, {"participant": {"kind": "SIP", "disconnectReason": 1}}),
            ("room_finished", 21, {}),
        )
    ]
    told = [carrier_delivery(read_telnyx(body, received_at=NOON)) for body in bodies]
    told += [room_delivery(read_livekit(body, received_at=NOON)) for body in rooms]
    return (
        call,
        own,
        [replace(event, call_id=call.call_id) for each in told for event in each.events],
    )


def _ours(record: CallRecord) -> tuple[object, ...]:
    """What must not depend on webhooks."""
    outcome = record.outcome
    assert outcome is not None
    return (
        *(record.state, record.direction, record.created_at, record.from_number, record.summary),
        *(record.facts, outcome.disposition, outcome.reason, outcome.evidence),
    )


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(_STORIES)), st.randoms(use_true_random=False), st.data())
def test_any_order_repetition_and_loss_of_webhooks_give_the_same_account(
    name: str, rng: Random, data: st.DataObject
) -> None:
    call, own, webhooks = _story(name)
    arrived = data.draw(st.lists(st.sampled_from(webhooks), max_size=20))
    shuffled = [*own, *arrived, *rng.choices(own, k=3)]
    rng.shuffle(shuffled)
    assert _ours(fold(call.call_id, shuffled)) == _ours(fold(call.call_id, own))
    assert fold(call.call_id, shuffled) == fold(call.call_id, [*own, *arrived])


@pytest.mark.parametrize("name", _STORIES)
def test_our_own_account_decides(name: str) -> None:
    call, own, webhooks = _story(name)
    outcome = fold(call.call_id, [*webhooks, *own]).outcome
    assert outcome is not None
    assert outcome.disposition == _STORIES[name][2]


def test_quality_and_cost_are_on_the_record() -> None:
    call, own, webhooks = _story("booked")
    carrier = fold(call.call_id, own + webhooks).carrier
    assert (carrier.mos, carrier.jitter, carrier.bill) == (4.5, 12.5, Bill(9000, "USD"))
    assert (carrier.hangup_cause, carrier.hangup_source) == ("normal_clearing", "caller")


def test_a_leg_billed_twice_counts_with_its_latest_figure_and_legs_add_up() -> None:
    call = Story()

    def cost(micros: int, leg: str) -> CallEvent:
        return call("cost", source=Source.TELNYX, micros=micros, currency="USD", leg=leg)

    events = [call.created(), cost(100, "a"), cost(50, "b"), cost(70, "a")]
    assert fold(call.call_id, events).carrier.bill == Bill(120, "USD")


@pytest.mark.parametrize(
    ("cause", "sip", "disposition"),
    [
        ("user_busy", "486", Disposition.BUSY),
        ("user_busy", "unspecified", Disposition.BUSY),
        ("call_rejected", "603", Disposition.DECLINED),
        ("not_found", "404", Disposition.INVALID_NUMBER),
        ("no_answer", "480", Disposition.NO_ANSWER),
        ("originator_cancel", "487", Disposition.NO_ANSWER),
        ("normal_clearing", "unspecified", Disposition.NO_ANSWER),
    ],
)
def test_the_carrier_says_why_nobody_answered_where_we_do_not_know(
    cause: str, sip: str, disposition: Disposition
) -> None:
    call = Story()
    record = fold(call.call_id, [call.created(direction="outbound"), _hangup(call, cause, sip)])
    assert record.state is CallState.ENDED
    assert record.outcome is not None
    assert record.outcome.disposition is disposition


def test_our_own_dials_sip_code_is_stronger_than_the_carriers_word() -> None:
    call = Story()
    created = call.created(direction="outbound")
    events = [created, call("not_connected", sip_code=486), _hangup(call, "not_found", "404")]
    assert _disposition(call, events) is Disposition.BUSY
    weaker = call("not_connected", reason="sip request timed out")
    assert _disposition(call, [created, weaker]) is Disposition.NO_ANSWER
    busy = _hangup(call, "user_busy", "486")
    assert _disposition(call, [created, weaker, busy]) is Disposition.BUSY


def test_who_hung_up_is_taken_from_the_carrier_where_our_side_is_silent() -> None:
    call = Story()
    events = [call.created(), call("answered"), call("disclosed"), call("ended")]
    alone = fold(call.call_id, events).outcome
    assert alone is not None
    assert alone.reason is Reason.UNEXPLAINED
    told = fold(call.call_id, [*events, _hangup(call, "normal_clearing", "200")]).outcome
    assert told is not None
    assert (told.disposition, told.reason) == (Disposition.HUNG_UP, Reason.MID_CONVERSATION)


def test_the_rooms_end_ends_a_call_whose_worker_is_silent() -> None:
    call = Story()
    finished = call("room_finished", source=Source.LIVEKIT)
    record = fold(call.call_id, [call.created(), call("answered"), finished])
    assert record.state is CallState.ENDED
    assert record.ended_at is not None


@pytest.mark.parametrize("kind", EventKind)
def test_no_report_makes_an_unanswered_call_an_active_one(kind: EventKind) -> None:
    reports = ("carrier_", "room_", "participant_", "agent_job", "quality", "cost")
    if not kind.startswith(reports):
        return
    call = Story()
    state = fold(call.call_id, [call.created(), call(kind, source=Source.TELNYX)]).state
    assert state is not CallState.ACTIVE


def _hangup(call: Story, cause: str, sip: str) -> CallEvent:
    body = Leg(began=NOON).hangup(30, cause=cause, sip=sip, mos=None)
    (event,) = carrier_delivery(read_telnyx(body, received_at=NOON)).events
    return replace(event, call_id=call.call_id)


def _disposition(call: Story, events: list[CallEvent]) -> Disposition:
    outcome = fold(call.call_id, events).outcome
    assert outcome is not None
    return outcome.disposition
