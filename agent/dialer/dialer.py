"""From an attempt to an agent that is asked to place its call.

claim -> gate -> the call is recorded -> agent dispatched. Each step leaves a state in Postgres
from which the next dialer, or the reaper, goes on; so this may be killed anywhere.
"""

import asyncio
import contextlib

import structlog

from agent.dialer.parts import DialerParts
from agent.domain import outbound_events
from agent.domain.attempts import Attempt, AttemptOutcome, DialingState, next_try
from agent.domain.calls import Source
from agent.domain.contactability import Decision, Denial, Rule, may_call
from agent.domain.dispositions import Reason
from agent.errors import DatabaseUnavailable, LiveKitUnavailable, PlaybookError, RoomInUse
from agent.playbook.model import Playbook
from agent.store.dialings import Again
from agent.store.heartbeats import LIVE_SECONDS
from agent.telephony.dispatch import JobMetadata, send_agent

log = structlog.get_logger(__name__)

_POLL_SECONDS = 1.0
"""Poll for what nothing announces: freed capacity, attempts that became due."""
_DATABASE_AWAY_SECONDS = 2.0
_NUMBER_BUSY_SECONDS = 10.0


class Dialer:
    """Places the calls that are due, as far as agents are free. `run` until cancelled."""

    def __init__(self, parts: DialerParts) -> None:
        self._parts = parts
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something was queued: look now."""
        self._wake.set()

    async def run(self) -> None:
        """Claim and place, again and again; a database that is away is waited for."""
        while True:
            pause = _POLL_SECONDS
            self._wake.clear()
            try:
                if await self._round():
                    continue
            except DatabaseUnavailable:
                log.warning("dialler_waits_for_database")
                pause = _DATABASE_AWAY_SECONDS
            except Exception as error:  # noqa: BLE001  # the loop must not die; the reaper tidies up
                log.error("dialler_round_failed", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _round(self) -> bool:
        """Place what is due and has an agent; False: nothing was."""
        parts = self._parts
        free = await parts.dialings.free_capacity(parts.agent_name, LIVE_SECONDS)
        claimed = await parts.attempts.claim(parts.id, min(free, parts.max_batch), parts.trunk)
        placed = await asyncio.gather(*map(self._place, claimed), return_exceptions=True)
        for attempt, result in zip(claimed, placed, strict=True):
            if isinstance(result, BaseException):
                # The reaper finds the attempt as it was left.
                log.error(
                    "attempt_not_placed", attempt_id=str(attempt.id), error=type(result).__name__
                )
        return bool(claimed)

    async def _place(self, attempt: Attempt) -> None:
        parts = self._parts
        decision, playbook = await self._ask_gate(attempt)
        if not await parts.attempts.record_gate(attempt.id, parts.id, decision, parts.now()):
            log.warning("claim_lost", attempt_id=str(attempt.id))
            return
        if playbook is None or not decision.allowed:
            rules = ",".join(denial.rule for denial in decision.denials)
            await parts.attempts.end(attempt.id, parts.id, AttemptOutcome.REFUSED, rules)
            log.info("attempt_refused", attempt_id=str(attempt.id), rules=rules)
            return
        created = outbound_events.created(
            attempt,
            parts.now(),
            our_number=parts.our_number,
            playbook=playbook.name,
            language=playbook.language,
            required_questions=playbook.required_questions,
        )
        if not await parts.dialings.dispatch(attempt, parts.id, parts.trunk, created):
            await parts.attempts.requeue(
                attempt.id,
                after=_NUMBER_BUSY_SECONDS,
                call_id=attempt.call_id,
                why="number_is_being_called",
                claimed_by=parts.id,
            )
            return
        await self._send_agent(attempt)

    async def _ask_gate(self, attempt: Attempt) -> tuple[Decision, Playbook | None]:
        parts = self._parts
        facts = await parts.attempts.contact_facts(attempt.request.number, parts.now())
        decision = may_call(attempt.request.number, facts, parts.rules)
        try:
            return decision, parts.playbook(attempt.request.playbook)
        except PlaybookError as error:
            denial = Denial(Rule.PLAYBOOK, str(error))
            return Decision((*decision.denials, denial)), None

    async def _send_agent(self, attempt: Attempt) -> None:
        parts = self._parts
        metadata = JobMetadata(attempt.call_id, parts.trunk_id)
        try:
            await send_agent(parts.livekit, parts.agent_name, attempt.room_name, metadata)
        except RoomInUse:
            event = outbound_events.not_connected(
                attempt.call_id, parts.now(), Source.DIALER, Reason.NOT_ALLOWED
            )
            # LiveKit's word may come late: where a job has begun, the call is its own.
            await parts.dialings.refuse(
                attempt.call_id, [event], Rule.ROOM_IN_USE, only_if=DialingState.DISPATCHED
            )
            log.info("attempt_refused", attempt_id=str(attempt.id), rules=Rule.ROOM_IN_USE)
        except LiveKitUnavailable:
            await self._requeue(attempt)
        else:
            log.info("agent_asked_for", attempt_id=str(attempt.id), call_id=str(attempt.call_id))

    async def _requeue(self, attempt: Attempt) -> None:
        parts = self._parts
        now = parts.now()
        event = outbound_events.not_connected(attempt.call_id, now, Source.DIALER, Reason.NO_AGENT)
        due = next_try(attempt.tries + 1, now, parts.rng)
        again = Again((due - now).total_seconds(), parts.new_id()) if due else None
        # An order that was not confirmed may have reached an agent all the same.
        await parts.dialings.give_back(
            attempt.call_id, [event], Reason.NO_AGENT, again, only_if=DialingState.DISPATCHED
        )
        log.warning("livekit_away_attempt_given_back", attempt_id=str(attempt.id))
