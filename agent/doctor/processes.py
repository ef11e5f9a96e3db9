"""Our own processes by their heartbeats, and what keeps calls from going out."""

from collections.abc import Sequence
from datetime import datetime

from agent.doctor.findings import Finding, error, ok, warning
from agent.store.heartbeats import Process, ProcessKind
from agent.store.kill_switch import Switch
from agent.store.trunks import Trunk

_RESUME = "python agent.py calls stop-all --resume"


def judge_workers(processes: Sequence[Process], agent_name: str) -> list[Finding]:
    """Who answers calls."""
    workers = [each for each in processes if each.kind is ProcessKind.WORKER]
    if not workers:
        says = "no worker is running: callers hear ringing until they give up"
        return [error("no_worker", says, "python agent.py start (or dev, on a laptop)")]
    names = {str(each.detail.get("agent", agent_name)) for each in workers}
    if agent_name not in names:
        says = f"workers run as {', '.join(sorted(names))}; AGENT_NAME is {agent_name}"
        return [error("worker_of_other_name", says, "start them with the same AGENT_NAME")]
    ours = [each for each in workers if each.detail.get("agent", agent_name) == agent_name]
    free = sum(int(each.detail.get("free", 0)) for each in ours)
    if free == 0:
        says = f"{_count(len(ours), 'worker')}, no free place: the next caller hears ringing"
        return [warning("workers_full", says, "more workers, or a higher MAX_CONCURRENT_CALLS")]
    return [ok("workers", f"{_count(len(ours), 'worker')}, {_count(free, 'free place')}")]


def judge_others(processes: Sequence[Process]) -> list[Finding]:
    """Dialler and API; calls come in without them."""
    kinds = {each.kind for each in processes}
    found: list[Finding] = []
    if ProcessKind.DIALER not in kinds:
        says = "no dialler is running: nobody is called"
        found.append(warning("no_dialler", says, "python agent.py dialer"))
    if ProcessKind.API not in kinds:
        says = "no API is running: no requests and no webhooks are taken in"
        found.append(warning("no_api", says, "python agent.py api"))
    return found or [ok("dialler_and_api", "dialler and API")]


def judge_dialling(switch: Switch, trunks: Sequence[Trunk], now: datetime) -> list[Finding]:
    """The kill switch, and pauses after the carrier refused us."""
    found: list[Finding] = []
    if switch.stopped:
        since = f"{switch.since.astimezone():%d %b %H:%M}"
        says = f"dialling is stopped since {since} ({switch.reason or 'no reason given'})"
        found.append(warning("dialling_stopped", says, _RESUME))
    for trunk in trunks:
        if trunk.paused_until is None or trunk.paused_until <= now:
            continue
        until = f"{trunk.paused_until.astimezone():%d %b %H:%M}"
        reason = trunk.pause_reason or ""
        judge = error if reason == "TrunkMisconfigured" else warning
        says = f"calls out by {trunk.name!r} pause until {until}: {_REASONS.get(reason, reason)}"
        remedy = f"{_REMEDIES.get(reason, 'wait')}; then {_RESUME}"
        found.append(judge("trunk_paused", says, remedy))
    return found or [ok("dialling", "calls may go out")]


_REASONS = {
    "TrunkMisconfigured": "the carrier refuses us (credentials or permissions)",
    "TrunkBusy": "the carrier's channel or rate limit",
    "TrunkDown": "the carrier does not answer",
}
_REMEDIES = {
    "TrunkMisconfigured": "correct TELNYX_SIP_USERNAME, …_PASSWORD and the outbound voice profile",
    "TrunkBusy": "wait, or lower TRUNK_CALLS_PER_SECOND",
    "TrunkDown": "check the outbound trunk's address",
}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
