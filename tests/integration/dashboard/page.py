"""The page's server over a database, without LiveKit: only a browser speaks with that."""

from pathlib import Path
from uuid import uuid4

from agent.dashboard.parts import DashboardParts, Front, MayCall
from agent.dashboard.sessions import Sessions
from agent.store.call_list import CallList
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.telephony.browser_caller import ROOM_PREFIX, BrowserCaller

CODE = "the-code-of-the-link"
LIVEKIT = "ws://127.0.0.1:9"
"""Nobody listens there."""


def page_parts(
    database: Database,
    recordings: Path,
    *,
    may_call: MayCall | None = None,
    livekit_url: str = LIVEKIT,
    caller: BrowserCaller | None = None,
) -> DashboardParts:
    """As on a laptop; with `may_call` as in production."""
    production = may_call is not None
    return DashboardParts(
        front=Front(
            frozenset({"talk.example"} if production else {"127.0.0.1", "localhost"}),
            production,
            livekit_url,
        ),
        sessions=Sessions(None if production else CODE, lambda: uuid4().hex),
        may_call=may_call,
        caller=caller or BrowserCaller("key", "example-" * 5, "an-agent", "+3226010500"),
        calls=CallStore(database),
        call_list=CallList(database),
        recordings_dir=recordings,
        playbooks=("default", "other"),
        playbook="default",
        new_room_name=lambda: f"{ROOM_PREFIX}{uuid4().hex[:16]}",
    )
