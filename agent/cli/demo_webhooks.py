"""The demo's API process: it takes in what Telnyx and LiveKit tell of the calls."""

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import aiohttp

from agent.domain.webhook_sources import TELNYX_PATH
from agent.errors import StackError
from agent.local.phone_network.control_models import WebhookPlan
from agent.local.stack.processes import spawn
from agent.settings import ROOT
from agent.store.calls import CallDetail, CallStore

_READY_SECONDS = 60.0
_TOLD_SECONDS = 25.0
_LOOK_SECONDS = 0.5


@asynccontextmanager
async def an_api(environment: Mapping[str, str], port: int, logs: Path) -> AsyncIterator[None]:
    """An API process on `port` that the phone network's webhooks go to. Its log: `logs`/api.log."""
    api = spawn(
        "api",
        [sys.executable, str(ROOT / "agent.py"), "api"],
        log=logs / "api.log",
        environment={
            **environment,
            "API_HOST": "127.0.0.1",
            "API_PORT": str(port),
            "API_JWT_SECRET": secrets.token_urlsafe(48),
        },
        cwd=ROOT,
    )
    try:
        await api.ready(lambda: _answers(port), timeout=_READY_SECONDS)
        await _send_webhooks_to(environment, f"http://127.0.0.1:{port}{TELNYX_PATH}")
        yield
    finally:
        await api.stop(timeout=20)
    if api.exit_code != 0:
        raise StackError(f"the API ended with {api.exit_code}; {api.last_words()}")


async def with_carriers_side(store: CallStore, call_id: UUID) -> CallDetail:
    """The call, with the carrier's account of it when that comes in time."""
    deadline = time.monotonic() + _TOLD_SECONDS
    while True:
        detail = await store.show(call_id)
        carrier = detail.record.carrier
        told = carrier.hangup_cause and (carrier.bill or detail.record.answered_at is None)
        if told or time.monotonic() > deadline:
            return detail
        await asyncio.sleep(_LOOK_SECONDS)


async def _answers(port: int) -> bool:
    timeout = aiohttp.ClientTimeout(total=2)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://127.0.0.1:{port}/readyz") as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _send_webhooks_to(environment: Mapping[str, str], url: str) -> None:
    """Also where the stack was running before, and knew of another place."""
    network = environment.get("PHONE_NETWORK_URL")
    if network is None:
        return
    plan = WebhookPlan(url=url).model_dump(mode="json")
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
        session.put(f"{network}/phone-network/webhooks", json=plan) as answer,
    ):
        if answer.status != 204:
            raise StackError(f"the phone network does not take webhooks' address: {answer.status}")
