"""Scenario files: who calls, what the person does, and what the scripted model answers.

A scenario is one YAML file. `customer:` is the person's part, step by step; `agent:` is the script
of the chat stand-in for this conversation; `expect:` is what must be in Postgres afterwards.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError, model_validator

from agent.edited_files.text import read_text
from agent.edited_files.yaml_file import read_yaml
from agent.errors import ScenarioError
from agent.local.scenarios.agent_rules import Rule
from agent.local.scenarios.steps import (
    STEP_KINDS,
    BackchannelStep,
    BargeInStep,
    SayStep,
    Step,
    TalkOverStep,
)
from agent.local.scenarios.values import Id, Line, ScenarioModel, Value

SCENARIOS_DIR = Path(__file__).parent
DEFAULT = "default"
"""Its rules also answer what another scenario's own rules do not."""

FALLBACK = "Sorry, could you say that again?"


class Expect(ScenarioModel):
    """What the call's row must say afterwards: `facts` is a part of the facts, not all of them."""

    disposition: Line
    facts: dict[str, Value] = Field(default_factory=dict)


class Scenario(ScenarioModel):
    """One simulated customer, and the conversation that the scripted model holds with them."""

    name: Id
    about: Line
    number: Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{6,14}$")]
    voice: Line = "pico:en-GB"
    customer: tuple[Step, ...] = Field(min_length=1)
    agent: tuple[Rule, ...] = ()
    summary: Line
    expect: Expect

    @model_validator(mode="after")
    def _rules_are_known(self) -> "Scenario":
        ids = [rule.id for rule in self.agent]
        for rule in self.agent:
            if ids.count(rule.id) > 1:
                raise ValueError(f"two rules have the id {rule.id!r}")
            if rule.after is not None and rule.after not in ids:
                raise ValueError(f"rule {rule.id!r} comes after {rule.after!r}, which is not there")
        return self

    def lines(self) -> tuple[str, ...]:
        """Everything that the customer says, in order."""
        spoken = []
        for step in self.customer:
            if isinstance(step, SayStep):
                spoken.append(step.say)
            elif isinstance(step, BargeInStep):
                spoken.append(step.barge_in.say)
            elif isinstance(step, BackchannelStep):
                spoken.append(step.backchannel.say)
            elif isinstance(step, TalkOverStep):
                spoken.append(step.talk_over.say)
        return tuple(spoken)


def scenario_names(folder: Path = SCENARIOS_DIR) -> list[str]:
    """The scenarios that there are, sorted."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def find_scenario(name: str, folder: Path = SCENARIOS_DIR) -> Scenario:
    """A scenario by its name in `folder`, or by the path of its file. Raises ScenarioError."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else folder / f"{name}.yaml"
    return load_scenario(path)


def load_scenario(path: Path) -> Scenario:
    """Read and check one file. Raises ScenarioError naming file, line and fix."""
    known = ", ".join(scenario_names(path.parent)) or "none in that folder"
    text = read_text(path, missing=f"there are: {known}", error=ScenarioError)
    written = read_yaml(text, str(path), error=ScenarioError)
    try:
        scenario = Scenario.model_validate(written.values)
    except ValidationError as error:
        first = error.errors()[0]
        raise ScenarioError(
            str(path),
            written.line_of(first["loc"]),
            _problem(first["loc"], first["msg"]),
            _fix(first["type"]),
        ) from None
    if scenario.name != path.stem:
        raise ScenarioError(
            str(path),
            written.line_of(("name",)),
            f"the name is {scenario.name!r}",
            f"call it {path.stem!r} like its file, or rename the file",
        )
    return scenario


def _problem(loc: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in loc) or "the file"
    return f"{where}: {message.removeprefix('Value error, ')}"


def _fix(kind: str) -> str:
    return {
        "missing": "add it",
        "extra_forbidden": "remove it, or correct its spelling",
        "string_type": "put it in quotes (a bare yes, no or number is not text in YAML)",
        "union_tag_not_found": f"a step is one of: {', '.join(STEP_KINDS)}",
        "model_attributes_type": "write keys and values, as in the scenarios that ship",
    }.get(kind, "correct it; agent/local/scenarios/books-a-visit.yaml is an example")
