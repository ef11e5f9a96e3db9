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
        ("Vous économisez trente pour cent.", PRICE),
        ("Dat beloof ik u.", "promises something: vow"),
    ],
)
async def test_a_model_that_insists_gets_the_fixed_line(reply: str, why: str) -> None:
    async with Scene(reply, reply) as scene:
        assert await scene.caller_says("What can you do for me?") == [NO]
        assert _blocked(scene) == [why, why]


async def test_a_stopped_sentence_is_said_again_within_the_rules() -> None:
    async with Scene("You get a discount.", "Our adviser gives you the price.") as scene:
        assert await scene.caller_says("Cheaper?") == ["Our adviser gives you the price."]
        assert _blocked(scene) == ["promises something: discount"]
        first, second = scene.model.asked
        note = second.items[-1]
        assert len(second.items) == len(first.items) + 1
        assert note.type == "message"
        assert "You get a discount." in (note.text_content or "")
        assert "promises something: discount" in (note.text_content or "")


async def test_what_was_said_before_the_stopped_sentence_is_not_said_again() -> None:
    async with Scene("Good question. You get a discount.", "The offer tells.") as scene:
        assert await scene.caller_says("Cheaper?") == ["Good question. The offer tells."]
        *_, said, note = scene.model.asked[1].items
        assert said.type == note.type == "message"
        assert (said.role, said.text_content) == ("assistant", "Good question.")


@pytest.mark.parametrize("reply", ["No, I am a real person.", "Honestly, I am not a robot."])
async def test_a_claim_to_be_a_person_is_answered_with_the_truth(reply: str) -> None:
    async with Scene(f"{reply} And there is a discount.", reply) as scene:
        assert await scene.caller_says("You sound so friendly!") == [LINES.i_am_ai]
        assert set(_blocked(scene)) == {"claims to be a person"}


async def test_what_is_forbidden_is_found_word_by_word() -> None:
    reply = word_by_word("Let me see. I can give you a special price. Shall we go on?")
    async with Scene(reply, word_by_word("The price is fixed. Shall we go on?")) as scene:
        assert await scene.caller_says("And?") == [
            "Let me see. The price is fixed. Shall we go on?"
        ]


async def test_a_word_cut_into_pieces_is_still_a_word() -> None:
    pieces = ("You get a dis", "cou", "nt of five hun", "dred eu", "ros.")
    async with Scene(pieces, pieces) as scene:
        assert await scene.caller_says("And?") == [NO]
        assert _blocked(scene) == [PRICE, PRICE]


async def test_each_reply_gets_its_own_second_try() -> None:
    bad = "You get a discount."
    async with Scene(bad, bad, bad, "No discount, I am afraid.") as scene:
        assert await scene.caller_says("And?") == [NO]
        assert await scene.caller_says("Really?") == ["No discount, I am afraid."]


async def test_the_callers_own_figure_is_read_back_before_it_is_saved() -> None:
    async with Scene("So 1,450 euros a year, is that right?") as scene:
        assert await scene.caller_says(
            "About fourteen fifty, one thousand four hundred fifty."
        ) == ["So 1,450 euros a year, is that right?"]
        assert _blocked(scene) == []


async def test_a_saved_answer_is_no_price() -> None:
    price = "The battery costs 1,450 euros."
    async with Scene(ToolCall("save_answers", yearly_bill=1450), price, price) as scene:
        assert await scene.caller_says("I pay 1450 a year. What does it cost?") == [NO]


async def test_what_the_model_has_learnt_it_said_is_what_was_spoken() -> None:
    bad = "You get a discount."
    async with Scene(bad, bad, "As I said.") as scene:
        await scene.caller_says("And?")
        await scene.caller_says("So I get a discount?")
        told = [item.text_content for item in scene.model.asked[-1].items if item.type == "message"]
        assert NO in told
        assert bad not in told


@pytest.mark.parametrize(
    "reply",
    [
        "The Fernhill Home battery costs €6,900, installed.",
        "It costs six thousand nine hundred euros.",
        "I cannot give you a discount.",
        "I'm afraid there is no discount.",
        "It stores 10 kilowatt hours and has a guarantee of 10 years.",
        "I can offer Tuesday at nine, or Wednesday the fourth at 14:30.",
        "I am a hundred percent sure about that.",
        "I will put you through to a real person.",
    ],
)
async def test_the_truth_may_be_spoken(reply: str) -> None:
    async with Scene(word_by_word(reply)) as scene:
        assert await scene.caller_says("Tell me.") == [reply]
        assert _blocked(scene) == []


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
        assert await scene.caller_says("So what now?") == ["Sorry."]
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
