"""Several providers for one thing, in order of preference: who is asked first, and who rests."""

import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

REST_SECONDS = 30.0
"""How long one that failed is asked last. Each try at a dead provider costs the caller its whole
deadline; and within a call, a provider that is back after half a minute is back early enough."""


class Standby(Generic[T]):
    """Members in order. None is ever given up: when all rest, all are asked as if none did.

    standby = Standby([ours, theirs])
    standby.failed(ours)
    standby.in_order()  # [theirs, ours], for half a minute
    """

    def __init__(self, members: Sequence[T], now: Callable[[], float] = time.monotonic) -> None:
        """`now`: seconds on a clock that never goes back."""
        assert members
        self._members = tuple(members)
        self._now = now
        self._rests_until = [float("-inf")] * len(self._members)

    @property
    def members(self) -> tuple[T, ...]:
        """All, in order of preference."""
        return self._members

    def in_order(self) -> list[T]:
        """All, in the order in which they are to be asked now."""
        now = self._now()
        # Sorting is stable: among those who work (and those who rest) the preference stands.
        order = sorted(range(len(self._members)), key=lambda index: self._rests_until[index] > now)
        return [self._members[index] for index in order]

    def has_other(self, than: T) -> bool:
        """Whether somebody other `than` this one has not failed lately."""
        now = self._now()
        return any(
            until <= now and member is not than
            for member, until in zip(self._members, self._rests_until, strict=True)
        )

    def failed(self, member: T) -> None:
        """It did not do its work: the others are asked before it for a while."""
        self._rests_until[self._index(member)] = self._now() + REST_SECONDS

    def _index(self, member: T) -> int:
        return next(i for i, each in enumerate(self._members) if each is member)
