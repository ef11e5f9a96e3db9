"""Cursors: what comes back is what went out; anything else is refused."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.api.cursors import read_cursor, write_cursor
from agent.api.problems import Problem

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine that does other things meanwhile is no reason to fail."""


@BUSY
@given(st.datetimes(timezones=st.just(UTC)), st.uuids().map(str))
def test_a_cursor_leads_to_exactly_the_same_place(at: datetime, key: str) -> None:
    assert read_cursor(write_cursor(at, key)) == (at, key)


@BUSY
@given(st.text(max_size=100))
def test_what_we_did_not_write_is_refused_or_a_place(text: str) -> None:
    told: list[Problem] = []
    try:
        at, key = read_cursor(text)
    except Problem as problem:
        told.append(problem)
    else:
        assert at.tzinfo is UTC
        assert isinstance(key, str)
    assert [(each.status, each.errors[0].field) for each in told] in ([], [(422, "cursor")])


@pytest.mark.parametrize(
    "content",
    ["[]", "{}", '["2026-01-01T00:00:00", "x"]', '["2026-01-01T00:00:00+00:00", 1]', '["a"]'],
)
def test_a_well_formed_text_with_another_content_is_refused(content: str) -> None:
    with pytest.raises(Problem):
        read_cursor(base64.urlsafe_b64encode(content.encode()).decode())
