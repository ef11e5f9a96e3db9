"""Patterns in our own outbound calls that look like a fault or like fraud.

>>> suspicions(Activity(calls_to_one_number=7), Thresholds())[0].pattern
<Pattern.SAME_NUMBER: 'same_number'>

Each pattern has two limits: above the first somebody is told (log, metric, health), above the
second dialling stops until a person has looked.
"""

from dataclasses import dataclass
from enum import StrEnum


class Pattern(StrEnum):
    """What is conspicuous."""

    SAME_NUMBER = "same_number"
    """One number called again and again within an hour."""
    FAILURES_IN_A_ROW = "failures_in_a_row"
    """Call after call fails on our side or the carrier's, none in between succeeds."""
    SHORT_CALLS = "short_calls"
    """Many calls of the last hour were over within ten seconds of their answer."""
    SPEND = "spend"
    """Today's minutes against the daily budget."""


class Severity(StrEnum):
    """What follows."""

    WARNING = "warning"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Activity:
    """Outbound calls of the last hour; `minutes_today` since midnight UTC."""

    calls_to_one_number: int = 0
    failures_in_a_row: int = 0
    short_calls: int = 0
    minutes_today: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """Reached at `warn`: somebody is told. Reached at `stop`: nothing is dialled any more."""

    warn: float
    stop: float

    def severity(self, value: float) -> Severity | None:
        """What `value` means; None: nothing."""
        if value >= self.stop:
            return Severity.STOP
        return Severity.WARNING if value >= self.warn else None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits. `minutes_a_day` is what the daily budget pays for; None: no budget.

    The gate refuses calls over budget already. The watch stops at a fifth more: then minutes grow
    although the gate says no, so something is wrong with the gate or with running calls.
    """

    same_number: Limit = Limit(5, 10)
    failures_in_a_row: Limit = Limit(10, 25)
    short_calls: Limit = Limit(20, 60)
    minutes_a_day: int | None = None

    @property
    def spend(self) -> Limit | None:
        """The limits in minutes."""
        if self.minutes_a_day is None:
            return None
        return Limit(max(1, self.minutes_a_day * 0.8), max(1, self.minutes_a_day * 1.2))


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One conspicuous pattern. `count` is in the pattern's own unit: calls or minutes."""

    pattern: Pattern
    severity: Severity
    count: int
    limit: float
    """The one that it has reached."""

    def __str__(self) -> str:
        return f"{_WORDS[self.pattern].format(self.count)} (limit {self.limit:g})"


def suspicions(activity: Activity, thresholds: Thresholds) -> tuple[Suspicion, ...]:
    """Every conspicuous pattern, in the order of `Pattern`."""
    watched = (
        (Pattern.SAME_NUMBER, activity.calls_to_one_number, thresholds.same_number),
        (Pattern.FAILURES_IN_A_ROW, activity.failures_in_a_row, thresholds.failures_in_a_row),
        (Pattern.SHORT_CALLS, activity.short_calls, thresholds.short_calls),
        (Pattern.SPEND, activity.minutes_today, thresholds.spend),
    )
    found = []
    for pattern, count, limit in watched:
        severity = limit.severity(count) if limit else None
        if limit is not None and severity is not None:
            reached = limit.stop if severity is Severity.STOP else limit.warn
            found.append(Suspicion(pattern, severity, count, reached))
    return tuple(found)


_WORDS = {
    Pattern.SAME_NUMBER: "one number was called {} times within an hour",
    Pattern.FAILURES_IN_A_ROW: "{} outbound calls in a row have failed",
    Pattern.SHORT_CALLS: "{} calls of the last hour ended within 10 s of their answer",
    Pattern.SPEND: "{} minutes were called today",
}
