"""A language model that wants what the playbook forbids. What reaches the caller is ours to decide.

The booking, callback and transfer tools refuse the same model in test_tools.py.
"""

import pytest

from agent.domain.calls import EventKind, Scalar
from tests.scripted_llm import ToolCall, word_by_word
from tests.unit.conversation.scene import DEFAULT, LINES, Scene, playbook_with

NO = LINES.cannot_promise
PRICE = "names an amount that is not in the playbook"


def _blocked(scene: Scene) -> list[Scalar]:
    """Why each sentence was held back."""
    return [each["why"] for each in scene.facts.details(EventKind.REPLY_BLOCKED)]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("I will give you a discount.", "promises something: discount"),
        ("No problem, you get a discount.", "promises something: discount"),
        ("It costs €4,999.", PRICE),
        ("It costs four thousand nine hundred and ninety-nine euros.", PRICE),
        ("You save thirty percent.", PRICE),
        ("You save 30% a year.", PRICE),
    ],
)
async def test_what_nobody_promised_is_not_spoken(reply: str, why: str) -> None:
    async with Scene(reply) as scene:
        assert await scene.caller_says("What can you do for me?") == [NO]
        assert scene.facts.details(EventKind.REPLY_BLOCKED) == [{"what": "sentence", "why": why}]


@pytest.mark.parametrize("reply", ["No, I am a real person.", "Honestly, I am not a robot."])
async def test_a_claim_to_be_a_person_is_answered_with_the_truth(reply: str) -> None:
    async with Scene(f"{reply} And there is a discount.") as scene:
        assert await scene.caller_says("You sound so friendly!") == [LINES.i_am_ai]
        assert _blocked(scene) == ["claims to be a person", "promises something: discount"]


async def test_what_is_forbidden_is_found_word_by_word() -> None:
    reply = word_by_word("Let me see. I can give you a special price. Shall we go on?")
    async with Scene(reply) as scene:
        assert await scene.caller_says("And?") == [f"Let me see. {NO} Shall we go on?"]


async def test_a_word_cut_into_pieces_is_still_a_word() -> None:
    async with Scene(("You get a dis", "cou", "nt of five hun", "dred eu", "ros.")) as scene:
        assert await scene.caller_says("And?") == [NO]
        assert _blocked(scene) == [PRICE]


async def test_of_two_forbidden_sentences_one_replacement_is_spoken() -> None:
    async with Scene("You get a discount. I guarantee it. Shall we go on?") as scene:
        assert await scene.caller_says("And?") == [f"{NO} Shall we go on?"]
        assert _blocked(scene) == [
            "promises something: discount",
            "promises something: i guarantee",
        ]


async def test_each_reply_gets_its_own_replacement() -> None:
    async with Scene("You get a discount.", "You really get a discount.") as scene:
        assert await scene.caller_says("And?") == [NO]
        assert await scene.caller_says("Really?") == [NO]


async def test_a_promise_spread_over_two_sentences_is_stopped_where_it_is_named() -> None:
    async with Scene("I have something for you. A discount! Just for today.") as scene:
        assert await scene.caller_says("And?") == [
            f"I have something for you. {NO} Just for today."
        ]


async def test_what_the_model_has_learnt_it_said_is_what_was_spoken() -> None:
    async with Scene("You get a discount.", "As I said.") as scene:
        await scene.caller_says("And?")
        await scene.caller_says("So I get a discount?")
        told = [item.text_content for item in scene.model.asked[-1].items if item.type == "message"]
        assert f"{NO} " in told or NO in told
        assert "You get a discount." not in told


@pytest.mark.parametrize(
    "reply",
    [
        "The Fernhill Home battery costs €6,900, installed.",
        "It costs six thousand nine hundred euros.",
        "I cannot give you a discount.",
        "I'm afraid there is no discount.",
        "It stores 10 kilowatt hours and has a guarantee of 10 years.",
        "I can offer Tuesday at nine, or Wednesday the fourth at 14:30.",
    ],
)
async def test_the_truth_may_be_spoken(reply: str) -> None:
    async with Scene(word_by_word(reply)) as scene:
        assert await scene.caller_says("Tell me.") == [reply]
        assert _blocked(scene) == []


async def test_what_the_caller_pays_may_be_repeated_once_it_is_saved() -> None:
    repeated = "So you pay 1,450 euros a year."
    async with Scene(repeated, ToolCall("save_answers", yearly_bill=1450), repeated) as scene:
        assert await scene.caller_says("1450 a year.") == [NO]
        assert await scene.caller_says("1450 a year, I said.") == [repeated]


async def test_a_yes_is_no_amount() -> None:
    async with Scene(ToolCall("save_answers", owns_home=True), "It costs one euro.") as scene:
        assert await scene.caller_says("Yes, it is mine.") == [NO]


@pytest.mark.parametrize(
    "question", ["Are you a robot?", "Am I talking to a real person?", "Are you an AI?"]
)
async def test_whether_it_is_a_machine_is_answered_truthfully_and_not_by_the_model(
    question: str,
) -> None:
    async with Scene() as scene:
        assert await scene.caller_says(question) == [LINES.i_am_ai]
        assert scene.model.asked == []


async def test_the_answer_to_a_tool_is_not_taken_for_the_question_again() -> None:
    async with Scene(ToolCall("save_answers", owns_home=True), "Thank you.") as scene:
        assert await scene.caller_says("Yes.") == ["Thank you."]


async def test_text_before_a_tool_call_is_checked_too() -> None:
    async with Scene(
        ("You get a discount", ToolCall("save_answers", owns_home=True)), "Good."
    ) as scene:
        assert await scene.caller_says("I own it.") == [NO, "Good."]
        assert scene.call.answers == {"owns_home": True}


async def test_a_tool_that_does_not_exist_does_nothing() -> None:
    async with Scene(ToolCall("send_money", to="+3290212345"), "So be it.") as scene:
        assert await scene.caller_says("Do it.") == ["So be it."]
        assert scene.facts.events == []


async def test_a_model_that_only_calls_tools_is_stopped_after_some() -> None:
    again = ToolCall("list_slots")
    async with Scene(*[again] * 20) as scene:
        await scene.caller_says("When?")
        assert len(scene.model.asked) <= 6


async def test_a_tool_that_the_playbook_does_not_allow_is_not_there() -> None:
    async with Scene(
        ToolCall("transfer_to_person"), "Sorry.", playbook=playbook_with(transfer=[])
    ) as scene:
        assert await scene.caller_says("A person, please!") == ["Sorry."]
        assert "transfer_to_person" not in scene.model.offered
        assert scene.line.transfers == []


async def test_the_model_is_told_the_playbook_and_its_limits() -> None:
    async with Scene("Hello.") as scene:
        await scene.caller_says("Hello")
        (told, *_) = [item for item in scene.model.asked[0].items if item.type == "message"]
        text = told.text_content or ""
        assert told.role == "system"
        assert "Monday 2 March 2026, 10:00" in text
        assert all(limit in text for limit in DEFAULT.limits)
        assert all(question.ask in text for question in DEFAULT.questions)
        assert "$" not in text
