"""Takes in one webhook: is it really from its sender, what does it tell, is it kept?"""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from agent.domain.calls import Source
from agent.domain.webhooks import (
    Delivery,
    RefusedWebhook,
    RejectReason,
    carrier_delivery,
    room_delivery,
)
from agent.store.webhook_inbox import KeptWebhook, WebhookInbox
from agent.telephony.livekit_webhooks import LiveKitSignatures, read_livekit
from agent.telephony.telnyx_signatures import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    TelnyxSignatures,
)
from agent.telephony.telnyx_webhooks import read_telnyx

log = structlog.get_logger(__name__)


class WebhookReceiver:
    """One for each process. Both methods return when the webhook is durable.

    They raise RefusedWebhook (nothing of it has any effect) and Unavailable (send it again).
    `headers` have lower-case names; one that came twice is left out of them.
    """

    def __init__(
        self,
        telnyx: TelnyxSignatures,
        livekit: LiveKitSignatures,
        inbox: WebhookInbox,
        now: Callable[[], datetime],
    ) -> None:
        self._telnyx = telnyx
        self._livekit = livekit
        self._inbox = inbox
        self._now = now

    async def take_telnyx(self, body: bytes, headers: Mapping[str, str]) -> None:
        """A delivery of Telnyx."""
        signed = {
            name: headers[name] for name in (SIGNATURE_HEADER, TIMESTAMP_HEADER) if name in headers
        }
        self._believe(Source.TELNYX, lambda: self._telnyx.verify(body, signed))
        received_at = self._now()
        await self._keep(
            Source.TELNYX,
            body,
            signed,
            received_at,
            lambda: carrier_delivery(read_telnyx(body, received_at=received_at)),
        )

    async def take_livekit(self, body: bytes, headers: Mapping[str, str]) -> None:
        """A delivery of LiveKit. Its token is not kept: it stays valid for minutes."""
        token = headers.get("authorization")
        self._believe(Source.LIVEKIT, lambda: self._livekit.verify(body, token))
        received_at = self._now()
        await self._keep(
            Source.LIVEKIT,
            body,
            {},
            received_at,
            lambda: room_delivery(read_livekit(body, received_at=received_at)),
        )

    def _believe(self, source: Source, verify: Callable[[], None]) -> None:
        try:
            verify()
        except RefusedWebhook as error:
            self._inbox.count_refusal(source, error.reason)
            raise

    async def _keep(
        self,
        source: Source,
        body: bytes,
        headers: Mapping[str, str],
        received_at: datetime,
        read: Callable[[], Delivery],
    ) -> None:
        """Keep also what was signed and cannot be read: a person should look at that."""
        unreadable: RefusedWebhook | None = None
        delivery: Delivery | None = None
        try:
            delivery = read()
        except RefusedWebhook as error:
            unreadable = error
            log.warning("webhook_unreadable", source=source)
        await self._inbox.keep(KeptWebhook(source, body, headers, received_at, delivery))
        if unreadable is not None:
            self._inbox.count_refusal(source, RejectReason.UNREADABLE)
            raise unreadable
