"""Starts the parts of the local stack: what depends on nothing at once, the rest as it can.

Used by `stack.Stack`, which stops them again.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from livekit.api import LiveKitAPI
from pydantic import ValidationError

from agent.errors import StackError, Unavailable
from agent.local.phone_network.control_models import WebhooksView
from agent.local.stack.external import (
    DEEPGRAM,
    LIVEKIT,
    OPENAI,
    ExternalServers,
    check_database,
    check_redis,
)
from agent.local.stack.livekit_server import LocalLiveKit
from agent.local.stack.postgres import LocalPostgres
from agent.local.stack.processes import free_port
from agent.local.stack.python_server import PythonServer
from agent.local.stack.server import Report, Server, require_free_port
from agent.local.stack.state import Kind, StackPart
from agent.local.stack.valkey import LocalValkey
from agent.provisioning.livekit.apply import ensure
from agent.provisioning.livekit.config import load
from agent.settings import ROOT

STAND_IN_KEY = "local-stand-in"
API_KEYS = ("API_JWT_SECRET", "API_JWKS_URL")
# The trunk's credentials: the phone network stand-in asks for none, the files have the variables.
EXAMPLE_TRUNK = {"TELNYX_SIP_USERNAME": "example-user", "TELNYX_SIP_PASSWORD": "example-password"}
PART_ORDER = (
    *("phone network", "livekit", "livekit-server", "redis", "valkey"),
    *("deepgram", "openai", "postgres"),
)
STOPPED_FIRST = ("phone network", LocalLiveKit.name)
"""Those that use other parts, in the order in which they are to be stopped."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`part` is `doing` something since it began `seconds` ago; `doing` is READY at the end."""

    part: str
    doing: str
    seconds: float


