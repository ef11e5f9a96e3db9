"""`python agent.py calls`: the latest calls, and everything about one."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.console import console
from agent.cli.context import database, settings
from agent.cli.tables import print_table
from agent.domain.calls import CallEvent, CallOrigin, CallTurn, Direction
from agent.domain.record import CallRecord
from agent.settings import Settings
from agent.store.calls import CallDetail, CallStore
from agent.store.kill_switch import KillSwitchStore

if TYPE_CHECKING:
    from agent.dialer.kill_switch import Stopped

app = typer.Typer()

SHORT_ID = 8
"""Characters of an id that tell one call from the others; `show` takes any unique beginning."""


@app.callback(invoke_without_command=True)
def calls(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many calls.")] = 20,
    origin: Annotated[
        CallOrigin, typer.Option(help="`browser`: the test calls of `talk` instead of the others.")
    ] = CallOrigin.PHONE,
) -> None:
    """The latest calls, newest first; `calls show ID` for everything about one."""
    if context.invoked_subcommand is None:
        print_calls(asyncio.run(_recent(limit, origin)))


@app.command()
def show(
    call_id: Annotated[str, typer.Argument(help="The call's id, or the beginning of it.")],
) -> None:
    """Record, facts, dialogue and events of one call."""
    print_call(asyncio.run(_show(call_id)))


@app.command("stop-all")
def stop_all(
    reason: Annotated[str, typer.Option(help="Why; it is shown to whoever asks.")] = "by hand",
    resume: Annotated[
        bool, typer.Option("--resume", help="Let calls go out again, paused trunks included.")
    ] = False,
) -> None:
    """The kill switch: no call goes out any more, and those that we placed are ended.

    Phones that ring fall silent at once; who talks to the agent hears a goodbye first. What waits
    to be called goes on waiting. Calls that customers make to us are not touched.
    """
    if resume:
        asyncio.run(_resume())
        console.print("dialling goes on")
        return
    ended = asyncio.run(_stop(settings(), reason))
    console.print(
        f"dialling is stopped; {ended.asked} calls said goodbye, {ended.cut} were cut. "
        "Go on: `python agent.py calls stop-all --resume`"
    )


def print_calls(records: list[CallRecord]) -> None:
    """A line for each call, its summary below it."""
    if not records:
        console.print("no calls yet")
        return
    columns = ("id", "time", "other side", "outcome", "s")
    below = [record.summary for record in records]
    print_table("", columns, map(_line, records), below=below)


def print_call(detail: CallDetail) -> None:
    """One call as tables: record, dialogue, events."""
    record = detail.record
    print_table(f"Call {record.id}", ("", ""), _record(detail))
    console.print()
    start = record.answered_at or record.created_at
    turns = [_turn(turn, start) for turn in detail.turns]
    print_table("Dialogue", ("at", "who", "heard after", "what was heard"), turns)
    console.print()
    events = [(_since(event.at, start), event.kind, event.source) for event in detail.events]
    details = [_detail(event) for event in detail.events]
    print_table("Events", ("at", "event", "source"), events, below=details)


async def _stop(current: Settings, reason: str) -> "Stopped":
    from agent.dialer.kill_switch import stop_dialling  # brings LiveKit's client
    from agent.store.dialings import DialingStore
    from agent.telephony.livekit_api import client

    async with database() as opened, client(current, failover=False) as livekit:
        return await stop_dialling(
            KillSwitchStore(opened),
            DialingStore(opened),
            livekit,
            current.livekit_api_secret or "",
            reason,
        )


async def _resume() -> None:
    async with database() as opened:
        await KillSwitchStore(opened).resume()


async def _recent(limit: int, origin: CallOrigin) -> list[CallRecord]:
    async with database() as opened:
        return await CallStore(opened).recent(limit, origin=origin)


async def _show(call_id: str) -> CallDetail:
    async with database() as opened:
        return await CallStore(opened).show(call_id)


def _line(record: CallRecord) -> tuple[object, ...]:
    outbound = record.direction is Direction.OUTBOUND
    other = record.to_number if outbound else record.from_number
    return (
        str(record.id)[:SHORT_ID],
        f"{_local(record.created_at):%d %b %H:%M}",
        f"{'→' if outbound else '←'} {other}",
        _outcome(record) or record.state,
        None if record.duration_s is None else round(record.duration_s),
    )


def _record(detail: CallDetail) -> Iterator[tuple[str, object]]:
    """What is known of the call, a line a fact; what is not known is left out."""
    record, facts = detail.record, detail.record.facts
    lines = (
        ("direction", record.direction),
        ("origin", "a test call from the browser" if record.origin is CallOrigin.BROWSER else None),
        ("from → to", f"{record.from_number} → {record.to_number}"),
        ("customer", record.customer_id),
        ("playbook", f"{record.playbook} ({record.language})" if record.playbook else None),
        ("room", record.room_name),
        ("status", record.state),
        ("outcome", _outcome(record)),
        ("evidence", ", ".join(event.kind for event in _evidence(record))),
        ("created", _when(record.created_at)),
        ("answered", _when(record.answered_at)),
        ("disclosed", _when(record.disclosed_at)),
        ("ended", _when(record.ended_at)),
        ("carrier", _carrier(record)),
        ("duration", None if record.duration_s is None else f"{record.duration_s:g} s"),
        *((f"answer: {question}", value) for question, value in facts.answers.items()),
        ("appointment", _when(facts.appointment_at)),
        ("appointment note", detail.appointment.note if detail.appointment else None),
        ("callback", _when(facts.callback_at)),
        ("summary", record.summary),
        ("recording", record.recording),
    )
    return ((name, value) for name, value in lines if value not in (None, ""))


def _carrier(record: CallRecord) -> str | None:
    """The carrier's account: how it ended there, how it sounded, what it cost."""
    carrier = record.carrier
    told = (
        carrier.hangup_cause,
        f"by the {carrier.hangup_source}" if carrier.hangup_source else None,
        f"SIP {carrier.sip_code}" if carrier.sip_code else None,
        f"MOS {carrier.mos:.2f}" if carrier.mos is not None else None,
        f"jitter {carrier.jitter:g}" if carrier.jitter is not None else None,
        f"{carrier.bill.micros / 1e6:.4f} {carrier.bill.currency}" if carrier.bill else None,
    )
    return ", ".join(part for part in told if part) or None


def _turn(turn: CallTurn, start: datetime) -> tuple[object, ...]:
    latency = "" if turn.heard_latency is None else f"{turn.heard_latency:.2f} s"
    cut = " (interrupted)" if turn.interrupted else ""
    return _since(turn.started_at, start), turn.speaker, latency, f"{turn.text}{cut}"


def _detail(event: CallEvent) -> str:
    return ", ".join(f"{key}={value}" for key, value in event.detail.items())


def _outcome(record: CallRecord) -> str:
    if record.outcome is None:
        return ""
    reason = f" ({record.outcome.reason})" if record.outcome.reason else ""
    return f"{record.outcome.disposition}{reason}"


def _evidence(record: CallRecord) -> tuple[CallEvent, ...]:
    return record.outcome.evidence if record.outcome else ()


def _when(at: datetime | None) -> str | None:
    return None if at is None else f"{_local(at):%a %d %b %Y %H:%M:%S %Z}"


def _local(at: datetime) -> datetime:
    """In the zone of whoever reads it."""
    return at.astimezone()


def _since(at: datetime, start: datetime) -> str:
    return f"{(at - start).total_seconds():+.1f} s"
