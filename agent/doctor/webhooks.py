"""Whether webhooks arrive: what the inbox holds against the calls there were."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from agent.doctor.findings import Finding, ok, warning
from agent.domain.webhook_sources import NAMES, PATHS, is_overdue
from agent.store.webhook_freshness import Freshness
from agent.store.webhook_links import RefusedWebhooks

_REMEDIES = {
    "bad_signature": {
        "telnyx": "TELNYX_PUBLIC_KEY: copy it from the portal, API Keys, Public Key",
        "livekit": "let LiveKit sign with the key of LIVEKIT_API_KEY",
    },
    "not_set_up": {"telnyx": "set TELNYX_PUBLIC_KEY (portal, API Keys, Public Key)"},
    "too_old_or_new": {"telnyx": "set this machine's clock: `timedatectl set-ntp true`"},
}


def judge_webhooks(fresh: Freshness, refused: Sequence[RefusedWebhooks]) -> list[Finding]:
    """`refused`: what was not believed in the last day."""
    found = [
        *_judge("telnyx", fresh.telnyx_at, fresh.last_call_at, refused),
        *_judge("livekit", fresh.livekit_at, fresh.last_call_at, refused),
    ]
    if found:
        return found
    if fresh.last_call_at is None:
        return [ok("webhooks", "no call yet that they could tell of")]
    return [ok("webhooks", "Telnyx and LiveKit have told of the last call")]


def judge_public_key(public_key: str | None) -> list[Finding]:
    """TELNYX_PUBLIC_KEY: without it nothing of Telnyx is believed."""
    if public_key is None:
        says = "TELNYX_PUBLIC_KEY is not set: Telnyx's webhooks are answered 503"
        return [warning("telnyx_public_key", says, "portal, API Keys, Public Key: into .env")]
    return [ok("telnyx_public_key", "a key to check Telnyx's with")]


def _judge(
    source: str,
    last_at: datetime | None,
    last_call_at: datetime | None,
    refused: Sequence[RefusedWebhooks],
) -> Iterator[Finding]:
    name = NAMES[source]
    newest = max(
        (each for each in refused if each.source == source),
        key=lambda one: one.last_at,
        default=None,
    )
    if newest is not None and (last_at is None or newest.last_at > last_at):
        why = newest.reason.replace("_", " ")
        says = f"{newest.deliveries} webhooks of {name} not believed in the last day ({why})"
        remedy = _REMEDIES.get(newest.reason, {}).get(source, "python agent.py webhooks")
        yield warning("webhooks_refused", says, remedy)
    elif last_call_at is not None and is_overdue(last_at, last_call_at):
        since = f"{last_call_at.astimezone():%d %b %H:%M}"
        says = f"no webhook of {name} has come for the call of {since}"
        remedy = (
            f"is the API reached? python agent.py webhooks send https://YOUR-HOST{PATHS[source]}"
        )
        yield warning("webhooks_absent", says, remedy)
