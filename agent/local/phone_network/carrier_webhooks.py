"""Telnyx's webhooks about the calls of the phone network, as faultily as a test wants them."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Self

import aiohttp
from pydantic import JsonValue

from agent.errors import Unavailable
from agent.local.phone_network.behaviours import (
    Behaviour,
    CredentialsRefused,
    NoSuchCarrier,
    Refuses,
)
from agent.local.phone_network.control_models import WebhookPlan
from agent.local.phones.phone import EndOfCall, Phone
from agent.local.telnyx.events import Hangup, TelnyxAccount, TelnyxLeg, body_of

log = logging.getLogger(__name__)

TELNYX_RETRIES = (60.0, 300.0, 900.0, 3600.0)
"""Seconds between Telnyx's own tries, as far as is known."""
_RETRIES = (1.0, 3.0, 10.0, 30.0, 60.0)
"""Those of the stand-in: nobody waits for an hour here."""
_ANSWER_SECONDS = 2.0
_SHUFFLED_SECONDS = 3.0
_DAY = 86400.0
_BY_SIP_CODE = {
    404: "not_found",
    480: "no_answer",
    486: "user_busy",
    600: "user_busy",
    603: "call_rejected",
}
_REFUSED_BY_CARRIER = (403, 503)
"""Its own limits and permissions: such a call never was one."""


class TelnyxWebhooks:
    """Posts to `plan.url`; nothing without one. Use as `async with`."""

    def __init__(
        self,
        url: str | None = None,
        *,
        rng: Random | None = None,
        retries: Sequence[float] = _RETRIES,
    ) -> None:
        """`retries`: seconds before each further try to deliver what nobody took."""
        self.plan = WebhookPlan(url=url)
        self.account = TelnyxAccount()
        self.delivered = 0
        """Deliveries that were answered with 2xx."""
        self._retries = retries
        self._rng = rng or Random()  # noqa: S311  which webhook is lost is no secret
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def follows(self, behaviour: Behaviour) -> bool:
        """Whether the carrier takes such a call of ours at all."""
        if isinstance(behaviour, Refuses):
            return behaviour.code not in _REFUSED_BY_CARRIER
        return not isinstance(behaviour, NoSuchCarrier | CredentialsRefused)

    async def follow(self, phone: Phone, leg: TelnyxLeg) -> None:
        """Tell of one call, from its beginning to its bill."""
        self.tell(leg.initiated())
        answered: datetime | None = None
        try:
            await phone.wait_active(_DAY)
            answered = datetime.now(UTC)
            self.tell(leg.answered(answered))
        except Unavailable:
            pass  # nobody picked up: there is only an end to tell
        end = await phone.wait_ended(None)
        now = datetime.now(UTC)
        seconds = (now - answered).total_seconds() if answered else None
        self.tell(leg.hung_up(now, _hangup(leg, end, seconds is not None), seconds=seconds))
        if seconds is not None:
            self.tell(leg.cost(now, seconds))

    def tell(self, event: dict[str, JsonValue]) -> None:
        """Deliver the event by the plan; again, later, where nobody takes it."""
        plan = self.plan
        if plan.url is None or self._rng.random() < plan.lose:
            return
        for _ in range(plan.copies):
            wait = plan.delay
            if plan.shuffle:
                wait += self._rng.uniform(0, _SHUFFLED_SECONDS)
            self._own(self._deliver(event, plan.url, wait))

    async def _deliver(self, event: dict[str, JsonValue], url: str, wait: float) -> None:
        for attempt, pause in enumerate((wait, *self._retries), start=1):
            await asyncio.sleep(pause)
            if await self._post(body_of(event, url, attempt), url):
                self.delivered += 1
                return
        log.warning("telnyx_webhook_given_up")

    async def _post(self, body: bytes, url: str) -> bool:
        assert self._session is not None
        headers = self.account.headers(body, datetime.now(UTC))
        try:
            async with self._session.post(url, data=body, headers=headers) as answer:
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False

    def _own(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="telnyx webhook")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _hangup(leg: TelnyxLeg, end: EndOfCall, answered: bool) -> Hangup:
    """Telnyx's words for an end. In its view, who dialled is the caller."""
    customer, ours = ("callee", "caller") if leg.outbound else ("caller", "callee")
    source = customer if end.by == "us" else ours
    if answered:
        return Hangup("normal_clearing", source, 200)
    if end.reason.startswith("refused_"):
        code = int(end.reason.removeprefix("refused_"))
        return Hangup(_BY_SIP_CODE.get(code, "unspecified"), customer, code)
    if leg.outbound and end.reason == "hung_up":  # the callee pressed it away
        return Hangup("call_rejected", customer, 603)
    # It rang out, or the caller gave up: whoever dialled has cancelled.
    return Hangup("originator_cancel", "caller", 487)
