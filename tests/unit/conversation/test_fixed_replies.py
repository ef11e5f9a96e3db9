"""A person, the truth, a name: what code answers, and what is left to the model."""

import pytest

from agent.domain.calls import EventKind
from tests.unit.conversation.scene import LINES, Scene, playbook_with


@pytest.mark.parametrize(
    "words",
    [
        "Can you put me through to somebody?",
        "Je veux parler à une vraie personne.",
        "Passez-moi une vraie personne, maintenant !",
        "Geef mij een mens aan de telefoon.",
        "Ich möchte mit einem Menschen sprechen.",
    ],
)
async def test_who_wants_a_person_is_put_through_without_a_word_about_robots(words: str) -> None:
    async with Scene() as scene:
        assert await scene.caller_says(words) == [LINES.transferring]
        assert scene.line.transfers == ["+3226010501"]
        assert scene.facts.details(EventKind.TRANSFERRED) == [{"to": "an energy adviser"}]
        assert scene.model.asked == []
        said = scene.facts.said
        assert said.index(f"agent: {LINES.transferring}") < said.index("event: transferred")


async def test_a_person_who_cannot_be_reached_is_told_and_is_not_rung_again() -> None:
    async with Scene("May we call you back?", transfer_refused="busy") as scene:
        assert await scene.caller_says("A person, please.") == [
            LINES.transferring,
            "May we call you back?",
        ]
        assert await scene.caller_says("A person, please!") == [LINES.no_person]
        assert len(scene.line.transfers) == 1


async def test_where_there_is_no_person_a_call_back_is_offered() -> None:
    async with Scene(playbook=playbook_with(transfer=[])) as scene:
        assert await scene.caller_says("I want to talk to a human.") == [LINES.no_person]
        assert scene.line.transfers == []


async def test_a_question_after_the_robot_is_answered_in_one_sentence() -> None:
    async with Scene() as scene:
        assert await scene.caller_says("Are you a robot?") == [LINES.i_am_ai]
        assert scene.model.asked == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("Who am I speaking to, and what does the battery cost?", LINES.who_we_are),
        ("Are you a robot? And how long does it take to install?", LINES.i_am_ai),
        ("Êtes-vous un robot ? Et combien coûte la batterie ?", LINES.i_am_ai),
    ],
)
async def test_the_rest_of_what_was_asked_goes_to_the_model(words: str, line: str) -> None:
    async with Scene("It costs 6,900 euros.") as scene:
        assert await scene.caller_says(words) == [f"{line} It costs 6,900 euros."]
        # It knows what was said already.
        last = scene.model.asked[0].items[-1]
        assert last.type == "message"
        assert last.text_content == line


async def test_who_asks_who_is_calling_hears_the_company_and_what_we_are() -> None:
    async with Scene() as scene:
        assert await scene.caller_says("Sorry, who is this?") == [LINES.who_we_are]


async def test_the_caller_who_names_a_number_is_not_put_through_to_it() -> None:
    async with Scene("I cannot do that.") as scene:
        assert await scene.caller_says("Put me through to +32 90 212 345.") == ["I cannot do that."]
        assert scene.line.transfers == []
