"""How the providers' stand-in misbehaves on request: latencies and faults, set while it runs."""

import asyncio
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

CUSTOMER_HEADER = "X-Stand-In-Customer"
"""Sent by simulated customers: they hear and speak normally while the agent's providers fail."""


class ProviderPart(StrEnum):
    """A provider that can be slowed or broken by itself."""

    CHAT = "chat"
    SPEECH = "speech"
    LISTEN = "listen"


class Fault(StrEnum):
    """What a part does instead of answering."""

    OK = "ok"
    """Nothing: it works."""
    REFUSE = "refuse"
    """HTTP 503; a listener that is connected is thrown out."""
    HANG = "hang"
    """Accepts, and never answers."""
    GARBAGE = "garbage"
    """Answers 200 with a body that does not parse."""


Milliseconds = Annotated[int, Field(ge=0, le=60_000)]


class Latency(BaseModel):
    """Milliseconds until the first token, the first audio byte, and a final transcript (extra).

    The body of `PUT /stand-in/latency`; what is left out keeps its value.
    """

    model_config = ConfigDict(extra="forbid")

    llm_ms: Milliseconds = 0
    tts_ms: Milliseconds = 0
    stt_ms: Milliseconds = 0


class CountedFault(BaseModel):
    """A fault that ends by itself after `count` requests (null: lasts until changed)."""

    model_config = ConfigDict(extra="forbid")

    fault: Fault
    count: Annotated[int, Field(ge=1)] | None = None


class FaultOrder(BaseModel):
    """The body of `PUT /stand-in/faults`: {"chat": "refuse"} or {"chat": {"fault": …, "count": 2}}.

    Parts that are left out keep what they have.
    """

    model_config = ConfigDict(extra="forbid")

    chat: Fault | CountedFault | None = None
    speech: Fault | CountedFault | None = None
    listen: Fault | CountedFault | None = None


@dataclass(slots=True)
class Behaviour:
    """What the stand-in does at the moment. One per server; changed only on its event loop."""

    latency: Latency = field(default_factory=Latency)
    faults: dict[ProviderPart, CountedFault] = field(default_factory=dict)

    def order(self, order: FaultOrder) -> None:
        """Take over every part that `order` names."""
        for part in ProviderPart:
            wanted: Fault | CountedFault | None = getattr(order, part.value)
            if isinstance(wanted, Fault):
                wanted = CountedFault(fault=wanted)
            if wanted is not None:
                self.faults[part] = wanted

    def current(self, part: ProviderPart) -> Fault:
        """What `part` does now, without using up one of a counted fault's requests."""
        return self.faults[part].fault if part in self.faults else Fault.OK

    def down(self, part: ProviderPart) -> bool:
        """Whether `part` refuses everybody until that is changed: no connection is taken either."""
        counted = self.faults.get(part)
        return counted is not None and counted.fault is Fault.REFUSE and counted.count is None

    def take(self, part: ProviderPart) -> Fault:
        """What `part` does with the request at hand; counts it."""
        counted = self.faults.get(part)
        if counted is None:
            return Fault.OK
        if counted.count is not None:
            if counted.count == 1:
                del self.faults[part]
            else:
                self.faults[part] = CountedFault(fault=counted.fault, count=counted.count - 1)
        return counted.fault


async def not_before(started: float, delay_ms: int) -> None:
    """Wait until `delay_ms` have passed since `started` (time.monotonic), own work included."""
    remaining = started + delay_ms / 1000 - time.monotonic()
    if remaining > 0:
        await asyncio.sleep(remaining)
