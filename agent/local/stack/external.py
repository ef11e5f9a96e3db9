"""What the environment already names of the stack's parts, and whether it can be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg

from agent.errors import StackError
from agent.local.stack.server import redis_answers
from agent.settings import load_settings

LIVEKIT = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
OPENAI = ("OPENAI_BASE_URL", "OPENAI_API_KEY")
DEEPGRAM = ("DEEPGRAM_BASE_URL", "DEEPGRAM_API_KEY")
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ExternalServers:
    """The variables that a person has set, and which parts therefore are theirs."""

    variables: Mapping[str, str]
    phone_number: str
    agent_name: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "ExternalServers":
        """Raises SettingsError for a malformed value, StackError for a half-named LiveKit."""
        settings = load_settings(environ=environment, env_file=None)
        variables = {name: value for name, value in environment.items() if value.strip()}
        if settings.livekit_url is not None:
            variables["LIVEKIT_URL"] = settings.livekit_url  # also when named LIVEKIT_WS_URL
            missing = [name for name in LIVEKIT if name not in variables]
            if missing:
                raise StackError(
                    f"LIVEKIT_URL is set, {' and '.join(missing)} not: set them too, "
                    "or unset LIVEKIT_URL to get a local LiveKit"
                )
        return cls(variables, settings.phone_number, settings.agent_name)

    @property
    def livekit(self) -> bool:
        """A LiveKit of yours: no livekit-server, Redis or phone network is started."""
        return "LIVEKIT_URL" in self.variables

    @property
    def livekit_key(self) -> tuple[str, str] | None:
        """A key to be used by the local server too: what is set is what the worker will use."""
        key, secret = (self.variables.get(name) for name in LIVEKIT[1:])
        return (key, secret) if key and secret else None

    @property
    def redis_url(self) -> str | None:
        """A Redis of yours."""
        return self.variables.get("REDIS_URL")

    @property
    def database_url(self) -> str | None:
        """A Postgres of yours."""
        return self.variables.get("DATABASE_URL")

    @property
    def openai(self) -> bool:
        """OpenAI with a key of yours, or another server that speaks its protocol."""
        return any(name in self.variables for name in OPENAI)

    @property
    def deepgram(self) -> bool:
        """Deepgram with a key of yours, or another server that speaks its protocol."""
        return any(name in self.variables for name in DEEPGRAM)

    def only(self, *names: str) -> dict[str, str]:
        """Those of `names` that are set."""
        return {name: self.variables[name] for name in names if name in self.variables}


async def check_database(url: str) -> None:
    """Raises StackError, which does not show the URL, when it cannot be connected to."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StackError(
            f"cannot connect to the Postgres of DATABASE_URL ({error or type(error).__name__}): "
            "start it, correct the URL, or unset it to get a local Postgres"
        ) from None
    await connection.close(timeout=CONNECT_SECONDS)


async def check_redis(url: str) -> None:
    """Raises StackError when the Redis of REDIS_URL does not answer."""
    parts = urlsplit(url)
    if parts.scheme == "rediss":
        return  # livekit-server will tell: the greeting below is not encrypted
    host, port = parts.hostname or "", parts.port or 6379
    if not await redis_answers(host, port):
        raise StackError(
            f"no Redis answers on {host}:{port} (REDIS_URL): start it, correct the URL, "
            "or unset it to get a local one"
        )