READY = "ready"
ProgressWatch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Modules:
    """What `python …` runs for the two parts that are ours; tests put others in their place."""

    providers: tuple[str, ...] = ("-m", "agent.local.providers")
    phone_network: tuple[str, ...] = ("-m", "agent.local.phone_network")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a stack is to be; the words are explained at `Stack`."""

    folder: Path
    keep_data: bool = True
    port: int | None = None
    webhook_url: str | None = None
    modules: Modules = field(default_factory=Modules)
    telnyx_webhook_url: str | None = None


class StackParts:
    """The parts that were started or found, and the variables that lead a worker to them.

    A server is in `servers` from the moment it runs: after a failure they are still to be stopped.
    """

    def __init__(self, given: ExternalServers, plan: Plan, watch: ProgressWatch) -> None:
        self.servers: list[Server] = []
        self.parts: list[StackPart] = []
        self.environment: dict[str, str] = {}
        self._given = given
        self._plan = plan
        self._logs = plan.folder / "logs"
        self._watch = watch

    async def start(self) -> None:
        """Start what is not given. Raises StackError for the first part that cannot start."""
        given = self._given
        if self._plan.port is not None:  # now, not after two minutes of building a server
            require_free_port("phone network", self._plan.port)
        # Chosen before they start: the phone network is told of it while they still load.
        speech_port = free_port()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._database())
                if not (given.livekit and given.openai and given.deepgram):
                    group.create_task(self._providers(speech_port))
                if not given.livekit:
                    group.create_task(self._telephony(f"http://127.0.0.1:{speech_port}"))
        except BaseExceptionGroup as failed:
            raise _first_of(failed) from None
        # `api` and `token` in other terminals find it in the state file; it ends with the stack.
        self.environment |= given.only(*API_KEYS) or {API_KEYS[0]: secrets.token_urlsafe(48)}
        if given.livekit:
            self._use("livekit", given.variables["LIVEKIT_URL"], *LIVEKIT, "REDIS_URL")
        if given.openai:
            self._use("openai", given.variables.get(OPENAI[0], "api.openai.com"), *OPENAI)
        if given.deepgram:
            self._use("deepgram", given.variables.get(DEEPGRAM[0], "api.deepgram.com"), *DEEPGRAM)

    async def _database(self) -> None:
        if (url := self._given.database_url) is not None:
            self._report("postgres")("connecting")
            await check_database(url)
            self._use("postgres", "DATABASE_URL", "DATABASE_URL")
            return
        postgres = LocalPostgres(
            data_dir=self._plan.folder / "postgres" if self._plan.keep_data else None,
            durable=self._plan.keep_data,
            log=self._logs / "postgres.log",
        )
        await self._run(postgres, Kind.REAL)
        self.environment["DATABASE_URL"] = postgres.dsn

    async def _providers(self, port: int) -> None:
        providers = PythonServer(
            "providers",
            self._plan.modules.providers,
            ready_path="/healthz",
            log=self._logs / "providers.log",
            port=port,
        )
        await self._run(providers)
        url = providers.url
        self.environment["SPEECH_URL"] = url
        for part, given, names, path in (
            ("openai", self._given.openai, OPENAI, "v1"),
            ("deepgram", self._given.deepgram, DEEPGRAM, "deepgram"),
        ):
            if not given:
                self.parts.append(StackPart(part, Kind.STAND_IN, f"{url}/{path}", providers.pid))
                self.environment |= dict(zip(names, (f"{url}/{path}", STAND_IN_KEY), strict=True))

    async def _telephony(self, speech_url: str) -> None:
        redis_url = await self._redis()
        livekit = LocalLiveKit(
            redis_url=redis_url,
            log=self._logs / "livekit-server.log",
            webhook_url=self._plan.webhook_url,
            key=self._given.livekit_key,
            report=self._report(LocalLiveKit.name),
        )
        await self._run(livekit, Kind.REAL)
        upstream = f"http://{livekit.address}"
        key = {"LIVEKIT_API_KEY": livekit.api_key, "LIVEKIT_API_SECRET": livekit.api_secret}
        await self._write_trunks(upstream, livekit)
        webhooks = self._plan.telnyx_webhook_url
        phone_network = PythonServer(
            "phone network",
            [
                *self._plan.modules.phone_network,
                *("--upstream", upstream),
                *("--speech-url", speech_url),
                *(("--webhook-url", webhooks) if webhooks else ()),
            ],
            ready_path="/phone-network/healthz",
            log=self._logs / "phone-network.log",
            port=self._plan.port,
            environment=key,
        )
        await self._run(phone_network, Kind.STAND_IN)
        # It is the front door: it answers what a SIP service would and passes on everything else.
        self.environment |= {
            "LIVEKIT_URL": f"ws://{phone_network.address}",
            **key,
            "REDIS_URL": redis_url,
            "PHONE_NETWORK_URL": phone_network.url,
        }
        if webhooks:
            self.environment["TELNYX_PUBLIC_KEY"] = await _telnyx_key(phone_network.url)

    async def _redis(self) -> str:
        if (url := self._given.redis_url) is not None:
            self._report("redis")("connecting")
            await check_redis(url)
            self._use("redis", "REDIS_URL", "REDIS_URL")
            return url
        valkey = LocalValkey(log=self._logs / "valkey.log")
        await self._run(valkey, Kind.REAL)
        return valkey.url

    async def _write_trunks(self, upstream: str, livekit: LocalLiveKit) -> None:
        # A laptop without a Telnyx account has the example's; `provision` finds them by themselves.
        trunk = {**EXAMPLE_TRUNK, **self._given.only(*EXAMPLE_TRUNK)}
        variables = {
            **trunk,
            "PHONE_NUMBER": self._given.phone_number,
            "AGENT_NAME": self._given.agent_name,
        }
        async with LiveKitAPI(upstream, livekit.api_key, livekit.api_secret) as api:
            try:
                await ensure(api, load(ROOT / "sip_config", variables))
            except Unavailable as error:
                raise StackError(f"no trunks and rule of sip_config/: {error}") from None
        self.environment |= trunk

    async def _run(self, server: Server, kind: Kind | None = None) -> None:
        """Start `server`; `kind` None lists no part of its name."""
        report = self._report(server.name)
        report("starting")
        await server.start()
        self.servers.append(server)
        if kind is not None:
            self.parts.append(StackPart(server.name, kind, server.address, server.pid))
        report(READY)

    def _use(self, part: str, address: str, *names: str) -> None:
        self.parts.append(StackPart(part, Kind.YOURS, address))
        self.environment |= self._given.only(*names)
        self._report(part)(READY)

    def _report(self, part: str) -> Report:
        began = time.monotonic()
        return lambda doing: self._watch(Progress(part, doing, time.monotonic() - began))


async def _telnyx_key(phone_network_url: str) -> str:
    """What the phone network signs Telnyx's webhooks with; made anew at each start."""
    timeout = aiohttp.ClientTimeout(total=5)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{phone_network_url}/phone-network/webhooks") as answer,
        ):
            return WebhooksView.model_validate_json(await answer.read()).public_key
    except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
        raise StackError(
            f"the phone network does not tell its Telnyx key ({type(error).__name__}); see its log"
        ) from None


def _first_of(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error to tell: the others mostly follow from it."""
    first = failed.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first
