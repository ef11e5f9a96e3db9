"""The worker process: registered with LiveKit, one job process per call, drained on SIGTERM."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial

import aiohttp
import structlog
from livekit.agents import AgentServer, JobProcess, JobRequest
from livekit.protocol.agent import Job

from agent.domain.identities import call_of_job
from agent.errors import LiveKitUnavailable
from agent.telephony.dispatch import JobMetadata, read_metadata
from agent.worker.admission import Admission
from agent.worker.ended_jobs import RunningJob
from agent.worker.job import end_call, run_call
from agent.worker.parent_watch import end_with
from agent.worker.parts import BuildParts, PrepareProcess

log = structlog.get_logger(__name__)

_SESSION_END_SECONDS = 60.0
_PROCESS_END_SECONDS = 30.0


class Worker(AgentServer):
    """The framework's server, which also knows whether it is connected."""

    def __init__(
        self,
        *,
        url: str,
        api_key: str,
        api_secret: str,
        agent_name: str,
        build: BuildParts,
        prepare: PrepareProcess,
        admission: Admission,
        idle_processes: int,
        preload: list[str],
        drain_seconds: int,
    ) -> None:
        super().__init__(
            ws_url=url,
            api_key=api_key,
            api_secret=api_secret,
            setup_fnc=partial(prepare_job_process, prepare, os.getpid()),
            load_fnc=self._load,
            load_threshold=1.0,
            num_idle_processes=idle_processes,
            drain_timeout=drain_seconds,
            # Imported once, before job processes are forked: they start faster and share memory.
            preload_modules=preload,
            session_end_timeout=_SESSION_END_SECONDS,
            shutdown_process_timeout=_PROCESS_END_SECONDS,
            # The framework's own health server says OK while LiveKit is away; ours does not
            # (health.py). It cannot be switched off, so it gets a free loopback port.
            host="127.0.0.1",
            port=0,
        )
        self.connected = False
        self._started = False
        self.on("worker_started", self._on_started)
        self._admission = admission
        self.rtc_session(
            partial(run_call, build),
            agent_name=agent_name,
            on_request=self._answer,
            on_session_end=end_call,
        )

    def _on_started(self) -> None:
        self._started = True

    async def _run_ws(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """The framework stays in here while the connection lives; it tells nobody when it ends."""
        self.connected = True
        log.info("connected_to_livekit")
        try:
            await super()._run_ws(ws)
        finally:
            self.connected = False
            log.warning("disconnected_from_livekit")

    async def _answer(self, request: JobRequest) -> None:
        if not await self._admission.answer(request, self._running_jobs()):
            log.warning("call_rejected_worker_full", places=self._admission.places)

    def _load(self, _: AgentServer) -> float:
        self._admission.running(self._running_jobs())
        return self._admission.load

    @property
    def free_capacity(self) -> int:
        """How many more calls it takes now; none while LiveKit cannot send it any."""
        if not self.connected or not self._started:
            return 0
        self._admission.running(self._running_jobs())
        return max(0, self._admission.places - self._admission.taken)

    def jobs(self) -> dict[str, RunningJob]:
        """Every job that runs now, by its id."""
        if not self._started:
            return {}  # the framework has no jobs to ask for yet
        return {info.job.id: _running(info.job) for info in self.active_jobs}

    def _running_jobs(self) -> set[str]:
        return {info.job.id for info in self.active_jobs}


def _running(job: Job) -> RunningJob:
    order = read_metadata(job.metadata)
    call_id = order.call_id if isinstance(order, JobMetadata) else call_of_job(job.id)
    return RunningJob(call_id, job.room.name)


def prepare_job_process(prepare: PrepareProcess, worker: int, process: JobProcess) -> None:
    """Runs once in each job process, before a call comes.

    An exception here would make the framework start processes in a tight loop while it goes on
    taking calls, so `prepare` keeps its errors for the call.

    A SIGTERM to the whole group (systemd, a closing terminal) must drain the worker and not kill
    the calls; only the worker process decides when a job ends.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(worker)
    prepare(process)


async def run_until_signalled(worker: Worker, on_drain: Callable[[], None]) -> None:
    """Run the worker; the first SIGTERM or SIGINT drains it, a second one ends it at once.

    Raises LiveKitUnavailable when the connection is given up.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            raise SystemExit(1)
        on_drain()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    running = asyncio.create_task(worker.run(), name="worker")
    stopping = asyncio.create_task(stop.wait(), name="signal")
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await _drain(worker)
            await worker.aclose()
        await running
    except RuntimeError as error:
        raise LiveKitUnavailable(f"LiveKit: {error}; check LIVEKIT_URL and that it runs") from None
    finally:
        stopping.cancel()


async def _drain(worker: Worker) -> None:
    waiting: Awaitable[None] = worker.drain()
    try:
        await waiting
    except TimeoutError:
        log.warning("drain_timed_out_calls_are_ended")
