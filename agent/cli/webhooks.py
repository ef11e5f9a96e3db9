"""`python agent.py webhooks`: what Telnyx and LiveKit have told, and whether it was believed."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

import aiohttp
import typer
from pydantic import TypeAdapter

from agent.cli.console import console, errors
from agent.cli.context import database, settings
from agent.cli.tables import print_table
from agent.domain.webhook_sources import LIVEKIT_PATH, TELNYX_PATH
from agent.errors import Refused, StackError
from agent.local.stack.state import read_state
from agent.local.telnyx.events import TelnyxAccount
from agent.local.telnyx.samples import SignedSample, livekit_samples, telnyx_samples
from agent.store.webhook_links import ListedWebhook, RefusedWebhooks, WebhookLinks

app = typer.Typer()

_REFUSED_FOR = _TODAY = timedelta(days=1)
_POST_SECONDS = 10.0
_SAMPLES: TypeAdapter[list[SignedSample]] = TypeAdapter(list[SignedSample])


@app.callback(invoke_without_command=True)
def webhooks(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    unlinked: Annotated[
        bool, typer.Option("--unlinked", help="Only those of which no call is known.")
    ] = False,
) -> None:
    """The latest webhooks, newest first, then those of the last day that were not believed."""
    if context.invoked_subcommand is None:
        asyncio.run(_list(limit, "unlinked" if unlinked else None))


@app.command()
def send(
    url: Annotated[
        str,
        typer.Argument(help="Where: https://your-host for both senders, or one's whole address."),
    ],
) -> None:
    """Post a signed sample of each type, to see whether firewall and proxy let them through.

    Telnyx's are signed by the running local stack's account, LiveKit's with LIVEKIT_API_KEY.
    Without these, by a new key: a 401 then means that they have arrived.
    """
    raise SystemExit(asyncio.run(_send(url)))


async def _list(limit: int, status: str | None) -> None:
    async with database() as opened:
        links = WebhookLinks(opened)
        recent = await links.recent(limit, status)
        refused = await links.refused(datetime.now(UTC) - _REFUSED_FOR)
    if not recent:
        console.print("no webhooks yet" if status is None else "none of them is unlinked")
    else:
        columns = ("received", "type", "status", "call", "times")
        print_table("", columns, map(_line, recent))
    if refused:
        shown = ("last", "from", "why", "times")
        print_table("\nNot believed, last 24 hours", shown, map(_refused, refused))


def _line(webhook: ListedWebhook) -> tuple[object, ...]:
    """80 columns for every type: Telnyx's begin with `call.`, LiveKit's have underscores."""
    return (
        _when(webhook.received_at),
        webhook.event_type or f"({webhook.source})",
        _status(webhook),
        str(webhook.call_id)[:8] if webhook.call_id else "",
        webhook.deliveries,
    )


def _status(webhook: ListedWebhook) -> str:
    if webhook.status == "linked":
        return f"by {webhook.reason}"
    return webhook.reason or webhook.status


def _when(at: datetime) -> str:
    here = at.astimezone()
    return f"{here:%H:%M:%S}" if datetime.now(UTC) - at < _TODAY else f"{here:%d %b}"


def _refused(refused: RefusedWebhooks) -> tuple[object, ...]:
    return (
        _when(refused.last_at),
        refused.source,
        refused.reason.replace("_", " "),
        refused.deliveries,
    )


async def _send(url: str) -> int:
    if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
        raise Refused(f"{url!r} is no address: write https://your-host, or the whole address")
    path = urlsplit(url).path.rstrip("/")
    timeout = aiohttp.ClientTimeout(total=_POST_SECONDS)
    rows: list[tuple[str, bool, str, str]] = []
    async with aiohttp.ClientSession(timeout=timeout) as session:
        if not path.endswith(LIVEKIT_PATH):
            to = url if path else url.rstrip("/") + TELNYX_PATH
            rows += [await _post(session, to, each) for each in await _of_telnyx(session)]
        if not path or path.endswith(LIVEKIT_PATH):
            to = url if path else url.rstrip("/") + LIVEKIT_PATH
            rows += [await _post(session, to, each) for each in _of_livekit()]
    print_table("", ("type", "answer", ""), ((name, *what) for name, _, *what in rows))
    return 0 if all(taken for _, taken, *_ in rows) else 1


async def _of_telnyx(session: aiohttp.ClientSession) -> list[SignedSample]:
    state = read_state()
    network = state.environment.get("PHONE_NETWORK_URL") if state else None
    if network is not None:
        try:
            async with session.get(f"{network}/phone-network/webhooks/samples") as answer:
                return _SAMPLES.validate_json(await answer.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise StackError(
                f"the local stack's phone network does not sign ({type(error).__name__})"
            ) from None
    account = TelnyxAccount()
    errors.print(
        "Telnyx's are signed by a new key. To have them believed, restart the API with\n"
        f"TELNYX_PUBLIC_KEY_OLD={account.public_key}"
    )
    return telnyx_samples(account, datetime.now(UTC))


def _of_livekit() -> list[SignedSample]:
    known = settings()
    key, secret = known.livekit_api_key, known.livekit_api_secret
    if not key or not secret:
        errors.print("LiveKit's are signed by a new key: LIVEKIT_API_KEY and _SECRET are not set")
        key, secret = "example-key", secrets.token_urlsafe(32)
    return livekit_samples(key, secret, datetime.now(UTC))


async def _post(
    session: aiohttp.ClientSession, url: str, sample: SignedSample
) -> tuple[str, bool, str, str]:
    """Its type, whether it was taken, the answer, and what that means."""
    try:
        async with session.post(
            url, data=sample.body.encode(), headers=sample.headers, allow_redirects=False
        ) as answer:
            meaning = _MEANINGS.get(answer.status, "not ours: a proxy in between?")
            return sample.event_type, answer.status == 200, str(answer.status), meaning
    except (aiohttp.ClientError, TimeoutError) as error:
        return (
            sample.event_type,
            False,
            type(error).__name__,
            "not reached: is it running?",
        )


_MEANINGS = {
    200: "stored",
    401: "arrived; signed by another key",
    503: "arrived; no key or database",
}
