"""Everything the API's routes work with, given by wiring."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from agent.api.access import Gatekeeper
from agent.api.webhook_receiver import WebhookReceiver
from agent.domain.contactability import Rules
from agent.domain.suspicion import Thresholds
from agent.store.attempts import AttemptStore
from agent.store.call_list import CallList
from agent.store.calls import CallStore
from agent.store.heartbeats import HeartbeatStore
from agent.store.kill_switch import KillSwitchStore
from agent.store.opt_outs import OptOutList
from agent.store.statistics import ActivityStore
from agent.store.trunks import TrunkStore
from agent.store.webhook_freshness import WebhookFreshness
from agent.telephony.rooms import LiveKitOverview


@dataclass(frozen=True, slots=True)
class ApiParts:
    """What the routes need. `docs_open`: /openapi.json without a token."""

    gatekeeper: Gatekeeper
    attempts: AttemptStore
    calls: CallStore
    call_list: CallList
    opt_outs: OptOutList
    heartbeats: HeartbeatStore
    activity: ActivityStore
    trunks: TrunkStore
    kill_switch: KillSwitchStore
    freshness: WebhookFreshness
    livekit: LiveKitOverview
    rules: Rules
    thresholds: Thresholds
    playbooks: frozenset[str]
    country: str | None
    """Of numbers that are sent without their country's code; None: they are refused."""
    outbound_trunk: str
    recordings_dir: Path
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    docs_open: bool
    webhooks: WebhookReceiver | None = None
    """Where webhooks are taken in; None answers them with 503."""
