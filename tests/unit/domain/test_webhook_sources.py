"""When webhooks are overdue: one judgement for the API's health and the doctor."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.domain.webhook_sources import is_overdue

CALL = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last_at", "last_call_at", "overdue"),
    [
        (None, None, False),  # nobody called, so there is nothing to report
        (CALL, None, False),
        (None, CALL, True),
        (CALL, CALL, False),
        (CALL - timedelta(seconds=59), CALL, False),  # it came before we had our row
        (CALL - timedelta(seconds=61), CALL, True),  # it belongs to an earlier call
        (CALL + timedelta(hours=1), CALL, False),
    ],
)
def test_webhooks_are_overdue_when_the_last_call_was_not_reported(
    last_at: datetime | None, last_call_at: datetime | None, overdue: bool
) -> None:
    assert is_overdue(last_at, last_call_at) is overdue
