"""The dialler process, put together."""

import asyncio
import contextlib
import math
import signal
from collections.abc import Coroutine
from datetime import UTC, datetime
from functools import partial
from random import SystemRandom
from uuid import uuid4

import structlog
from livekit import api

from agent.dialer.dialer import Dialer
from agent.dialer.parts import DialerParts
from agent.dialer.reaper import Reaper
from agent.dialer.watch import Watch
from agent.playbook.load import load_playbook
from agent.settings import Settings
from agent.store.attempts import NOTIFY_CHANNEL, AttemptStore
from agent.store.database import Database, listen
from agent.store.dialings import DialingStore
from agent.store.heartbeats import ProcessKind
from agent.store.kill_switch import KillSwitchStore
from agent.store.statistics import ActivityStore
from agent.store.trunks import TrunkStore
from agent.telephony import probe
from agent.telephony.livekit_api import client
from agent.telephony.trunks import find_outbound_trunk
from agent.wiring.dialling import our_number, trunk_name
from agent.wiring.process import keep_beating
from agent.wiring.rules import gate_rules, watch_thresholds

log = structlog.get_logger(__name__)

_CONNECTIONS = 4
_BATCH_SECONDS = 3.0
"""Claimed at once is what the trunk takes in this time: nobody waits long for a slot."""


async def run_dialer(settings: Settings) -> None:
    """Place what is wanted until SIGTERM or SIGINT. Raises CallError for what a person can mend."""
    settings.need("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "DATABASE_URL")
    load_playbook(settings.prompts_dir, settings.playbook)
    await probe.check(settings)
    dsn = settings.database_url or ""
    async with (
        Database(dsn, max_size=_CONNECTIONS) as database,
        client(settings, failover=False) as livekit,
    ):
        parts = await _parts(settings, database, livekit)
        dialer = Dialer(parts)
        log.info("dialler_ready", trunk_id=parts.trunk_id)
        await _until_signalled(
            dialer.run(),
            Reaper(parts).run(),
            listen(settings.direct_database_url or dsn, NOTIFY_CHANNEL, dialer.wake),
            keep_beating(settings, ProcessKind.DIALER, process_id=parts.id),
            Watch(
                ActivityStore(database),
                KillSwitchStore(database),
                watch_thresholds(settings),
                partial(datetime.now, UTC),
            ).run(),
        )


async def _parts(settings: Settings, database: Database, livekit: api.LiveKitAPI) -> DialerParts:
    name = trunk_name()
    trunk_id = await find_outbound_trunk(livekit, name)
    await TrunkStore(database).ensure(name, settings.trunk_calls_per_second)
    return DialerParts(
        id=uuid4(),
        attempts=AttemptStore(database),
        dialings=DialingStore(database),
        livekit=livekit,
        agent_name=settings.agent_name,
        trunk=name,
        trunk_id=trunk_id,
        our_number=our_number(settings),
        rules=gate_rules(settings),
        playbook=lambda wanted: load_playbook(settings.prompts_dir, wanted or settings.playbook),
        max_batch=max(1, math.ceil(settings.trunk_calls_per_second * _BATCH_SECONDS)),
        ringing_seconds=settings.ringing_seconds,
        max_call_seconds=settings.max_call_minutes * 60.0,
        now=partial(datetime.now, UTC),
        new_id=uuid4,
        rng=SystemRandom(),
    )


async def _until_signalled(*work: Coroutine[None, None, None]) -> None:
    """Run all of it until the first signal; none of it ends by itself."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(each) for each in work]
    stopping: asyncio.Task[object] = asyncio.create_task(stop.wait(), name="signal")
    try:
        await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        stopping.cancel()
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
