"""The doctor's last check, `--call`: one call end to end, simulated or to a real phone."""

from datetime import UTC, datetime
from uuid import uuid4

from agent.cli.call import ask_first, watch_attempt
from agent.cli.console import errors
from agent.cli.context import database, settings
from agent.doctor.checks import CALL_NEEDS
from agent.doctor.examination import Check, Report, make_last
from agent.doctor.findings import Finding, Group, error, ok, unchecked, warning
from agent.domain.attempts import AttemptOutcome, Basis, CallRequest, Origin
from agent.domain.dispositions import Disposition
from agent.domain.phone_numbers import PhoneNumber, parse
from agent.domain.record import CallRecord
from agent.local.scenarios.scenario import find_scenario
from agent.local.simulation import phone_network_url, simulate, unmet, wait_for_record
from agent.local.stack.state import read_state
from agent.settings import Settings
from agent.store.attempts import AttemptStore
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.wiring.outbound_calls import home_country

_SCENARIO = "hangs-up"
_SIMULATED_SECONDS = 90.0
_SETTING_UP_SECONDS = 120.0
_UNREACHED = {Disposition.NO_ANSWER, Disposition.BUSY, Disposition.DECLINED}


async def try_a_call(report: Report, number: str | None) -> Report:
    """The report with what became of the call; not tried when something it needs is broken.

    Without `number` a simulated caller dials in, where this checkout's stack runs.
    """

    async def look() -> list[Finding]:
        if number is not None:
            current = settings()
            return await _call_out(current, parse(number, country=home_country(current)))
        return await _call_in(settings())

    seconds = _SIMULATED_SECONDS
    if number is not None and report.failed(*CALL_NEEDS) is None:
        seconds = settings().max_call_minutes * 60 + _SETTING_UP_SECONDS
    return await make_last(Check("call", Group.CALL, look, CALL_NEEDS, seconds), report)


async def _call_in(current: Settings) -> list[Finding]:
    state = read_state()
    if state is None or state.environment.get("LIVEKIT_URL") != current.livekit_url:
        why = "no simulated caller reaches this LiveKit: --call with a number calls a real phone"
        return [unchecked("call", why)]
    scenario = find_scenario(_SCENARIO)
    errors.print("a simulated caller dials in …")
    network = phone_network_url(state.environment)
    made = await simulate(network, scenario, current.phone_number, lambda _event: None)
    async with Database(current.database_url or "") as opened:
        record = await wait_for_record(CallStore(opened), made.phone.room_name)
    problems = [*([made.result.problem] if made.result.problem else []), *unmet(scenario, record)]
    if problems or made.first_word_after is None:
        says = "; ".join(problems) or "the caller heard nothing"
        return [
            error("call", f"a simulated caller: {says}", f"python agent.py simulate {_SCENARIO}")
        ]
    first = f"first word {made.first_word_after:.1f} s after the answer"
    return [ok("call", f"a simulated caller was answered, {first}, and is on record")]


async def _call_out(current: Settings, number: PhoneNumber) -> list[Finding]:
    """Whoever runs this has asked to be called: that is the attempt's basis."""
    now = datetime.now(UTC)
    request = CallRequest(Origin.CLI, number, Basis.CALL_REQUESTED, now, customer_id="doctor")
    async with database() as opened:
        await ask_first(opened, current, number)
        store = AttemptStore(opened)
        attempt = await store.add(request, attempt_id=uuid4(), call_id=uuid4(), now=now)
        attempt = await watch_attempt(opened, attempt)
        if attempt.outcome is not AttemptOutcome.RANG:
            says = f"nobody was rung ({attempt.outcome}): {attempt.last_error or 'no reason given'}"
            return [error("call", says, "python agent.py doctor: what does it say of the trunk?")]
        return [_judge_record((await CallStore(opened).show(attempt.call_id)).record)]


def _judge_record(record: CallRecord) -> Finding:
    """What a call that rang came to."""
    shown = f"python agent.py calls show {str(record.id)[:8]}"
    outcome = record.outcome
    if outcome is None:
        return error("call", "the call has no outcome", shown)
    came_to = f"{outcome.disposition} {outcome.reason or ''}".strip()
    if outcome.disposition is Disposition.FAILED:
        return error("call", f"the call failed: {came_to}", shown)
    if outcome.disposition in _UNREACHED:
        return warning("call", f"the phone was reached, nobody talked: {came_to}", shown)
    return ok("call", f"the phone was answered: {came_to}")
