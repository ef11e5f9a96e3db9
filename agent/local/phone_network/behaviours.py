"""What happens when a number is called, or a caller is transferred to it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.local.phone_network.answers import RECORDED_REFUSALS

if TYPE_CHECKING:
    from agent.local.phones.phone import Phone

Handler = Callable[["Phone"], Awaitable[None]]
"""The person who holds the phone, from the answer on. When it returns, the phone hangs up."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Somebody picks up after `after` seconds; without a `handler` they stay on and say nothing.

    `rings=False`: the carrier sends no 180, so the status goes from dialing straight to active.
    """

    after: float = 0.6
    handler: Handler | None = None
    rings: bool = True


@dataclass(frozen=True, slots=True)
class Refuses:
    """The call is refused with a SIP status `after` seconds of ringing.

    `words` replaces the usual reason phrase, as carriers do: see the constants below.
    """

    code: int = 486
    words: str | None = None
    after: float = 0.5

    def __post_init__(self) -> None:
        if self.code not in RECORDED_REFUSALS:
            known = ", ".join(map(str, sorted(RECORDED_REFUSALS)))
            raise ValueError(f"SIP {self.code} was never recorded; use one of {known}")


@dataclass(frozen=True, slots=True)
class NeverAnswers:
    """It rings until the caller's ringing timeout."""


@dataclass(frozen=True, slots=True)
class NoSuchCarrier:
    """Nothing comes back at all: no ringing, no refusal, for half a minute."""


@dataclass(frozen=True, slots=True)
class CredentialsRefused:
    """The carrier answers 407 to whatever the trunk's user name and password are."""


Behaviour = Answers | Refuses | NeverAnswers | NoSuchCarrier | CredentialsRefused

# Telnyx's own words for states of the trunk, which are no refusal by the person called.
CHANNEL_LIMIT = Refuses(403, "User channel limit exceeded D1", after=0)
NO_VOICE_PROFILE = Refuses(403, "Outbound voice profile required D38", after=0)
UNVERIFIED_NUMBER = Refuses(403, "Unverified origination number D51", after=0)
CPS_LIMIT = Refuses(503, "CPS Limit reached P05", after=0)


@dataclass(frozen=True, slots=True)
class TransferAccepted:
    """The REFER is taken and its target answers: the phone leaves the room."""


@dataclass(frozen=True, slots=True)
class TransferRefused:
    """The REFER is refused; the call lives on."""

    code: int = 603
    words: str | None = None

    def __post_init__(self) -> None:
        Refuses(self.code)


@dataclass(frozen=True, slots=True)
class TransferDead:
    """The REFER is taken, but its target never answers; the call lives on."""


TransferBehaviour = TransferAccepted | TransferRefused | TransferDead
