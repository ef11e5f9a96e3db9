"""Scenario files: who calls, what the person does, and what the scripted model answers.

A scenario is one YAML file. `customer:` is the person's part, step by step; `agent:` is the script
of the chat stand-in for this conversation; `expect:` is what must be in Postgres afterwards.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)

from agent.errors import ScenarioError

SCENARIOS_DIR = Path(__file__).with_name("scenarios")
DEFAULT = "default"
"""Its rules also answer what another scenario's own rules do not."""

FALLBACK = "Sorry, could you say that again?"


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, StringConstraints(min_length=1), AfterValidator(_compiles)]
"""A regular expression, searched anywhere in what was recognised, in any case."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
Line = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Seconds = Annotated[float, Field(gt=0, le=300)]
Value = str | bool | int | float


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FromOutput(_Part):
    """A tool's argument from the latest tool's answer: the first group, or all, of a match."""

    match: Pattern


class NextWeekday(_Part):
    """A tool's argument: that time on the next such weekday, as YYYY-MM-DDTHH:MM."""

    next: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    at: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


Argument = bool | int | float | str | FromOutput | NextWeekday


class Action(_Part):
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


class Wait(_Part):
    """Wait until the agent said something (with `hears`: something that fits it) and stopped."""

    hears: Pattern | None = None
    within: Seconds = 20.0


class WaitStep(_Part):
    wait: Wait


class SayStep(_Part):
    """Speak a line to its end (over the agent, if it is talking: normally wait first)."""

    say: Line


class _DuringTurn(_Part):
    """A moment while the agent speaks: a word is heard, or so many seconds into what it says."""

    after_hearing: Pattern | None = None
    seconds_into_turn: Annotated[float, Field(ge=0, le=60)] | None = None
    within: Seconds = 20.0

    @model_validator(mode="after")
    def _has_a_moment(self) -> "_DuringTurn":
        if (self.after_hearing is None) == (self.seconds_into_turn is None):
            raise ValueError("exactly one of `after_hearing` and `seconds_into_turn` is needed")
        return self


class SpeakDuringTurn(_DuringTurn):
    """Say something into what the agent is saying."""

    say: Line


class BargeInStep(_Part):
    """Interrupt the agent: it is expected to stop, and the step fails if it does not."""

    barge_in: SpeakDuringTurn


class BackchannelStep(_Part):
    """Show that one listens ("mm-hm"): the agent is expected to go on."""

    backchannel: SpeakDuringTurn


class TalkOverStep(_Part):
    """Speak into what the agent is saying, whether it stops or not (during the disclosure)."""

    talk_over: SpeakDuringTurn


class HangUp(_Part):
    """Now; or at a moment while the agent speaks; or so many seconds into the ringing."""

    after_hearing: Pattern | None = None
    seconds_into_turn: Annotated[float, Field(ge=0, le=60)] | None = None
    while_ringing: Annotated[float, Field(ge=0, le=60)] | None = None
    within: Seconds = 20.0

    @model_validator(mode="after")
    def _has_one_moment(self) -> "HangUp":
        moments = (self.after_hearing, self.seconds_into_turn, self.while_ringing)
        if sum(moment is not None for moment in moments) > 1:
            raise ValueError(
                "only one of `after_hearing`, `seconds_into_turn` and `while_ringing` can be given"
            )
        return self

    @property
    def has_moment(self) -> bool:
        """Is there something in the agent's turn to wait for?"""
        return self.after_hearing is not None or self.seconds_into_turn is not None


class HangUpStep(_Part):
    hang_up: HangUp


class PressStep(_Part):
    """Press keys on the phone."""

    press: Annotated[str, StringConstraints(pattern=r"^[0-9*#]+$")]


class SilentStep(_Part):
    """Say nothing for so many seconds, or until the call ends if that comes first."""

    silent: Seconds


class WaitEnd(_Part):
    within: Seconds = 30.0


class WaitEndStep(_Part):
    """Stay on the line until the other side ends the call."""

    wait_end: WaitEnd


_STEPS = (
    "wait",
    "say",
    "barge_in",
    "backchannel",
    "talk_over",
    "hang_up",
    "press",
    "silent",
    "wait_end",
)


def _kind_of_step(value: object) -> str | None:
    """The step's one key; None (an error that lists all kinds) where there is no such key."""
    keys = list(value) if isinstance(value, dict) else list(getattr(value, "model_fields_set", ()))
    return keys[0] if keys and keys[0] in _STEPS else None


Step = Annotated[
    Annotated[WaitStep, Tag("wait")]
    | Annotated[SayStep, Tag("say")]
    | Annotated[BargeInStep, Tag("barge_in")]
    | Annotated[BackchannelStep, Tag("backchannel")]
    | Annotated[TalkOverStep, Tag("talk_over")]
    | Annotated[HangUpStep, Tag("hang_up")]
    | Annotated[PressStep, Tag("press")]
    | Annotated[SilentStep, Tag("silent")]
    | Annotated[WaitEndStep, Tag("wait_end")],
    Discriminator(_kind_of_step),
]


class Expect(_Part):
    """What the call's row must say afterwards: `facts` is a part of the facts, not all of them."""

    disposition: Line
    facts: dict[str, Value] = Field(default_factory=dict)


class Scenario(_Part):
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
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(scenario_names(path.parent)) or "none in that folder"
        raise ScenarioError(
            str(path), 1, f"cannot be read ({error.__class__.__name__})", f"there are: {known}"
        ) from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark is not None else 1
        raise ScenarioError(
            str(path), line, f"not YAML: {error.problem}", "check quotes, colons and indentation"
        ) from None
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise ScenarioError(
            str(path),
            _line(root, first["loc"]),
            _problem(first["loc"], first["msg"]),
            _fix(first["type"]),
        ) from None
    if scenario.name != path.stem:
        raise ScenarioError(
            str(path),
            _line(root, ("name",)),
            f"the name is {scenario.name!r}",
            f"call it {path.stem!r} like its file, or rename the file",
        )
    return scenario


def _line(node: yaml.Node | None, loc: tuple[int | str, ...]) -> int:
    """The line (from 1) of the deepest part of `loc` that is in the file."""
    line = 1
    for key in loc:
        if isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                if name.value == key:
                    line, node = name.start_mark.line + 1, value
                    break
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            node = node.value[key]
            line = node.start_mark.line + 1
    return line


def _problem(loc: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in loc) or "the file"
    return f"{where}: {message.removeprefix('Value error, ')}"


def _fix(kind: str) -> str:
    return {
        "missing": "add it",
        "extra_forbidden": "remove it, or correct its spelling",
        "string_type": "put it in quotes (a bare yes, no or number is not text in YAML)",
        "union_tag_not_found": f"a step is one of: {', '.join(_STEPS)}",
        "model_attributes_type": "write keys and values, as in the scenarios that ship",
    }.get(kind, "correct it; agent/local/scenarios/books-a-visit.yaml is an example")
