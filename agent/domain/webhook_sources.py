"""Who sends us webhooks, to which path, and whether they are overdue.

>>> is_overdue(last_at=None, last_call_at=None)      # no call that they could report
False
"""

from datetime import datetime, timedelta

TELNYX_PATH = "/api/telnyx/webhooks/call-events"
LIVEKIT_PATH = "/api/livekit/webhooks"
PATHS = {"telnyx": TELNYX_PATH, "livekit": LIVEKIT_PATH}
NAMES = {"telnyx": "Telnyx", "livekit": "LiveKit"}
"""Sources as a person writes them; the keys are those of the column `source`."""

_EARLIER = timedelta(seconds=60)
"""A webhook that belongs to a call may be a little older than our row of it."""


def is_overdue(last_at: datetime | None, last_call_at: datetime | None) -> bool:
    """Whether a source has reported nothing of the last call.

    `last_at`: its last verified webhook, None if there was never one; `last_call_at`: the last call
    that is old enough to have been reported, None if there was none lately.
    """
    if last_call_at is None:
        return False
    return last_at is None or last_at < last_call_at - _EARLIER
