"""Suspicious patterns: told at the first limit, stopping at the second."""

import pytest

from agent.domain.suspicion import (
    Activity,
    Limit,
    Pattern,
    Severity,
    Thresholds,
    suspicions,
)


def test_a_quiet_hour_is_not_suspicious() -> None:
    assert suspicions(Activity(), Thresholds()) == ()
    assert suspicions(Activity(4, 9, 19, 1000), Thresholds()) == ()


@pytest.mark.parametrize(
    ("pattern", "field", "warn", "stop"),
    [
        (Pattern.SAME_NUMBER, "calls_to_one_number", 5, 10),
        (Pattern.FAILURES_IN_A_ROW, "failures_in_a_row", 10, 25),
        (Pattern.SHORT_CALLS, "short_calls", 20, 60),
        (Pattern.SPEND, "minutes_today", 80, 120),
    ],
)
def test_each_pattern_is_told_and_then_stops_dialling(
    pattern: Pattern, field: str, warn: int, stop: int
) -> None:
    thresholds = Thresholds(minutes_a_day=100)
    seen = {
        count: [
            (each.pattern, each.severity)
            for each in suspicions(Activity(**{field: count}), thresholds)
        ]
        for count in (warn - 1, warn, stop - 1, stop)
    }
    assert seen == {
        warn - 1: [],
        warn: [(pattern, Severity.WARNING)],
        stop - 1: [(pattern, Severity.WARNING)],
        stop: [(pattern, Severity.STOP)],
    }


def test_without_a_budget_minutes_are_not_watched() -> None:
    assert suspicions(Activity(minutes_today=10**6), Thresholds(minutes_a_day=None)) == ()


def test_a_budget_of_nothing_is_suspicious_from_the_first_minute_only() -> None:
    thresholds = Thresholds(minutes_a_day=0)
    assert suspicions(Activity(), thresholds) == ()
    assert suspicions(Activity(minutes_today=1), thresholds)[0].severity is Severity.STOP


def test_it_says_what_it_saw_without_a_number_of_anybody() -> None:
    (found,) = suspicions(Activity(calls_to_one_number=7), Thresholds(same_number=Limit(5, 10)))
    assert str(found) == "one number was called 7 times within an hour (limit 5)"
