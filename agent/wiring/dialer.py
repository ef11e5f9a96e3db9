"""The dialer process, put together."""

import math
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
from agent.playbook.prompts import load_prompts
from agent.settings import Settings
from agent.store.attempts import NOTIFY_CHANNEL, AttemptStore
from agent.store.connections import DIALER_POOL
from agent.store.database import Database, listen
from agent.store.dialings import DialingStore
from agent.store.heartbeats import ProcessKind
from agent.store.kill_switch import KillSwitchStore
from agent.store.statistics import ActivityStore
from agent.store.trunks import TrunkStore
from agent.telephony import probe
from agent.telephony.livekit_api import client
from agent.telephony.trunks import find_outbound_trunk
from agent.wiring.outbound_calls import OutboundSettings, outbound_settings
from agent.wiring.process import keep_beating, until_signalled

log = structlog.get_logger(__name__)

_BATCH_SECONDS = 3.0
"""The dialer claims at once what the trunk takes in this time: no call waits long for a slot."""


async def run_dialer(settings: Settings) -> None:
    """Place wanted calls until SIGTERM or SIGINT. Raises CallError for what a person can fix."""
    settings.need("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "DATABASE_URL")
    load_prompts(settings.prompts_dir, settings.playbook)
    outbound = outbound_settings(settings)
    await probe.check(settings)
    dsn = settings.database_url or ""
    async with (
        Database(dsn, max_size=DIALER_POOL) as database,
        client(settings, failover=False) as livekit,
    ):
        parts = await _parts(settings, outbound, database, livekit)
        dialer = Dialer(parts)
        log.info("dialler_ready", trunk_id=parts.trunk_id)
        await until_signalled(
            dialer.run(),
            Reaper(parts).run(),
            listen(settings.direct_database_url or dsn, NOTIFY_CHANNEL, dialer.wake),
            keep_beating(settings, ProcessKind.DIALER, process_id=parts.id),
            Watch(
                ActivityStore(database),
                KillSwitchStore(database),
                outbound.thresholds,
                partial(datetime.now, UTC),
            ).run(),
        )


async def _parts(
    settings: Settings, outbound: OutboundSettings, database: Database, livekit: api.LiveKitAPI
) -> DialerParts:
    trunk_id = await find_outbound_trunk(livekit, outbound.trunk)
    await TrunkStore(database).ensure(outbound.trunk, outbound.calls_per_second)
    return DialerParts(
        id=uuid4(),
        attempts=AttemptStore(database),
        dialings=DialingStore(database),
        livekit=livekit,
        agent_name=settings.agent_name,
        trunk=outbound.trunk,
        trunk_id=trunk_id,
        our_number=outbound.our_number,
        rules=outbound.rules,
        playbook=lambda name: load_playbook(settings.prompts_dir, name or settings.playbook),
        max_batch=max(1, math.ceil(outbound.calls_per_second * _BATCH_SECONDS)),
        ringing_seconds=outbound.ringing_seconds,
        max_call_seconds=outbound.max_call_seconds,
        now=partial(datetime.now, UTC),
        new_id=uuid4,
        rng=SystemRandom(),
    )
