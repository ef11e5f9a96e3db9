"""What the agent can do, in conversations: the model asks, our code decides."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.domain.calls import EventKind
from tests.scripted_llm import GarbledToolCall, ToolCall
from tests.unit.conversation.fakes import NOW
from tests.unit.conversation.scene import Scene, playbook_with


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
        assert await scene.caller_says("It is complicated.") == ["I put you through."]
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
        assert await scene.caller_says("It is complicated.") == [
            "Nobody is free. May we call you back?"
        ]
        assert scene.told() == [
            "an energy adviser cannot be reached now (the transfer was refused); say so and offer "
            "to call back"
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
