"""The record of a call: the same for every order in which its facts arrive."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.calls import CallEvent, CallState, Direction, EventKind, Source
from agent.domain.dispositions import Disposition, Reason
from agent.domain.outbound_events import died
from agent.domain.record import fold
from tests.facts import NOON, Story

CALL = UUID(int=1)

_details = st.fixed_dictionaries(
    {},
    optional={
        "direction": st.sampled_from(["inbound", "outbound", "sideways"]),
        "question": st.sampled_from(["budget", "size"]),
        "value": st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=3),
        "at": st.sampled_from(["2026-09-15T10:00:00+02:00", "tomorrow", ""]),
        "starts_at": st.just("2026-09-15T10:00:00"),
        "sip_code": st.sampled_from([486, "603", "x", None]),
        "required_questions": st.sampled_from(["budget", "budget,size", ""]),
        "summary": st.text(max_size=3),
    },
)
_events = st.lists(
    st.builds(
        CallEvent,
        call_id=st.sampled_from([CALL, None]),
        kind=st.sampled_from(EventKind),
        at=st.integers(0, 8).map(lambda seconds: NOON + timedelta(seconds=seconds)),
        source=st.sampled_from(Source),
        source_id=st.integers(0, 10**6).map(str),
        detail=_details,
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda event: (event.source, event.source_id),
)
_ORDER = list(CallState)


@settings(max_examples=120, deadline=None)
@given(_events, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_record(
    events: list[CallEvent], rng: Random
) -> None:
    again = [*events, *rng.choices(events, k=rng.randrange(6))]
    rng.shuffle(again)
    assert fold(CALL, again) == fold(CALL, events)


@settings(max_examples=120, deadline=None)
@given(_events)
def test_the_state_only_moves_forward_as_facts_arrive(events: list[CallEvent]) -> None:
    states = [fold(CALL, events[:length]).state for length in range(1, len(events) + 1)]
    assert states == sorted(states, key=_ORDER.index)


@settings(max_examples=120, deadline=None)
@given(_events)
def test_an_ended_call_has_exactly_one_outcome_and_no_other_has_any(
    events: list[CallEvent],
) -> None:
    record = fold(CALL, events)
    assert (record.outcome is not None) == (record.state is CallState.ENDED)
    assert (record.ended_at is not None) == (record.state is CallState.ENDED)
    assert record.duration_s is None or record.duration_s >= 0


def test_a_whole_call_becomes_one_record() -> None:
    call = Story()
    record = fold(
        call.call_id,
        [
            call.created(),
            call("ringing"),
            call("answered", telnyx_session_id="s-1"),
            call("disclosed", after=5),
            call("answer_saved", question="budget", value=100),
            call("answer_saved", question="budget", value=200),
            call("appointment_booked", starts_at="2026-09-15T10:00:00+02:00"),
            call("goodbye_said"),
            call("caller_hung_up", after=30.04),
            call("ended"),
            call("recording_saved", path="/recordings/a.ogg"),
            call("summarised", summary="Wants a visit."),
        ],
    )
    assert record.state is CallState.ENDED
    assert record.direction is Direction.INBOUND
    assert record.from_number == "+32479202020"
    assert record.created_at == NOON + timedelta(seconds=1)
    assert record.answered_at == NOON + timedelta(seconds=3)
    assert record.disclosed_at == NOON + timedelta(seconds=8)
    assert record.duration_s == 39.0
    assert record.recording == "/recordings/a.ogg"
    assert record.summary == "Wants a visit."
    assert record.telnyx_session_id == "s-1"
    assert record.facts.answers == {"budget": 200}
    assert record.facts.appointment_at is not None
    assert record.facts.appointment_at.isoformat() == "2026-09-15T08:00:00+00:00"
    assert record.outcome is not None
    assert record.outcome.disposition is Disposition.CONVERTED


def test_the_carriers_clock_counts_for_the_duration() -> None:
    call = Story()
    ours = [call.created(), call("answered"), call("caller_hung_up", after=60), call("ended")]
    theirs = [
        CallEvent(call.call_id, EventKind(kind), NOON + timedelta(seconds=at), Source.TELNYX, kind)
        for kind, at in (("answered", 1.5), ("ended", 60.0))
    ]
    assert fold(call.call_id, ours).duration_s == 60.0
    assert fold(call.call_id, [*ours, *theirs]).duration_s == 58.5


def test_a_hangup_may_be_reported_before_the_answer() -> None:
    call = Story()
    answered, ended = call("answered"), call("ended", after=20)
    early = fold(call.call_id, [ended])
    assert (early.state, early.answered_at, early.duration_s) == (CallState.ENDED, None, None)
    assert fold(call.call_id, [ended, answered]).duration_s == 20.0


def test_a_crash_alone_does_not_end_a_call() -> None:
    call = Story()
    events = [call.created(), call("answered"), call("crashed", error="ValueError")]
    assert fold(call.call_id, events).state is CallState.ACTIVE


def test_facts_of_another_call_are_left_out() -> None:
    mine, other = Story(), Story()
    record = fold(mine.call_id, [mine.created(), other("opted_out"), other("ended")])
    assert record.state is CallState.CREATED


def test_a_call_without_any_fact_is_no_call() -> None:
    with pytest.raises(ValueError, match="no event"):
        fold(uuid4(), [])


def test_the_row_and_the_outcome_see_the_same_direction() -> None:
    call = Story()
    told = [call.created(direction="inbound"), call.created(direction="outbound")]
    for events in (told, told[::-1]):
        assert fold(call.call_id, events).direction is Direction.OUTBOUND


@pytest.mark.parametrize("told_last", [True, False])
@pytest.mark.parametrize("end", ["ended", "caller_hung_up", "agent_hung_up"])
def test_what_the_worker_says_of_the_end_outranks_a_guess_that_it_died(
    end: str, told_last: bool
) -> None:
    call = Story()
    talk = [call.created(), call("answered"), call("disclosed"), call("goodbye_said")]
    own = [call(end, after=30)]
    guess = [replace(event, at=talk[-1].at) for event in died(call.call_id, call.now)]
    if told_last:
        guess = died(call.call_id, own[-1].at + timedelta(seconds=3))
    record = fold(call.call_id, [*talk, *guess, *own])
    assert record.outcome is not None
    assert record.outcome.disposition is Disposition.NOT_INTERESTED
    assert record.ended_at == own[0].at


def test_a_guess_counts_where_the_worker_has_told_no_end() -> None:
    call = Story()
    told = [call.created(), call("answered"), call("goodbye_said")]
    record = fold(call.call_id, [*told, *died(call.call_id, call.now)])
    assert record.outcome is not None
    assert record.outcome.reason is Reason.CRASHED


def test_a_crash_that_the_worker_itself_reports_stays_a_crash() -> None:
    call = Story()
    told = [call.created(), call("answered"), call("crashed"), call("ended")]
    record = fold(call.call_id, [*told, *died(call.call_id, call.now)])
    assert record.outcome is not None
    assert record.outcome.reason is Reason.CRASHED
