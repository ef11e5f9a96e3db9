"""What the caller of the bench says, and what the scripted model answers it."""

from agent.local.scenarios.agent_rules import Rule
from agent.local.scenarios.scenario import Expect, Scenario
from agent.local.scenarios.steps import SayStep

TURNS = (
    "We have a house with solar panels on the roof.",
    "Is there somebody who could come to us on a Friday?",
)
"""Said in one go; each is answered."""

PAUSED_TURN = ("I was wondering, when somebody has a big house", "how much time it would take.")
PAUSE_SECONDS = 0.7
"""Within PAUSED_TURN, where a person thinks. An agent that speaks in it has cut the caller off."""

ASKS_FOR_MUCH = "Could you please explain to me how all of this goes?"
BARGE_IN = "Hold on a moment, there is one more thing that we would like to know."
BARGE_IN_SECONDS = 1.5
"""Into the agent's answer to ASKS_FOR_MUCH."""

NUMBER = "+32470555190"
LINES = (*TURNS, *PAUSED_TURN, ASKS_FOR_MUCH, BARGE_IN)


def _always(answer: str) -> Scenario:
    """The same answer to whatever is recognised: recognition is not what is measured."""
    return Scenario(
        name="bench",
        about="The caller of the bench.",
        number=NUMBER,
        customer=tuple(SayStep(say=line) for line in LINES),
        agent=(Rule(id="always", when=".", say=answer),),
        summary="A caller of the bench.",
        expect=Expect(disposition="hung_up"),
    )


SHORT_ANSWERS = _always("I am glad that you told me this.")
# Its first three seconds are without a pause that could be taken for a stop.
LONG_ANSWERS = _always(
    "When the sun shines on the roof of your house the panels load the battery all day long so "
    "that the lamps in your kitchen and the car in your garage run on it all night long."
)
