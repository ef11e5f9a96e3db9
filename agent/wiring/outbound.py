"""What a job needs that places a call, put together from the settings."""

from random import SystemRandom
from uuid import uuid4

from agent.domain.attempts import seconds_per_call
from agent.errors import Refused
from agent.settings import Settings
from agent.store.attempts import AttemptStore
from agent.store.database import Database
from agent.store.dialings import DialingStore
from agent.store.trunks import TrunkStore
from agent.telephony.dispatch import JobMetadata
from agent.telephony.livekit_api import client
from agent.wiring.dialling import dial_of, trunk_name
from agent.wiring.rules import gate_rules
from agent.worker.parts import OutboundParts


async def outbound_parts(
    settings: Settings, database: Database, order: JobMetadata
) -> OutboundParts:
    """What the job of this order needs. Raises Refused when its call was given up meanwhile."""
    attempt = await AttemptStore(database).of_call(order.call_id)
    if attempt.call_id != order.call_id:
        raise Refused("this call was taken back: its agent came too late")
    return OutboundParts(
        attempt=attempt,
        trunk=trunk_name(),
        dial=dial_of(settings, attempt, order.trunk_id),
        dialings=DialingStore(database),
        trunks=TrunkStore(database),
        livekit=client(settings, failover=False),
        rules=gate_rules(settings),
        seconds_per_call=seconds_per_call(settings.trunk_calls_per_second),
        new_id=uuid4,
        rng=SystemRandom(),
    )
