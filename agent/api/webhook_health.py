"""Whether webhooks come: what the inbox holds against the calls there were."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from agent.api.forms import PartView
from agent.store.webhook_freshness import WebhookCounts

LATELY = timedelta(hours=1)
_EARLIER = timedelta(seconds=60)
"""A webhook that belongs to a call may be a little older than our row of it."""
_NAMES = {"telnyx": "Telnyx", "livekit": "LiveKit"}


def webhooks_part(counts: Sequence[WebhookCounts], last_call_at: datetime | None) -> PartView:
    """Not ok where a source that has been heard of tells nothing of calls any more.

    One that never sent anything is not set up, which is no fault: calls need no webhooks. Nor is
    what a stranger sends, as long as the real ones come.
    """
    wrong = [text for each in counts for text in _wrong(each, last_call_at)]
    return PartView(name="webhooks", ok=not wrong, detail="; ".join(wrong or map(_summary, counts)))


def _wrong(counts: WebhookCounts, last_call_at: datetime | None) -> Iterator[str]:
    known = counts.believed_at is not None or counts.refused > 0
    if last_call_at is None or not known:
        return
    if counts.believed_at is None or counts.believed_at < last_call_at - _EARLIER:
        why = f"; {counts.refused} not believed: check its key" if counts.refused else ""
        name = _NAMES[counts.source]
        yield f"none of {name} for the last call{why}; see `python agent.py webhooks`"


def _summary(counts: WebhookCounts) -> str:
    name = _NAMES[counts.source]
    if counts.believed_at is None:
        return f"{name}: none ever"
    return f"{name}: {counts.received} lately, {counts.unlinked} unlinked, {counts.refused} refused"
