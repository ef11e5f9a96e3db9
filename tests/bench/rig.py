"""Both workers against one local stack, and a phone that can call either."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from livekit.api import LiveKitAPI
from livekit.protocol.sip import CreateSIPDispatchRuleRequest, CreateSIPInboundTrunkRequest

from agent.local.customers.lines import prepare_lines
from agent.local.phone_network.network import PhoneNetwork
from agent.local.phone_network.upstream import Upstream
from agent.local.stack.parts import Modules
from agent.local.stack.processes import ChildProcess, free_port, spawn
from agent.local.stack.server import http_ok
from agent.local.stack.stack import Stack
from agent.provisioning.livekit.config import load
from agent.provisioning.livekit.match import with_trunk
from agent.settings import ROOT
from agent.store.migrate import migrate
from tests.bench.processes import at_rest, on_core
from tests.bench.script import SHORT_ANSWERS
from tests.bench.talk import Line

LLM_MS = 450
TTS_MS = 300
"""Until the stand-in's first token and its first byte of audio."""

_NUMBERS = {"ours": "+3226010500", "plain": "+3226010599"}
_START_SECONDS = 60.0
_END_SECONDS = 30.0


class Side(StrEnum):
    """Who is measured."""

    OURS = "ours"
    PLAIN = "plain"

    @property
    def number(self) -> str:
        """Where it is called."""
        return _NUMBERS[self]


@dataclass(frozen=True, slots=True)
class Rig:
    """Everything that a measurement needs."""

    line: Line
    workers: Mapping[Side, ChildProcess]
    environment: Mapping[str, str]
    """What a process of ours is given here."""

    async def settle(self) -> None:
        """Wait until neither worker has anything left to do."""
        await at_rest([worker.pid for worker in self.workers.values()], _START_SECONDS)


@asynccontextmanager
async def rig(
    folder: Path, phones_core: int | None, workers_core: int | None
) -> AsyncIterator[Rig]:
    """Start all of it with its data in `folder`; nothing is left when the block ends.

    Raises CallError when a part does not start. What the environment names is not used: a
    measurement must not depend on it, nor reach a provider.
    """
    providers = (
        *("-m", "agent.local.providers"),
        *("--llm-ms", str(LLM_MS), "--tts-ms", str(TTS_MS)),
    )
    with on_core(phones_core):
        async with Stack(
            {}, folder=folder, keep_data=False, modules=Modules(providers=providers)
        ) as stack:
            environment = {
                **stack.environment,
                "PHONE_NUMBER": Side.OURS.number,
                "SPEECH_CACHE_DIR": str(folder / "speech"),
                "RECORDINGS_DIR": str(folder / "recordings"),
            }
            await migrate(environment["DATABASE_URL"])
            await _route_to_the_plain_worker(environment)
            workers: dict[Side, ChildProcess] = {}
            try:
                with on_core(workers_core):
                    workers[Side.OURS] = await _our_worker(environment, folder)
                    workers[Side.PLAIN] = await _plain_worker(environment, folder)
                async with _phones(environment) as line:
                    yield Rig(line, workers, environment)
            finally:
                await asyncio.gather(
                    *(worker.stop(timeout=_END_SECONDS) for worker in workers.values())
                )


@asynccontextmanager
async def _phones(environment: Mapping[str, str]) -> AsyncIterator[Line]:
    url = environment["LIVEKIT_URL"].replace("ws", "http", 1)
    key, secret = environment["LIVEKIT_API_KEY"], environment["LIVEKIT_API_SECRET"]
    speech_url = environment["SPEECH_URL"]
    lines = await prepare_lines(SHORT_ANSWERS, speech_url)
    async with Upstream(url, key, secret) as upstream, PhoneNetwork(upstream) as network:
        yield Line(network, lines, speech_url)


async def _our_worker(environment: Mapping[str, str], folder: Path) -> ChildProcess:
    port = free_port()
    worker = spawn(
        "our worker",
        [sys.executable, str(ROOT / "agent.py"), "start"],
        log=folder / "logs" / "ours.log",
        environment={**environment, "HEALTH_PORT": str(port), "HEALTH_HOST": "127.0.0.1"},
        cwd=ROOT,
    )
    await worker.ready(lambda: http_ok(f"http://127.0.0.1:{port}/readyz"), timeout=_START_SECONDS)
    return worker


async def _plain_worker(environment: Mapping[str, str], folder: Path) -> ChildProcess:
    log = folder / "logs" / "plain.log"
    worker = spawn(
        "plain worker",
        [
            *(sys.executable, "-m", "livekit.agents", "start"),
            str(Path(__file__).with_name("plain_worker.py")),
        ],
        log=log,
        environment=environment,
        cwd=ROOT,
    )

    async def registered() -> bool:
        return "registered worker" in log.read_text(errors="replace")

    await worker.ready(registered, timeout=_START_SECONDS)
    return worker


async def _route_to_the_plain_worker(environment: Mapping[str, str]) -> None:
    """Its own number, and the same rule as ours but for the agent's name."""
    variables = {
        "PHONE_NUMBER": Side.PLAIN.number,
        "AGENT_NAME": "bench-plain",
        "TELNYX_SIP_USERNAME": "example-user",
        "TELNYX_SIP_PASSWORD": "example-password",
    }
    config = load(ROOT / "sip_config", variables)
    config.inbound.info.name = config.rule.info.name = "bench-plain"
    async with LiveKitAPI(
        environment["LIVEKIT_URL"],
        environment["LIVEKIT_API_KEY"],
        environment["LIVEKIT_API_SECRET"],
    ) as api:
        trunk = await api.sip.create_inbound_trunk(
            CreateSIPInboundTrunkRequest(trunk=config.inbound.info)
        )
        rule = with_trunk(config.rule, trunk.sip_trunk_id).info
        await api.sip.create_dispatch_rule(CreateSIPDispatchRuleRequest(dispatch_rule=rule))
