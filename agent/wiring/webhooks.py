"""Taking webhooks in, put together: signatures, the inbox and what follows from it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial

from agent.api.webhook_receiver import WebhookReceiver
from agent.settings import Settings
from agent.store.database import Database
from agent.store.webhook_inbox import WebhookInbox
from agent.store.webhook_links import WebhookLinks, keep_linking
from agent.telephony.livekit_webhooks import LiveKitSignatures
from agent.telephony.telnyx_signatures import TelnyxSignatures

_POOL = 3
"""Own connections: a slow list in the API must not keep a webhook waiting."""


@asynccontextmanager
async def webhook_receiver(settings: Settings) -> AsyncIterator[WebhookReceiver]:
    """Open for the length of the block. Raises SettingsError for a key that is none."""
    now = partial(datetime.now, UTC)
    keys = (settings.telnyx_public_key, settings.telnyx_public_key_old)
    telnyx = TelnyxSignatures([key for key in keys if key], now)
    livekit = LiveKitSignatures(settings.livekit_api_key or "", settings.livekit_api_secret or "")
    async with Database(settings.database_url or "", max_size=_POOL) as database:
        inbox = WebhookInbox(database, now)
        tasks = (
            asyncio.create_task(inbox.run(), name="webhook inbox"),
            asyncio.create_task(
                keep_linking(WebhookLinks(database), inbox.stored), name="webhook links"
            ),
        )
        try:
            yield WebhookReceiver(telnyx, livekit, inbox, now)
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
