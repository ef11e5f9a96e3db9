"""Surroundings in which something is missing, broken, refusing or silent.

A surrounding changes the checkout's files and the environment of a machine on which all is well.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Prepare = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Surrounding:
    """`breaks`: words of commands that cannot do their work in it; None: no command can."""

    name: str
    environment: Mapping[str, str | None] = field(default_factory=dict)
    """Variables that differ; None: not set. `{refusing}`, `{silent}` are filled with addresses."""
    files: Mapping[str, Prepare] = field(default_factory=dict)
    """Path in the checkout → what puts the broken thing there; whatever was there is gone."""
    breaks: frozenset[str] | None = frozenset()
    waits: frozenset[str] = frozenset()
    """Processes that run on in it, until SIGTERM, instead of giving up."""
    mends: frozenset[str] = frozenset()
    """Commands that would put it right while the others are looking: not seen in it."""
    pipe_closed: bool = False

    def concerns(self, command: str, process: bool) -> bool:
        """Whether it is worth while to see the command there: processes take long to end."""
        broken = self.breaks is None or command in self.breaks
        if command in self.mends:
            return False
        return broken or command in self.waits or not process


def written(content: bytes) -> Prepare:
    """A file with this content."""
    return lambda path: path.write_bytes(content)


def linked(target: str) -> Prepare:
    """A link to somewhere."""
    return lambda path: path.symlink_to(target)


def folder(path: Path) -> None:
    """A folder where a file should be."""
    path.mkdir()


def state_folder(path: Path) -> None:
    """A stack's folder with a folder for its state."""
    (path / "state.json").mkdir(parents=True)


def state_garbage(path: Path) -> None:
    """A stack's folder with a state that nobody wrote."""
    path.mkdir()
    (path / "state.json").write_bytes(b"\xff{")


def absent(path: Path) -> None:
    """Nothing."""
    assert not path.exists()


DATABASE = frozenset(
    {
        *("calls", "calls show", "calls stop-all", "call", "dialer", "migrate", "retention"),
        *("opt-outs", "opt-outs import", "opt-outs correct", "webhooks"),
    }
)
LIVEKIT = frozenset({"start", "dialer", "provision"})
_NAMED = ("DATABASE_URL", "LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "API_JWT_SECRET")
_NOBODY = "127.0.0.1:1"
_UNREADABLE = "/proc/self/mem"
"""Root cannot read it either."""
_UTF16 = "LIVEKIT_API_KEY=key\r\n".encode("utf-16")
_RUN_ON = frozenset({"api"})
_DATABASE = "postgresql://somebody:example-password@{}/none"

SURROUNDINGS = (
    Surrounding(
        "nothing is set",
        dict.fromkeys(_NAMED),
        {".env": absent},
        breaks=DATABASE | {"start", "api", "token", "provision", "simulate"},
    ),
    Surrounding("a .env in UTF-16", files={".env": written(_UTF16)}),
    Surrounding("a .env that is no text", files={".env": written(b"\xff\xfe\x00")}, breaks=None),
    Surrounding("a .env that cannot be read", files={".env": linked(_UNREADABLE)}, breaks=None),
    Surrounding("a .env that is a folder", files={".env": folder}, breaks=None),
    Surrounding("a setting that is no number", {"MAX_CONCURRENT_CALLS": "many"}, breaks=None),
    Surrounding("a database that is no URL", {"DATABASE_URL": "my database"}, breaks=None),
    Surrounding("another database than Postgres", {"DATABASE_URL": "mysql://a/b"}, breaks=DATABASE),
    Surrounding(
        "no database",
        {"DATABASE_URL": _DATABASE.format("127.0.0.1:1")},
        breaks=DATABASE,
        waits=_RUN_ON,
    ),
    Surrounding(
        "a silent database",
        {"DATABASE_URL": "postgresql://{silent}/x"},
        breaks=DATABASE,
        waits=_RUN_ON,
    ),
    Surrounding(
        "a database that speaks HTTP",
        {"DATABASE_URL": "postgresql://{refusing}/x"},
        breaks=DATABASE,
    ),
    Surrounding(
        "a database without tables",
        {"DATABASE_URL": "{without_tables}"},
        breaks=DATABASE,
        mends=frozenset({"migrate"}),
    ),
    Surrounding("no LiveKit", {"LIVEKIT_URL": "ws://127.0.0.1:1"}, breaks=LIVEKIT),
    Surrounding("a silent LiveKit", {"LIVEKIT_URL": "ws://{silent}"}, breaks=LIVEKIT),
    Surrounding("a LiveKit that refuses", {"LIVEKIT_URL": "http://{refusing}"}, breaks=LIVEKIT),
    Surrounding("another LiveKit's key", {"LIVEKIT_API_SECRET": "example-" * 5}, breaks=LIVEKIT),
    Surrounding(
        "a Telnyx that refuses",
        {"TELNYX_API_KEY": "example-key", "TELNYX_API_URL": "http://{refusing}/v2"},
        breaks=frozenset({"provision"}),
    ),
    Surrounding("no Telnyx", {"TELNYX_API_KEY": "k", "TELNYX_API_URL": "http://127.0.0.1:1"}),
    Surrounding(
        "a recordings folder that cannot be made", {"RECORDINGS_DIR": "/proc/nowhere/recordings"}
    ),
    Surrounding("a file where recordings go", {"RECORDINGS_DIR": "{checkout}/agent.py"}),
    Surrounding(
        "a file where the stack goes",
        files={".stack": written(b"")},
        breaks=frozenset({"stack", "demo"}),
    ),
    Surrounding(
        "a folder where the state is",
        files={".stack": state_folder},
    ),
    Surrounding(
        "a state that is no JSON",
        files={".stack": state_garbage},
    ),
    Surrounding("no prompts", {"PROMPTS_DIR": "/nowhere"}, breaks=frozenset({"start", "dialer"})),
    Surrounding("no such playbook", {"PLAYBOOK": "none"}, breaks=frozenset({"start", "dialer"})),
    Surrounding(
        "a playbook that is a folder",
        {"PLAYBOOK": "folder"},
        {"prompts/playbooks/folder.md": folder},
        breaks=frozenset({"start", "dialer"}),
    ),
    Surrounding(
        "a playbook in UTF-16",
        {"PLAYBOOK": "utf16"},
        {"prompts/playbooks/utf16.md": written("---\nname: x\n".encode("utf-16"))},
        breaks=frozenset({"start", "dialer"}),
    ),
    Surrounding(
        "a trunk that is no JSON",
        files={"sip_config/inboundTrunk.json": written(b"\xff\xfe{")},
        breaks=frozenset({"provision"}),
    ),
    Surrounding("a port that is taken", {"API_PORT": "{taken}"}, breaks=frozenset({"api"})),
    Surrounding("a SOCKS proxy", {"HTTPS_PROXY": "socks5://127.0.0.1:1"}, breaks=None),
    Surrounding("a proxy that is none", {"HTTP_PROXY": "http://:0"}, breaks=None),
    Surrounding("a proxy that is away", dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), _NOBODY)),
    Surrounding("a reader who has gone", pipe_closed=True),
)


def filled(value: str, places: Mapping[str, str]) -> str:
    """`value` with the addresses of this run."""
    for name, place in places.items():
        value = value.replace(f"{{{name}}}", place)
    return value


def named(words: Iterable[str]) -> str:
    """For messages."""
    return ", ".join(sorted(words))
