"""One call that we place: from the INVITE to the end, as the carrier and the person make it go."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from livekit import rtc

from agent.local.phone_network import answers
from agent.local.phone_network.answers import TwirpAnswer
from agent.local.phone_network.behaviours import (
    Answers,
    Behaviour,
    CredentialsRefused,
    Handler,
    NeverAnswers,
    NoSuchCarrier,
    Refuses,
)
from agent.local.phone_network.identifiers import answered_dialog
from agent.local.phones.phone import CallStatus, EndOfCall, Phone

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds, as recorded from livekit-sip; `scale` makes the long ones shorter for tests."""

    scale: float = 1.0
    post_dial: float = 0.1
    """From the INVITE to the carrier's first word: others in the room see `dialing`."""

    @property
    def dead_carrier(self) -> float:
        """Until an INVITE to which nothing comes back is given up."""
        return 32.0 * self.scale

    @property
    def ringing(self) -> float:
        """Of a request that does not say how long it may ring."""
        return 180.0 * self.scale

    def transfer(self, asked: float | None) -> float:
        """For a transfer's target; livekit-api's own client always asks for 30 s."""
        return (asked or 30.0) * self.scale


@dataclass(frozen=True, slots=True)
class Terms:
    """What the request and the trunk say about the call."""

    ringing_timeout: float
    max_call_duration: float
    trunk_has_credentials: bool
    dtmf: str
    telnyx: Mapping[str, str]
    """Telnyx's ids, which appear in the attributes with the answer."""


class Callee:
    """Runs once, for a phone that is in its room with the status `dialing`."""

    def __init__(self, phone: Phone, behaviour: Behaviour, terms: Terms, waits: Waits) -> None:
        self.phone = phone
        self.answer: asyncio.Future[TwirpAnswer | None] = asyncio.get_running_loop().create_future()
        """None: answered by the person. Otherwise the error of CreateSIPParticipant."""
        self._behaviour = behaviour
        self._terms = terms
        self._waits = waits

    async def run(self) -> None:
        """The whole call; the network owns the task."""
        deadline = asyncio.get_running_loop().time() + self._terms.max_call_duration
        try:
            failed = await self._dial()
            self.answer.set_result(failed)
            if failed is None:
                handler = self._behaviour.handler if isinstance(self._behaviour, Answers) else None
                await talk(self.phone, handler, deadline)
        finally:
            if not self.answer.done():
                self.answer.cancel()

    async def _dial(self) -> TwirpAnswer | None:
        behaviour = self._behaviour
        await ended_within(self.phone, self._waits.post_dial)
        unavailable = rtc.DisconnectReason.USER_UNAVAILABLE
        match behaviour:
            case NoSuchCarrier():
                limit = min(self._waits.dead_carrier, self._terms.max_call_duration)
                return await self._wait_then_leave(
                    limit, EndOfCall("us", "no_carrier"), unavailable, answers.NO_CARRIER
                )
            case CredentialsRefused():
                answer = (
                    answers.CREDENTIALS_REFUSED
                    if self._terms.trunk_has_credentials
                    else answers.CREDENTIALS_MISSING
                )
                return await self._wait_then_leave(
                    0,
                    EndOfCall("us", "credentials_refused"),
                    rtc.DisconnectReason.CLIENT_INITIATED,
                    answer,
                )
            case Refuses() if behaviour.after < self._ringing_limit:
                await self._ring(behaviour.after > 0)
                return await self._wait_then_leave(
                    behaviour.after,
                    EndOfCall("us", f"refused_{behaviour.code}"),
                    answers.leaves_as(behaviour.code),
                    answers.refused(behaviour.code, behaviour.words),
                )
            case Answers() if behaviour.after < self._ringing_limit:
                await self._ring(behaviour.rings)
                return await self._pick_up(behaviour.after)
            case Answers() | Refuses() | NeverAnswers():
                await self._ring(True)
                return await self._wait_then_leave(
                    self._ringing_limit,
                    EndOfCall("us", "rang_out"),
                    unavailable,
                    answers.RANG_OUT,
                )

    @property
    def _ringing_limit(self) -> float:
        return min(self._terms.ringing_timeout, self._terms.max_call_duration)

    async def _ring(self, rings: bool) -> None:
        if rings:
            await self.phone.become(CallStatus.RINGING)

    async def _pick_up(self, after: float) -> TwirpAnswer | None:
        if await ended_within(self.phone, after):
            return answers.RANG_OUT
        dialog: Mapping[str, str] = {
            **answered_dialog(),
            **self._terms.telnyx,
        }
        await self.phone.update(dialog)
        if self._terms.dtmf:
            await self.phone.become(CallStatus.AUTOMATION)
            await ended_within(self.phone, 0.24 * len(self._terms.dtmf))
        await self.phone.become(CallStatus.ACTIVE)
        return answers.RANG_OUT if self.phone.answered_at is None else None

    async def _wait_then_leave(
        self,
        seconds: float,
        end: EndOfCall,
        reason: "rtc.DisconnectReason.ValueType",
        answer: TwirpAnswer,
    ) -> TwirpAnswer:
        if await ended_within(self.phone, seconds):
            # The room was deleted, or we were removed from it: livekit-sip's words for that too.
            return answers.RANG_OUT
        await self.phone.leave(end, reason=reason)
        return answer


async def talk(phone: Phone, handler: Handler | None, deadline: float) -> None:
    """The person's part of an answered call, cut at `deadline` (the loop's clock)."""
    person = asyncio.create_task(_person(phone, handler), name=f"person {phone.call_id}")
    try:
        remaining = deadline - asyncio.get_running_loop().time()
        if not await ended_within(phone, remaining):
            await phone.leave(EndOfCall("us", "too_long"), hangup=True)
    finally:
        person.cancel()
        await asyncio.gather(person, return_exceptions=True)


async def ended_within(phone: Phone, seconds: float) -> bool:
    """Whether the call ended before `seconds` were over; returns as soon as it does."""
    try:
        await phone.wait_ended(max(seconds, 0))
    except TimeoutError:
        return False
    return True


async def _person(phone: Phone, handler: Handler | None) -> None:
    if handler is None:
        return
    try:
        await handler(phone)
    except Exception:  # a customer's bug must not leave the phone off the hook
        log.exception("person_on_the_phone_failed", extra={"sip_call_id": phone.call_id})
    await phone.hang_up()
