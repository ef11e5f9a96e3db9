"""Telnyx's portal through its REST API, by the official SDK: what it has, and changing one part.

    async with Portal(key) as portal:
        plan = plan_portal(await portal.read(wanted.phone_number), wanted)
        await apply_portal(portal, plan, wanted, on_step=show)

Every method raises PortalError (a person must change something) or TelnyxUnavailable. The SDK costs
seconds to import: it is, in a thread, when the block is entered. Never log its messages: they hold
what was asked, credentials too.
"""

import asyncio
import importlib
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from agent.provisioning.telnyx import sdk as telnyx_sdk
from agent.provisioning.telnyx.fields import body
from agent.provisioning.telnyx.parts import (
    ActualPart,
    AnyPart,
    Balance,
    Connection,
    Delivery,
    Fqdn,
    Number,
    PortalState,
    Profile,
)
from agent.provisioning.telnyx.requests import Requests

if TYPE_CHECKING:
    from telnyx import AsyncTelnyx

TELNYX_API = "https://api.telnyx.com/v2"
_RESOURCES = (
    *("outbound_voice_profiles", "fqdn_connections", "fqdns", "phone_numbers"),
    *("webhook_deliveries", "balance"),
)
PAGE_SIZE = 250
"""The most that Telnyx gives at a time."""


