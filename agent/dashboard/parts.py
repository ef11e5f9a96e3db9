"""What the pages are given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from agent.dashboard.sessions import Sessions
from agent.store.call_list import CallList
from agent.store.calls import CallStore
from agent.telephony.browser_caller import BrowserCaller

MayCall = Callable[[str], Awaitable[bool]]
"""Whether a bearer token of the API lets its bearer place calls."""


@dataclass(frozen=True, slots=True)
class Front:
    """How browsers reach the page. `hosts`: names under which it may be opened, without ports."""

    hosts: frozenset[str]
    https_only: bool
    livekit_url: str
    """LiveKit's address for browsers, ws or wss."""


@dataclass(frozen=True, slots=True)
class DashboardParts:
    """Everything that the routes use; opened and closed by wiring."""

    front: Front
    sessions: Sessions
    may_call: MayCall | None
    """None: the page is opened by a link that works once, not by a token."""
    caller: BrowserCaller
    calls: CallStore
    call_list: CallList
    recordings_dir: Path
    playbooks: tuple[str, ...]
    playbook: str
    """Which of them is chosen when the page opens."""
    new_room_name: Callable[[], str]
