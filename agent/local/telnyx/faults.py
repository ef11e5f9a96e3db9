"""How the stand-in fails on request: what the next requests get instead of an answer."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Kind(StrEnum):
    """What a request meets."""

    TOO_MANY = "too_many"
    """429, code 90103, with Retry-After (seconds) unless that is null. Nothing is done."""
    FAIL = "fail"
    """500. Nothing is done."""
    LIE = "lie"
    """500, though it was done."""
    HANG = "hang"
    """No answer."""


class PortalFault(BaseModel):
    """The body of `PUT /stand-in/faults` (null ends it).

    Which requests: of this `method` and with this in their path, if given; the first `skip` of them
    pass, then `count` meet it.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    count: Annotated[int, Field(ge=1)] = 1
    skip: Annotated[int, Field(ge=0)] = 0
    method: str | None = None
    path: str = ""
    retry_after: float | None = 1


class Faults:
    """The one that is in force, counted down."""

    def __init__(self) -> None:
        self._fault: PortalFault | None = None
        self._skip = self._count = 0

    def order(self, fault: PortalFault | None) -> None:
        """From the next request on."""
        self._fault = fault
        if fault is not None:
            self._skip, self._count = fault.skip, fault.count

    def take(self, method: str, path: str) -> PortalFault | None:
        """What the request at hand meets; counts it."""
        fault = self._fault
        if fault is None or fault.path not in path or fault.method not in (None, method):
            return None
        if self._skip:
            self._skip -= 1
            return None
        self._count -= 1
        if self._count == 0:
            self._fault = None
        return fault