class Portal:
    """One account. `patience_seconds`: how long one request may take, waiting for 429s included."""

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = TELNYX_API,
        patience_seconds: float = 60.0,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._page_size = page_size
        self._requests = Requests(patience_seconds)
        self._client: AsyncTelnyx | None = None

    async def __aenter__(self) -> Self:
        self._client = await asyncio.to_thread(self._load)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _load(self) -> "AsyncTelnyx":
        sdk = importlib.import_module("telnyx")
        # Retries are ours: the SDK would repeat a POST that may have been carried out.
        client: AsyncTelnyx = sdk.AsyncTelnyx(
            api_key=self._api_key, base_url=self._base_url, max_retries=0
        )
        for name in _RESOURCES:
            getattr(client, name)  # imports it: not while the first request's time runs
        return client

    @property
    def _telnyx(self) -> "AsyncTelnyx":
        assert self._client is not None, "use it as `async with Portal(…) as portal`"
        return self._client

    async def read(self, phone_number: str) -> PortalState:
        """Everything of the account that has to do with us, and our number if it has it."""
        return PortalState(
            profiles=await self.profiles(),
            connections=await self.connections(),
            fqdns=await self.fqdns(),
            number=await self.number(phone_number),
        )

    async def profiles(self) -> tuple[ActualPart[Profile], ...]:
        """All outbound voice profiles, oldest first."""
        found = await self._requests.list_all(
            "read the outbound voice profiles",
            lambda: self._telnyx.outbound_voice_profiles.list(
                page_size=self._page_size, sort="created_at"
            ),
        )
        return tuple(
            ActualPart(telnyx_sdk.known_id(one.id), telnyx_sdk.profile(one)) for one in found
        )

    async def connections(self) -> tuple[ActualPart[Connection], ...]:
        """All FQDN connections, oldest first."""
        found = await self._requests.list_all(
            "read the FQDN connections",
            lambda: self._telnyx.fqdn_connections.list(
                page_size=self._page_size, sort="created_at"
            ),
        )
        return tuple(
            ActualPart(telnyx_sdk.known_id(one.id), telnyx_sdk.connection(one)) for one in found
        )

    async def fqdns(self) -> tuple[ActualPart[Fqdn], ...]:
        """All FQDNs of all connections."""
        found = await self._requests.list_all(
            "read the FQDNs", lambda: self._telnyx.fqdns.list(page_size=self._page_size)
        )
        return tuple(ActualPart(telnyx_sdk.known_id(one.id), telnyx_sdk.fqdn(one)) for one in found)

    async def number(self, phone_number: str) -> ActualPart[Number] | None:
        """The account's number `phone_number` (E.164); None if it has not got it."""
        # The filter finds parts of numbers, and nothing at all where there is a sign in it.
        digits = phone_number.removeprefix("+")
        found = await self._requests.list_all(
            "read the phone numbers",
            lambda: self._telnyx.phone_numbers.list(
                filter={"phone_number": digits}, page_size=self._page_size
            ),
        )
        for one in found:
            if one.phone_number == phone_number:
                part = Number(one.phone_number, one.connection_id or None)
                return ActualPart(one.id, part, remark=one.status)
        return None

    async def failed_deliveries(self, since: datetime) -> tuple[Delivery, ...]:
        """Webhooks that Telnyx could not deliver since then, of all the account's connections."""
        found = await self._requests.list_all(
            "read the webhook deliveries",
            lambda: self._telnyx.webhook_deliveries.list(
                filter={"status": {"eq": "failed"}, "started_at": {"gte": since.isoformat()}},
                page_size=self._page_size,
            ),
        )
        return tuple(telnyx_sdk.delivery(one) for one in found)

    async def balance(self) -> Balance | None:
        """The account's money; None if Telnyx does not say."""
        answer = await self._requests.ask(
            "read the balance", self._telnyx.balance.retrieve, repeat=True
        )
        available = telnyx_sdk.amount(answer.data.available_credit) if answer.data else None
        if answer.data is None or available is None:
            return None
        return Balance(available, answer.data.currency or "")

    async def create(self, part: Profile | Connection | Fqdn, secret: str = "") -> str:
        """Create it; its id. `secret` is a connection's password."""
        match part:
            case Profile():
                return await self._create_profile(part)
            case Connection():
                return await self._create_connection(part, secret)
            case Fqdn():
                return await self._create_fqdn(part)

    async def change(
        self,
        id: str,
        part: AnyPart,
        only: frozenset[str],
        secret: str = "",
    ) -> None:
        """Set those fields of it (by their place in Telnyx's JSON)."""
        # Username and password are no arguments of the SDK's methods, though both guides send them.
        extra = body(part, only)
        if secret:
            extra["password"] = secret
        telnyx = self._telnyx
        match part:
            case Profile():
                # Telnyx wants the name in every change of a profile.
                await self._requests.ask(
                    "change the outbound voice profile",
                    lambda: telnyx.outbound_voice_profiles.update(
                        id, name=part.name, extra_body=extra
                    ),
                )
            case Connection():
                await self._requests.ask(
                    "change the FQDN connection",
                    lambda: telnyx.fqdn_connections.update(id, extra_body=extra),
                )
            case Fqdn():
                await self._requests.ask(
                    "change the FQDN", lambda: telnyx.fqdns.update(id, extra_body=extra)
                )
            case Number():
                await self._requests.ask(
                    "assign the phone number",
                    lambda: telnyx.phone_numbers.update(id, extra_body=extra),
                )

    async def _create_profile(self, part: Profile) -> str:
        answer = await self._requests.ask(
            "create the outbound voice profile",
            lambda: self._telnyx.outbound_voice_profiles.create(
                name=part.name, extra_body=body(part)
            ),
        )
        return telnyx_sdk.known_id(answer.data.id if answer.data else None)

    async def _create_connection(self, part: Connection, secret: str) -> str:
        extra = {**body(part), "password": secret}
        answer = await self._requests.ask(
            "create the FQDN connection",
            lambda: self._telnyx.fqdn_connections.create(
                connection_name=part.connection_name, extra_body=extra
            ),
        )
        return telnyx_sdk.known_id(answer.data.id if answer.data else None)

    async def _create_fqdn(self, part: Fqdn) -> str:
        assert part.connection_id is not None
        connection_id = part.connection_id
        answer = await self._requests.ask(
            "create the FQDN",
            lambda: self._telnyx.fqdns.create(
                connection_id=connection_id,
                dns_record_type=part.dns_record_type or "a",
                fqdn=part.fqdn,
                port=part.port,
            ),
        )
        return telnyx_sdk.known_id(answer.data.id if answer.data else None)
