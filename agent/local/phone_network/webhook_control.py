"""Telnyx's webhooks in the phone network's own HTTP.

GET  /phone-network/webhooks            a WebhooksView
PUT  /phone-network/webhooks            a WebhookPlan: where they go, and which are lost
GET  /phone-network/webhooks/samples    SignedSamples, one of each type, for whoever posts them
"""

from datetime import UTC, datetime

from aiohttp import web
from pydantic import ValidationError

from agent.local.phone_network.carrier_webhooks import TelnyxWebhooks
from agent.local.phone_network.control_models import WebhookPlan, WebhooksView
from agent.local.telnyx.samples import telnyx_samples

PATH = "/phone-network/webhooks"


class WebhookControl:
    """Give `add_to` an application, before the front door takes the other paths."""

    def __init__(self, webhooks: TelnyxWebhooks) -> None:
        self._webhooks = webhooks

    def add_to(self, app: web.Application) -> None:
        """See above."""
        app.router.add_get(PATH, self._show)
        app.router.add_put(PATH, self._plan)
        app.router.add_get(f"{PATH}/samples", self._samples)

    async def _show(self, request: web.Request) -> web.Response:
        view = WebhooksView(
            **self._webhooks.plan.model_dump(),
            public_key=self._webhooks.account.public_key,
            delivered=self._webhooks.delivered,
        )
        return web.json_response(view.model_dump(mode="json"))

    async def _plan(self, request: web.Request) -> web.Response:
        try:
            self._webhooks.plan = WebhookPlan.model_validate_json(await request.read())
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.Response(status=204)

    async def _samples(self, request: web.Request) -> web.Response:
        samples = telnyx_samples(self._webhooks.account, datetime.now(UTC))
        return web.json_response([sample.model_dump(mode="json") for sample in samples])
