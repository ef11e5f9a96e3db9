"""What the agent can do, in conversations: the model asks, our code decides."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from livekit.agents import SpeechCreatedEvent, UserInputTranscribedEvent

from agent.conversation import tools
from agent.domain.appointments import Appointment, Slot
from agent.domain.calls import EventKind
from agent.errors import DatabaseUnavailable
from tests.scripted_llm import GarbledToolCall, ToolCall
from tests.unit.conversation.fakes import NOW, MemoryCalendar
from tests.unit.conversation.scene import (
    CALLER,
    DEFAULT,
    LINES,
    Scene,
    opening_hours,
    playbook_with,
)

BRUSSELS = ZoneInfo("Europe/Brussels")
TUESDAY_9 = "2026-03-03T09:00"


# ---- answers


async def test_answers_are_saved_typed_and_the_model_learns_what_is_still_open() -> None:
    async with Scene(
        "Do you own your home?",
        ToolCall("save_answers", owns_home=True),
        "And what do you pay a year?",
        ToolCall("save_answers", yearly_bill="1450", has_panels="no"),
        "Thank you.",
    ) as scene:
        assert await scene.caller_says("Hello") == ["Do you own your home?"]
        assert await scene.caller_says("I do.") == ["And what do you pay a year?"]
        assert await scene.caller_says("About 1450, and no panels.") == ["Thank you."]
        assert scene.told() == [
            "saved; still open: has_panels, yearly_bill",
            "saved; all are answered",
        ]
        assert scene.facts.details(EventKind.ANSWER_SAVED) == [
            {"question": "owns_home", "value": True},
            {"question": "has_panels", "value": False},
            {"question": "yearly_bill", "value": 1450.0},
        ]


async def test_an_answer_told_again_takes_the_place_of_the_first() -> None:
    async with Scene(
        (ToolCall("save_answers", yearly_bill=900), ToolCall("save_answers", yearly_bill=950)),
        "Noted.",
    ) as scene:
        await scene.caller_says("Nine hundred. No, nine fifty.")
        assert scene.call.answers == {"yearly_bill": 950.0}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"favourite_colour": "blue"}, "favourite_colour: Extra inputs are not permitted"),
        ({"owns_home": True, "iban": "BE68"}, "iban: Extra inputs are not permitted"),
        ({"owns_home": "perhaps"}, "owns_home: Input should be a valid boolean"),
        ({"yearly_bill": "a lot"}, "yearly_bill: Input should be a valid number"),
        ({"yearly_bill": True}, "yearly_bill: Input should be a valid number"),
        ({"yearly_bill": -1}, "yearly_bill: Input should be greater than or equal to 0"),
        ({"yearly_bill": 50_001}, "yearly_bill: Input should be less than or equal to 50000"),
        ({"yearly_bill": "NaN"}, "yearly_bill: Input should be a finite number"),
        ({"yearly_bill": ["1", "2"]}, "yearly_bill: Input should be a valid number"),
        ({"owns_home": "x" * 1_000_000}, "owns_home: Input should be a valid boolean"),
        ({}, "give at least one answer"),
        ({"owns_home": None}, "give at least one answer"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_answer_that_is_none_is_refused_in_words_and_nothing_is_kept(
    arguments: dict[str, object], told: str
) -> None:
    async with Scene(ToolCall("save_answers", **arguments), "Could you say it again?") as scene:
        assert await scene.caller_says("Well…") == ["Could you say it again?"]
        (answer,) = scene.told()
        assert told in answer
        assert len(answer) < 200, "the model must not be sent its own megabyte"
        assert scene.call.answers == {}
        assert not scene.happened(EventKind.ANSWER_SAVED)


async def test_half_a_right_answer_is_not_kept_when_the_other_half_is_wrong() -> None:
    async with Scene(
        ToolCall("save_answers", owns_home=True, yearly_bill="plenty"), "How much?"
    ) as scene:
        await scene.caller_says("It is mine, and plenty.")
        assert scene.call.answers == {}


async def test_a_text_answer_has_words_but_not_a_megabyte_of_them() -> None:
    questions = [
        {"id": "roof", "ask": "What is your roof made of?", "type": "text"},
        {
            "id": "roof_side",
            "ask": "Which way does it look?",
            "type": "choice",
            "choices": ["south", "east"],
        },
    ]
    async with Scene(
        ToolCall("save_answers", roof="x" * 1_000_000),
        ToolCall("save_answers", roof="   "),
        ToolCall("save_answers", roof_side="up"),
        "Sorry?",
        ToolCall("save_answers", roof="  tiles ", roof_side="south"),
        "Thank you.",
        playbook=playbook_with(questions=questions),
    ) as scene:
        await scene.caller_says("Tiles, and it looks up")
        too_long, empty, not_a_choice = scene.told()
        assert too_long == "roof: String should have at most 500 characters"
        assert empty == "roof: String should have at least 1 character"
        assert not_a_choice == "roof_side: Input should be 'south' or 'east'"
        assert scene.call.answers == {}
        await scene.caller_says("South.")
        assert scene.call.answers == {"roof": "tiles", "roof_side": "south"}


async def test_arguments_that_are_not_json_do_no_harm() -> None:
    async with Scene(GarbledToolCall("save_answers", '{"owns_home": tru'), "Again?") as scene:
        assert await scene.caller_says("Yes") == ["Again?"]
        assert scene.facts.events == []


async def test_without_questions_no_tool_for_answers_is_offered() -> None:
    async with Scene(
        "Hello.", playbook=playbook_with(questions=[], transfer=[], appointment=None)
    ) as scene:
        await scene.caller_says("Hello")
        assert scene.model.offered == ["opt_out", "end_call", "agree_callback"]


# ---- appointments


async def test_free_times_are_listed_and_one_is_booked() -> None:
    calendar = MemoryCalendar(opening_hours(DEFAULT))
    async with Scene(
        ToolCall("list_slots"),
        "Tuesday at nine or at ten?",
        ToolCall("book_appointment", starts_at=TUESDAY_9),
        "Booked for Tuesday.",
        calendar=calendar,
    ) as scene:
        assert await scene.caller_says("When can you come?") == ["Tuesday at nine or at ten?"]
        assert await scene.caller_says("At nine.") == ["Booked for Tuesday."]
        offered, booked = scene.told()
        assert offered.splitlines() == [
            "2026-03-03T09:00 = Tuesday 3 March, 09:00",
            "2026-03-03T10:00 = Tuesday 3 March, 10:00",
            "2026-03-03T11:00 = Tuesday 3 March, 11:00",
            "2026-03-03T13:00 = Tuesday 3 March, 13:00",
        ]
        assert booked == "booked: Tuesday 3 March, 09:00"
        (taken,) = calendar.booked.values()
        assert scene.facts.details(EventKind.APPOINTMENT_BOOKED) == [
            {"appointment_id": str(taken.id), "starts_at": "2026-03-03T08:00:00+00:00"}
        ]
        assert EventKind.APPOINTMENT_BOOKED in scene.facts.urgent


@pytest.mark.parametrize(
    ("starts_at", "told"),
    [
        ("2026-03-01T10:00", "not booked: that time is in the past"),
        ("2026-03-02T11:00", "not booked: that is too soon: we need 1200 minutes' notice"),
        ("2026-03-07T10:00", "not booked: that is outside our opening hours"),
        ("2026-03-03T12:00", "not booked: that is outside our opening hours"),
        ("2026-03-03T09:20", "not booked: appointments start every 60 minutes: offer a free slot"),
        ("2027-03-03T09:00", "not booked: that is too far ahead: we book up to 14 days ahead"),
    ],
)
async def test_a_time_that_cannot_be_had_is_refused_in_words_and_noted(
    starts_at: str, told: str
) -> None:
    calendar = MemoryCalendar(opening_hours(DEFAULT))
    async with Scene(
        ToolCall("book_appointment", starts_at=starts_at), "Another time?", calendar=calendar
    ) as scene:
        assert await scene.caller_says("Then, please.") == ["Another time?"]
        assert scene.told() == [told]
        assert calendar.booked == {}
        assert not scene.happened(EventKind.APPOINTMENT_BOOKED)
        (blocked,) = scene.facts.details(EventKind.REPLY_BLOCKED)
        assert blocked["what"] == "book_appointment"


@pytest.mark.parametrize(
    "starts_at",
    ["tomorrow", "2026-02-30T09:00", "2026-03-03T09:00Z", "0001-01-01T00:00", 1772528400],
)
async def test_a_time_that_is_none_is_refused_in_words(starts_at: object) -> None:
    async with Scene(ToolCall("book_appointment", starts_at=starts_at), "When?") as scene:
        assert await scene.caller_says("Then.") == ["When?"]
        (answer,) = scene.told()
        assert "internal error" not in answer
        assert not scene.happened(EventKind.APPOINTMENT_BOOKED)


async def test_a_slot_is_never_given_to_two_calls() -> None:
    calendar = MemoryCalendar(opening_hours(DEFAULT))
    await calendar.book(uuid4(), datetime(2026, 3, 3, 9, tzinfo=BRUSSELS), "", NOW)
    async with Scene(
        ToolCall("book_appointment", starts_at=TUESDAY_9),
        "That one is gone. Ten o'clock?",
        calendar=calendar,
    ) as scene:
        assert await scene.caller_says("Nine.") == ["That one is gone. Ten o'clock?"]
        assert scene.told() == ["not booked: that time has just been taken: offer another one"]


async def test_booking_the_same_slot_twice_in_one_call_makes_one_appointment() -> None:
    calendar = MemoryCalendar(opening_hours(DEFAULT))
    booking = ToolCall("book_appointment", starts_at=TUESDAY_9)
    async with Scene(booking, booking, "Booked.", calendar=calendar) as scene:
        await scene.caller_says("Nine.")
        assert len(calendar.booked) == 1
        ids = {each["appointment_id"] for each in scene.facts.details(EventKind.APPOINTMENT_BOOKED)}
        assert len(ids) == 1


class _Closed(MemoryCalendar):
    """Has nothing free."""

    async def free_slots(self, now: datetime, limit: int) -> list[Slot]:
        return []


class _Down(MemoryCalendar):
    """Its database is away."""

    async def free_slots(self, now: datetime, limit: int) -> list[Slot]:
        raise DatabaseUnavailable("Postgres does not answer")

    async def book(
        self, call_id: UUID, starts_at: datetime, note: str, now: datetime
    ) -> Appointment:
        raise DatabaseUnavailable("Postgres does not answer")


class _Slow(MemoryCalendar):
    """Never answers."""

    async def free_slots(self, now: datetime, limit: int) -> list[Slot]:
        forever: asyncio.Future[list[Slot]] = asyncio.get_running_loop().create_future()
        return await forever


async def test_when_nothing_is_free_the_model_is_told_to_agree_a_callback() -> None:
    async with Scene(
        ToolCall("list_slots"), "May we call back?", calendar=_Closed(opening_hours(DEFAULT))
    ) as scene:
        await scene.caller_says("When?")
        assert scene.told() == ["no time is free; agree a callback instead"]


@pytest.mark.parametrize(
    "call", [ToolCall("list_slots"), ToolCall("book_appointment", starts_at=TUESDAY_9)]
)
async def test_a_calendar_that_is_down_is_told_and_books_nothing(call: ToolCall) -> None:
    async with Scene(call, "May we call back?", calendar=_Down(opening_hours(DEFAULT))) as scene:
        assert await scene.caller_says("When?") == ["May we call back?"]
        assert scene.told() == ["the calendar cannot be reached; agree a callback instead"]
        assert not scene.happened(EventKind.APPOINTMENT_BOOKED)


async def test_nobody_waits_for_a_calendar_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tools, "_CALENDAR_SECONDS", 0.01)
    async with Scene(
        ToolCall("list_slots"), "May we call back?", calendar=_Slow(opening_hours(DEFAULT))
    ) as scene:
        assert await scene.caller_says("When?") == ["May we call back?"]
        assert scene.told() == ["the calendar cannot be reached; agree a callback instead"]


# ---- callbacks


async def test_a_callback_is_agreed_in_the_playbooks_time_zone() -> None:
    async with Scene(
        ToolCall("agree_callback", at="2026-03-02T18:30"), "We will call you at half past six."
    ) as scene:
        await scene.caller_says("Call me tonight at half past six.")
        assert scene.told() == ["agreed: Monday 2 March, 18:30"]
        (agreed,) = scene.facts.details(EventKind.CALLBACK_AGREED)
        at = datetime.fromisoformat(str(agreed["at"]))
        assert at == datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
        assert EventKind.CALLBACK_AGREED in scene.facts.urgent


@pytest.mark.parametrize(
    "at",
    [
        "2026-03-02T09:59",
        "2026-03-02T10:00",
        (NOW + timedelta(days=61)).strftime("%Y-%m-%dT%H:%M"),
        "9999-12-31T23:59",
        "0001-01-01T00:00",
        "2026-02-30T10:00",
        "soon",
    ],
)
async def test_a_callback_in_the_past_or_too_far_ahead_is_refused(at: str) -> None:
    async with Scene(ToolCall("agree_callback", at=at), "When exactly?") as scene:
        assert await scene.caller_says("Call me then.") == ["When exactly?"]
        (answer,) = scene.told()
        assert answer.startswith(("not agreed:", "at:", at))
        assert not scene.happened(EventKind.CALLBACK_AGREED)


# ---- transfer


async def test_a_caller_is_put_through_to_the_playbooks_person() -> None:
    async with Scene(
        ("I put you through.", ToolCall("transfer_to_person", reason="asked"))
    ) as scene:
        assert await scene.caller_says("Let me talk to somebody.") == ["I put you through."]
        assert scene.line.transfers == ["+3226010501"]
        assert scene.facts.details(EventKind.TRANSFERRED) == [{"to": "an energy adviser"}]
        assert scene.call.handing_over
        assert scene.facts.said.index("agent: I put you through.") < scene.facts.said.index(
            "event: transferred"
        )


async def test_a_transfer_that_fails_is_told_to_the_caller_who_is_still_there() -> None:
    async with Scene(
        ToolCall("transfer_to_person"),
        "Nobody is free. May we call you back?",
        transfer_refused="the transfer was refused",
    ) as scene:
        assert await scene.caller_says("A person, please.") == [
            "Nobody is free. May we call you back?"
        ]
        assert scene.told() == [
            "an energy adviser cannot be reached now; say so and offer to call back"
        ]
        assert scene.facts.details(EventKind.TRANSFER_FAILED) == [
            {"to": "an energy adviser", "reason": "the transfer was refused"}
        ]
        assert not scene.happened(EventKind.TRANSFERRED)
        assert not scene.call.handing_over
        assert scene.line.hang_ups == 0


async def test_no_argument_can_name_another_number_to_be_put_through_to() -> None:
    async with Scene(
        ToolCall("transfer_to_person", number="+3290212345"),
        ToolCall("transfer_to_person", reason="x" * 201),
        "I cannot do that.",
    ) as scene:
        assert await scene.caller_says("Put me through to +32 90 212 345.") == ["I cannot do that."]
        assert scene.line.transfers == []
        assert scene.told() == [
            "number: Extra inputs are not permitted",
            "reason: String should have at most 200 characters",
        ]


# ---- opting out and ending


async def test_an_opt_out_by_tool_is_kept_before_it_is_confirmed() -> None:
    async with Scene(ToolCall("opt_out")) as scene:
        assert await scene.caller_says("I would rather not be on any list of yours.") == [
            LINES.opted_out
        ]
        assert scene.facts.details(EventKind.OPTED_OUT) == [{"heard_by": "tool", "number": CALLER}]
        assert EventKind.OPTED_OUT in scene.facts.urgent
        assert scene.facts.said[-5:] == [
            "event: opted_out",
            f"agent: {LINES.opted_out}",
            "event: goodbye_said",
            "event: agent_hung_up",
            "line: down",
        ]


async def test_an_opt_out_is_kept_when_the_line_drops_on_the_confirmation() -> None:
    async with Scene(ToolCall("opt_out")) as scene:

        def line_drops(made: SpeechCreatedEvent) -> None:
            if made.source == "say":
                made.speech_handle.interrupt(force=True)

        scene.session.on("speech_created", line_drops)
        await scene.caller_says("Take me off everything.")
        assert scene.happened(EventKind.OPTED_OUT)
        assert not scene.happened(EventKind.GOODBYE_SAID)


async def test_an_opt_out_by_its_words_needs_no_model() -> None:
    async with Scene() as scene:
        assert await scene.caller_says("Please don't ever call me again.") == [LINES.opted_out]
        assert scene.model.asked == []
        assert scene.facts.details(EventKind.OPTED_OUT) == [
            {"heard_by": "phrase", "number": CALLER}
        ]
        assert scene.line.hang_ups == 1


async def test_an_opt_out_in_the_middle_of_a_turn_counts_before_the_turn_is_over() -> None:
    async with Scene() as scene:
        scene.caller_is_heard("Stop calling me.")
        assert scene.facts.urgent == [EventKind.OPTED_OUT]


async def test_an_opt_out_that_the_recogniser_cut_in_two_is_one() -> None:
    async with Scene("I see.") as scene:
        scene.caller_is_heard("Please don't")
        scene.caller_is_heard("call me again")
        assert scene.facts.urgent == [EventKind.OPTED_OUT]


async def test_words_of_two_turns_are_not_put_together_to_an_opt_out() -> None:
    async with Scene("What should we not do?", "Tomorrow then.") as scene:
        await scene.caller_says("Please don't")
        await scene.caller_says("call me again")
        assert not scene.call.opted_out


async def test_words_that_are_not_yet_certain_do_not_opt_out() -> None:
    async with Scene() as scene:
        scene.session.emit(
            "user_input_transcribed",
            UserInputTranscribedEvent(transcript="Stop calling me", is_final=False),
        )
        assert scene.facts.events == []


async def test_an_opt_out_said_twice_is_one_fact_and_one_goodbye() -> None:
    async with Scene() as scene:
        scene.caller_is_heard("Stop calling me.")
        scene.conversation.key_pressed("9")
        assert await scene.caller_says("Stop calling me!") == [LINES.opted_out]
        assert scene.facts.kinds.count(EventKind.OPTED_OUT) == 1
        assert scene.line.hang_ups == 1


async def test_the_key_nine_opts_out_and_other_keys_do_not() -> None:
    async with Scene() as scene:
        for digit in ("1", "0", "*", "#"):
            scene.conversation.key_pressed(digit)
        assert scene.facts.events == []
        scene.conversation.key_pressed("9")
        await scene.conversation.ending.wait()
        assert scene.said == [LINES.opted_out]
        assert scene.facts.details(EventKind.OPTED_OUT) == [{"heard_by": "key", "number": CALLER}]


@pytest.mark.parametrize(
    ("reason", "fact"),
    [
        ("finished", None),
        ("not_interested", EventKind.NOT_INTERESTED),
        ("wrong_number", EventKind.WRONG_NUMBER),
    ],
)
async def test_the_call_is_ended_with_its_reason_a_goodbye_and_one_hang_up(
    reason: str, fact: EventKind | None
) -> None:
    async with Scene(("I understand.", ToolCall("end_call", reason=reason))) as scene:
        assert await scene.caller_says("That is all.") == ["I understand.", LINES.goodbye]
        expected = [fact] if fact else []
        assert scene.facts.kinds == [*expected, EventKind.GOODBYE_SAID, EventKind.AGENT_HUNG_UP]
        assert scene.line.hang_ups == 1


async def test_a_call_is_not_ended_for_a_reason_that_does_not_exist() -> None:
    async with Scene(ToolCall("end_call", reason="bored"), "Go on.") as scene:
        assert await scene.caller_says("So…") == ["Go on."]
        assert scene.line.hang_ups == 0


async def test_nothing_is_answered_after_the_goodbye_has_begun() -> None:
    async with Scene(ToolCall("end_call", reason="finished")) as scene:
        assert await scene.caller_says("Bye.") == [LINES.goodbye]
        assert await scene.caller_says("Oh, one more thing.") == []
        assert len(scene.model.asked) == 1


async def test_a_call_that_lasts_too_long_is_ended_in_words() -> None:
    async with Scene() as scene:
        scene.conversation.time_is_up()
        await scene.conversation.ending.wait()
        assert scene.said == [LINES.time_is_up]
        assert scene.facts.kinds == [
            EventKind.MAX_DURATION_REACHED,
            EventKind.GOODBYE_SAID,
            EventKind.AGENT_HUNG_UP,
        ]
