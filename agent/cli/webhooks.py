"""`python agent.py webhooks`: what Telnyx and LiveKit have told, and whether it was believed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import aiohttp
import typer
from pydantic import TypeAdapter

from agent.cli.console import console, errors, table
from agent.cli.context import database
from agent.errors import Refused, StackError
from agent.local.state import read_state
from agent.local.telnyx_events import SignedSample, TelnyxAccount, signed_samples
from agent.store.webhook_links import ListedWebhook, RefusedWebhooks, WebhookLinks

app = typer.Typer()

_REFUSED_FOR = timedelta(days=1)
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
    url: Annotated[str, typer.Argument(help="Where: https://…/api/telnyx/webhooks/call-events")],
) -> None:
    """Post a signed sample of each type, to see whether firewall and proxy let them through.

    They are signed by the running local stack's account. Without one, by a new key: a 401 then
    means that they have arrived; with that key as TELNYX_PUBLIC_KEY_OLD they are believed, too.
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
        columns = ("received", "from", "type", "status", "by / why", "call", "times")
        console.print(table("", columns, map(_line, recent)))
    if refused:
        shown = ("last", "from", "why", "times")
        console.print(table("Not believed, last 24 hours", shown, map(_refused, refused)))


def _line(webhook: ListedWebhook) -> tuple[object, ...]:
    return (
        f"{webhook.received_at.astimezone():%d %b %H:%M:%S}",
        webhook.source,
        webhook.event_type,
        webhook.status,
        webhook.reason or ("no call found" if webhook.status == "unlinked" else ""),
        str(webhook.call_id)[:8] if webhook.call_id else "",
        webhook.deliveries,
    )


def _refused(refused: RefusedWebhooks) -> tuple[object, ...]:
    at = f"{refused.last_at.astimezone():%d %b %H:%M:%S}"
    return at, refused.source, refused.reason.replace("_", " "), refused.deliveries


async def _send(url: str) -> int:
    if not url.startswith(("http://", "https://")):
        raise Refused(
            f"{url!r} is no address: write https://your-host/api/telnyx/webhooks/call-events"
        )
    timeout = aiohttp.ClientTimeout(total=_POST_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        samples = await _signed(session)
        rows = [(sample.event_type, *await _post(session, url, sample)) for sample in samples]
    console.print(table("", ("type", "answer", ""), ((name, *what) for name, _, *what in rows)))
    return 0 if all(taken for _, taken, *_ in rows) else 1


async def _signed(session: aiohttp.ClientSession) -> list[SignedSample]:
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
    errors.print(f"signed by a new key: TELNYX_PUBLIC_KEY_OLD={account.public_key}")
    return signed_samples(account, datetime.now(UTC))


async def _post(
    session: aiohttp.ClientSession, url: str, sample: SignedSample
) -> tuple[bool, str, str]:
    """Whether it was taken, the answer, and what it means."""
    try:
        async with session.post(
            url, data=sample.body.encode(), headers=sample.headers, allow_redirects=False
        ) as answer:
            meaning = _MEANINGS.get(answer.status, "not ours: a proxy or firewall in between?")
            return answer.status == 200, str(answer.status), meaning
    except (aiohttp.ClientError, TimeoutError) as error:
        return False, type(error).__name__, "not reached: address, firewall, is it running?"


_MEANINGS = {
    200: "stored",
    401: "arrived; signed by another key than TELNYX_PUBLIC_KEY",
    503: "arrived; TELNYX_PUBLIC_KEY is not set there, or its database is away",
}
