"""What a doctor is given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from livekit.api import LiveKitAPI

from agent.domain.contactability import Rules
from agent.errors import CallError
from agent.playbook.model import Playbook
from agent.provisioning.telnyx.account import Portal
from agent.settings import Settings
from agent.store.database import Database
from agent.voice.provider_probe import ProviderProbe


@dataclass(frozen=True, slots=True)
class DoctorParts:
    """The parts of one examination. What opens or reads at first use raises CallError then.

    `rules`: the gate's, with our number. `portal`: the account at Telnyx; whoever made the parts
    closes it.
    """

    settings: Settings
    rules: Callable[[], Rules]
    playbook: Playbook | CallError
    livekit: LiveKitAPI
    database: Database
    probe: ProviderProbe
    portal: Callable[[], Awaitable[Portal]]
    now: Callable[[], datetime]
