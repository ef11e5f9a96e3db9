"""Ten minutes without a database, two hundred times as fast: a real API process, Telnyx's retries.

What is not stored is never acknowledged; once Postgres is back every record is right.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import asyncpg

from agent.domain.dispositions import Disposition
from agent.domain.record import CallRecord
from agent.local.phone_network.carrier_webhooks import TELNYX_RETRIES, TelnyxWebhooks
from agent.local.telnyx.events import Hangup, TelnyxLeg
from agent.store.calls import CallStore
from agent.store.database import Database
from tests.calls.cable import Cable
from tests.facts import Story
from tests.integration.api.process import api_process
from tests.webhooks import livekit_headers, room_event

FASTER = 200
AWAY = 600 / FASTER
TOLD_WITHIN = 60.0
"""Telnyx's fourth try comes 3.3 s after the return; the rest is for a busy machine."""
CALLS = 5


async def test_what_comes_while_the_database_is_away_is_not_lost_and_every_record_is_right(
    dsn: str, tmp_path: Path
) -> None:
    port = urlsplit(dsn).port
    assert port is not None
    retries = [seconds / FASTER for seconds in TELNYX_RETRIES]
    async with (
        Cable(port) as cable,
        Database(dsn) as database,
        TelnyxWebhooks(retries=retries) as telnyx,
    ):
        through = dsn.replace(f":{port}", f":{cable.port}")
        key = telnyx.account.public_key
        async with api_process(through, tmp_path, TELNYX_PUBLIC_KEY=key) as api:
            telnyx.plan = telnyx.plan.model_copy(
                update={"url": f"{api.url}/api/telnyx/webhooks/call-events"}
            )
            store = CallStore(database)
            stories = [Story(start=datetime.now(UTC)) for _ in range(CALLS)]
            for story in stories:  # begun before it went away
                await store.append([story.created(direction="outbound")])
            async with cable.cut_off():
                until = time.monotonic() + AWAY
                for story in stories:
                    _tell_all(telnyx, story)
                    assert await _tell_livekit(api.url, story) == 503
                while time.monotonic() < until:
                    assert (telnyx.delivered, await _kept(dsn)) == (0, 0)
                    await asyncio.sleep(0.1)
            # Our own side had written to disk meanwhile; its account comes now (tests/faults).
            for story in stories:
                kinds = ("ringing", "answered", "disclosed", "callback_agreed", "agent_hung_up")
                await store.append([*map(story, kinds), story("ended")])
            async with asyncio.timeout(TOLD_WITHIN):
                while telnyx.delivered < 4 * CALLS or not await _all_told(store, stories):
                    assert telnyx.delivered <= await _kept(dsn)
                    await asyncio.sleep(0.2)
            for story in stories:
                record = (await store.show(story.call_id)).record
                assert record.outcome is not None
                assert record.outcome.disposition is Disposition.CALLBACK


def _leg(story: Story) -> TelnyxLeg:
    created = story.created(direction="outbound").detail
    return TelnyxLeg(
        outbound=True,
        caller=str(created["from_number"]),
        callee=str(created["to_number"]),
        session_id=f"s-{story.call_id}",
        leg_id=str(uuid4()),
        began=datetime.now(UTC),
        headers={"X-Call-Id": str(story.call_id)},
    )


def _tell_all(telnyx: TelnyxWebhooks, story: Story) -> None:
    leg, now = _leg(story), datetime.now(UTC)
    telnyx.tell(leg.initiated())
    telnyx.tell(leg.answered(now))
    telnyx.tell(leg.hung_up(now, Hangup("normal_clearing", "caller", 200), seconds=60))
    telnyx.tell(leg.cost(now + timedelta(seconds=2), 60))


async def _tell_livekit(url: str, story: Story) -> int:
    """Once; its real retries are over before ten minutes are."""
    room = str(story.created(direction="outbound").detail["room_name"])
    body = room_event("room_finished", room, datetime.now(UTC))
    async with aiohttp.ClientSession() as http:
        to = f"{url}/api/livekit/webhooks"
        async with http.post(to, data=body, headers=livekit_headers(body)) as answer:
            return answer.status


async def _kept(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        found: int = await connection.fetchval("select count(*) from webhook_inbox")
        return found
    finally:
        await connection.close()


async def _all_told(store: CallStore, stories: list[Story]) -> bool:
    records: list[CallRecord] = [(await store.show(each.call_id)).record for each in stories]
    return all(each.carrier.mos == 4.5 and each.carrier.bill for each in records)
