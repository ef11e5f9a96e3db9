"""Words over the agent's own sentence: listening sounds, and answers that came early."""

from dataclasses import dataclass, field

import pytest

from agent.conversation.backchannel import ANSWER_WAITS, Backchannel
from agent.conversation.transcript import Transcript
from agent.domain.calls import Speaker
from tests.unit.conversation.clock import Clock
from tests.unit.conversation.fake_session import FakeSession
from tests.unit.conversation.fakes import Facts
from tests.unit.conversation.scene import CALL_ID, live_call


@dataclass
class Stage:
    """The agent is speaking; `hears` is what the caller has heard of it."""

    session: FakeSession = field(default_factory=FakeSession)
    facts: Facts = field(default_factory=Facts)

    def __post_init__(self) -> None:
        self.call = live_call(self.facts)
        self.transcript = Transcript(CALL_ID, self.facts, self.call.certainty)
        self.backchannel = Backchannel(
            self.session.as_session, self.call, self.transcript, lambda: 1000.0
        )
        self.speech = self.session.say("whatever")

    async def hears(self, text: str) -> None:
        """So much more of the agent's words was played."""
        await self.call.heard.capture_text(text)

    def finishes(self) -> None:
        """The agent's words are over."""
        self.speech.played()
        self.backchannel.agent_finished()


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize(
    ("so_far", "words"),
    [
        ("I can offer you a visit next Tuesday at", "Yes, great."),
        ("Je peux vous proposer une visite mardi", "Oui, parfait."),
        ("Ik kan u een bezoek aanbieden op", "Ja, goed."),
        ("Ich kann Ihnen einen Besuch anbieten", "Ja, in Ordnung."),
        ("Do you own the home you live in?", "Yes."),
    ],
)
async def test_a_yes_over_an_offer_or_a_question_is_no_sign_of_listening(
    stage: Stage, so_far: str, words: str
) -> None:
    await stage.hears(so_far)
    assert not stage.backchannel.is_one(words)


@pytest.mark.parametrize(
    ("so_far", "words"),
    [
        ("The battery stores what your panels make", "Mm-hm."),
        ("And in winter? It fills more slowly", "Yes."),
        ("La batterie garde ce que vos panneaux font", "Oui, d'accord."),
        ("De batterij bewaart wat uw panelen maken", "Ja, oké."),
        ("Der Speicher behält den Strom", "Ja genau."),
    ],
)
async def test_over_a_statement_it_is_one(stage: Stage, so_far: str, words: str) -> None:
    await stage.hears(so_far)
    assert stage.backchannel.is_one(words)


async def test_when_nobody_speaks_there_is_nothing_to_listen_to(stage: Stage) -> None:
    stage.speech.played()
    assert not stage.backchannel.is_one("Yes.")


async def test_a_yes_that_came_before_the_offer_was_complete_is_answered(stage: Stage) -> None:
    clock = Clock()
    await stage.hears("It takes an hour. So an adviser")
    assert stage.backchannel.is_one("Yes, great.")
    stage.backchannel.left_out("Yes, great.")
    await stage.hears(" comes on Tuesday at nine, if you like.")
    stage.finishes()
    assert stage.session.replies == []
    await clock.passes(ANSWER_WAITS)
    assert stage.session.replies == ["Yes, great."]
    # The reply's own turn is the record of it.
    assert stage.facts.turns == []


async def test_a_sign_of_listening_is_kept_in_the_record_and_marked(stage: Stage) -> None:
    clock = Clock()
    await stage.hears("The battery stores")
    stage.backchannel.left_out("Mm-hm.")
    await stage.hears(" what your panels make.")
    stage.finishes()
    await clock.passes(ANSWER_WAITS)
    assert stage.session.replies == []
    (turn,) = stage.facts.turns
    assert (turn.speaker, turn.text, turn.metrics) == (
        *(Speaker.CALLER, "Mm-hm.", {"backchannel": 1.0}),
    )


async def test_a_yes_to_an_earlier_sentence_does_not_answer_the_last(stage: Stage) -> None:
    clock = Clock()
    await stage.hears("It takes an hour.")
    stage.backchannel.left_out("Yes.")
    await stage.hears(" Shall I book it for Tuesday?")
    stage.finishes()
    await clock.passes(ANSWER_WAITS)
    assert stage.session.replies == []
    assert stage.facts.by(Speaker.CALLER) == ["Yes."]


async def test_what_the_caller_adds_is_what_is_answered(stage: Stage) -> None:
    clock = Clock()
    await stage.hears("So an adviser")
    stage.backchannel.left_out("Yes.")
    await stage.hears(" comes on Tuesday, if you like.")
    stage.finishes()
    stage.backchannel.caller_speaks()
    await clock.passes(ANSWER_WAITS)
    assert stage.session.replies == []
    assert stage.facts.by(Speaker.CALLER) == ["Yes."]
