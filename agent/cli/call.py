"""`python agent.py call NUMBER`: have somebody called, and see what becomes of it."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer
from rich.markup import escape

from agent.cli.calls import print_calls
from agent.cli.console import console, errors
from agent.cli.context import database, settings
from agent.domain.attempts import Attempt, AttemptOutcome, AttemptState, Basis, CallRequest, Origin
from agent.domain.contactability import may_call
from agent.domain.phone_numbers import PhoneNumber, parse
from agent.errors import Refused, Unavailable
from agent.settings import Settings
from agent.store.attempts import AttemptStore
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.kill_switch import KillSwitchStore
from agent.telephony.dial import cli_form
from agent.telephony.livekit_api import client
from agent.telephony.trunks import find_outbound_trunk
from agent.wiring.outbound_calls import gate_rules, home_country, outbound_settings

app = typer.Typer()

_LOOK_SECONDS = 0.5
_TRUNK_ID = "${SIP_OUTBOUND_TRUNK_ID}"


@app.command()
def call(
    number: Annotated[str, typer.Argument(help="Whom to call, like +32479202020.")],
    basis: Annotated[Basis, typer.Option(help="Why we may call this person; it is stored.")],
    room: Annotated[str | None, typer.Option(help="The room's name; ours if not given.")] = None,
    customer: Annotated[str | None, typer.Option(help="Your own id of the customer.")] = None,
    playbook: Annotated[str | None, typer.Option(help="A file of prompts/playbooks.")] = None,
    print_config: Annotated[
        bool,
        typer.Option(
            "--print-config", help="Call nobody: print what `lk sip participant create` takes."
        ),
    ] = False,
) -> None:
    """Call one number and wait for what becomes of it. Ctrl-C leaves the call to itself."""
    current = settings()
    request = CallRequest(
        origin=Origin.CLI,
        number=parse(number, country=home_country(current)),
        basis=basis,
        due_at=datetime.now(UTC),
        customer_id=customer,
        room_name=room,
        playbook=playbook,
    )
    if print_config:
        console.print_json(data=asyncio.run(_config(current, request)))
        return
    raise SystemExit(asyncio.run(_call(current, request)))


async def _config(current: Settings, request: CallRequest) -> dict[str, object]:
    """The request of such a call, with the trunk's id where LiveKit can be asked."""
    trunk_id = _TRUNK_ID
    outbound = outbound_settings(current)
    if current.livekit_url and current.livekit_api_key and current.livekit_api_secret:
        async with client(current, failover=False) as livekit:
            trunk_id = await find_outbound_trunk(livekit, outbound.trunk)
    attempt = Attempt(
        id=uuid4(),
        created_at=request.due_at,
        request=request,
        call_id=uuid4(),
        state=AttemptState.QUEUED,
        due_at=request.due_at,
        tries=0,
    )
    return cli_form(outbound.dial(attempt, trunk_id))


async def _call(current: Settings, request: CallRequest) -> int:
    async with database() as opened:
        await ask_first(opened, current, request.number)
        store = AttemptStore(opened)
        attempt = await store.add(
            request, attempt_id=uuid4(), call_id=uuid4(), now=datetime.now(UTC)
        )
        errors.print(f"attempt {attempt.id}, call {attempt.call_id}")
        attempt = await watch_attempt(opened, attempt)
        if attempt.outcome is AttemptOutcome.RANG:
            print_calls([(await CallStore(opened).show(attempt.call_id)).record])
            return 0
        why = str(attempt.gate) if attempt.gate and not attempt.gate.allowed else attempt.last_error
        errors.print(f"[bold red]{attempt.outcome}:[/] {escape(why or '')}")
        return 1


async def ask_first(opened: Database, current: Settings, number: PhoneNumber) -> None:
    """Refuse now, in words, what would be refused anyway. Raises Refused, Unavailable."""
    facts = await AttemptStore(opened).contact_facts(number, datetime.now(UTC))
    decision = may_call(number, facts, gate_rules(current))
    if not decision.allowed:
        raise Refused(str(decision))
    if problems := await KillSwitchStore(opened).why_no_dialling():
        raise Unavailable(f"nobody would place this call: {'; '.join(problems)}")


async def watch_attempt(opened: Database, attempt: Attempt) -> Attempt:
    """Until it is over; every change is shown."""
    store, calls = AttemptStore(opened), CallStore(opened)
    began, shown = time.monotonic(), ""
    while True:
        attempt = await store.show(attempt.id)
        now = await _state(calls, attempt)
        if now != shown:
            errors.print(f"{time.monotonic() - began:6.1f} s  {now}")
            shown = now
        if attempt.state is AttemptState.DONE:
            return attempt
        await asyncio.sleep(_LOOK_SECONDS)


async def _state(calls: CallStore, attempt: Attempt) -> str:
    if attempt.state is AttemptState.QUEUED and attempt.last_error:
        return f"tried again at {attempt.due_at.astimezone():%H:%M:%S}: {attempt.last_error}"
    try:
        return (await calls.show(attempt.call_id)).record.state
    except Refused:
        return attempt.state
