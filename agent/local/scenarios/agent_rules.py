"""The agent's side of a scenario: rules by which the scripted model answers."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from agent.local.scenarios.values import Id, Pattern, ScenarioModel


class FromOutput(ScenarioModel):
    """A tool's argument from the latest tool's answer: the first group, or all, of a match."""

    match: Pattern


class NextWeekday(ScenarioModel):
    """A tool's argument: that time on the next such weekday, as YYYY-MM-DDTHH:MM."""

    next: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    at: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


Argument = bool | int | float | str | FromOutput | NextWeekday


class Action(ScenarioModel):
    """What the scripted model does: words, tool calls (name -> arguments), or both.

    In `say`, {slot} stands for the first time in the latest tool's answer. `then` is what to do
    with the tools' answer: the first branch whose `when` fits it.
    """

    say: str = ""
    call: dict[str, dict[str, Argument]] = Field(default_factory=dict)
    then: tuple["Branch", ...] = ()

    @model_validator(mode="after")
    def _does_something(self) -> "Action":
        if not self.say and not self.call:
            raise ValueError("neither `say` nor `call`: it would do nothing")
        return self


class Branch(Action):
    """What to do with a tool's answer; without `when`, with any answer."""

    when: Pattern | None = None


class Rule(Action):
    """What to do when the caller's words fit `when`.

    `after` names a rule that must have been used before; `once`: not again after it was used.
    """

    id: Id
    when: Pattern
    after: Id | None = None
    once: bool = False
