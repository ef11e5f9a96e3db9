"""The customer's side of a scenario: steps, done one after the other."""

from typing import Annotated

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from agent.local.scenarios.values import Line, Pattern, ScenarioModel, Seconds


class Wait(ScenarioModel):
    """Wait until the agent said something (with `hears`: something that fits it) and stopped.

    With `or_quiet` the wait is also over when the agent has been quiet for so long, whatever it
    said: for a greeting that everybody words in their own way.
    """

    hears: Pattern | None = None
    or_quiet: Seconds | None = None
    within: Seconds = 20.0


class WaitStep(ScenarioModel):
    wait: Wait


class SayStep(ScenarioModel):
    """Speak a line to its end (over the agent, if it is talking: normally wait first)."""

    say: Line


class _DuringTurn(ScenarioModel):
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


class BargeInStep(ScenarioModel):
    """Interrupt the agent: it is expected to stop, and the step fails if it does not."""

    barge_in: SpeakDuringTurn


class BackchannelStep(ScenarioModel):
    """Show that one listens ("mm-hm"): the agent is expected to go on."""

    backchannel: SpeakDuringTurn


class TalkOverStep(ScenarioModel):
    """Speak into what the agent is saying, whether it stops or not (during the disclosure)."""

    talk_over: SpeakDuringTurn


class HangUp(ScenarioModel):
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


class HangUpStep(ScenarioModel):
    hang_up: HangUp


class PressStep(ScenarioModel):
    """Press keys on the phone."""

    press: Annotated[str, StringConstraints(pattern=r"^[0-9*#]+$")]


class SilentStep(ScenarioModel):
    """Say nothing for so many seconds, or until the call ends if that comes first."""

    silent: Seconds


class WaitEnd(ScenarioModel):
    within: Seconds = 30.0


class WaitEndStep(ScenarioModel):
    """Stay on the line until the other side ends the call."""

    wait_end: WaitEnd


STEP_KINDS = (
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
    return keys[0] if keys and keys[0] in STEP_KINDS else None


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
