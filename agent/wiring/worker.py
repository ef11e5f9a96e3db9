"""The worker process, put together."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from livekit.agents.utils import http_context

from agent.playbook.prompts import Prompts, load_prompts
from agent.settings import Settings
from agent.store.calls import CallStore
from agent.store.crashed import CrashedCalls
from agent.store.database import Database
from agent.store.heartbeats import ProcessKind
from agent.store.retention import Retention
from agent.store.spool import recover
from agent.telephony import probe
from agent.telephony.livekit_api import client
from agent.voice.saying import Saying
from agent.voice.voices import build_chain
from agent.wiring.job import build_call_parts, prepare_process, speech_cache, spool_dir
from agent.wiring.outbound_calls import outbound_settings
from agent.wiring.process import keep_beating
from agent.worker.admission import Admission
from agent.worker.ended_jobs import EndedJobs
from agent.worker.health import HealthServer
from agent.worker.server import Worker, run_until_signalled

log = structlog.get_logger(__name__)

_RECOVER_SECONDS = 15.0
"""Between looks at the folder of records that could not be stored when their call ended."""


async def run_worker(settings: Settings) -> None:
    """Check what can be checked, render the fixed lines, take calls until signalled.

    Raises CallError for everything that a person can fix.
    """
    settings.need(
        *("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"),
        *("OPENAI_API_KEY", "DEEPGRAM_API_KEY", "DATABASE_URL"),
    )
    prompts = load_prompts(settings.prompts_dir, settings.playbook)
    outbound_settings(settings)  # a number or a sip_config/ that no job could use
    await probe.check(settings)
    async with http_context.open():
        for code in prompts.texts.opening:
            await _render_lines(settings, prompts, code)
    admission = Admission(settings.max_concurrent_calls)
    worker = Worker(
        url=settings.livekit_url or "",
        api_key=settings.livekit_api_key or "",
        api_secret=settings.livekit_api_secret or "",
        agent_name=settings.agent_name,
        build=partial(build_call_parts, settings),
        prepare=partial(prepare_process, settings),
        admission=admission,
        idle_processes=settings.idle_processes,
        drain_seconds=settings.drain_seconds,
        preload=["agent.wiring.preload"],
    )
    draining = asyncio.Event()
    async with HealthServer(
        settings.health_host,
        settings.health_port,
        lambda: worker.connected and not draining.is_set(),
    ):
        background = [
            asyncio.create_task(_recover_records(settings), name="recover records"),
            asyncio.create_task(_look_after_calls(settings, worker), name="ended_jobs"),
            asyncio.create_task(_tell_places(settings, worker, draining), name="heartbeat"),
            asyncio.create_task(delete_what_is_old(settings), name="retention"),
            asyncio.create_task(_render_other_lines(settings, prompts), name="lines"),
        ]
        for task in background:
            task.add_done_callback(_tell_of_death)
        try:
            await run_until_signalled(worker, draining.set)
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)


async def _render_lines(settings: Settings, prompts: Prompts, code: str) -> None:
    """The fixed lines of a language, spoken by its voice, onto the disk that jobs read from."""
    text = prompts.texts[code]
    say = Saying(prompts.forms[code], text.pronunciations)
    voice = build_chain(settings, code, say)
    try:
        unspoken = await speech_cache(settings, code, say).render(text.spoken_ahead(), voice)
    finally:
        await voice.aclose()
    if unspoken:
        log.error("lines_not_rendered", count=len(unspoken), language=code)


async def _render_other_lines(settings: Settings, prompts: Prompts) -> None:
    """What no call begins with is made while calls are taken already."""
    async with http_context.open():
        for code in prompts.texts.languages:
            if code not in prompts.texts.opening:
                await _render_lines(settings, prompts, code)


def _tell_of_death(task: asyncio.Task[None]) -> None:
    """These tasks end with the worker only. One that does not is a bug, and must not be silent."""
    if not task.cancelled() and task.exception() is not None:
        log.error("background_task_died", task=task.get_name(), exc_info=task.exception())


async def _recover_records(settings: Settings) -> None:
    """Bring records that a call had to leave on disk into the database, now and from then on."""
    async with Database(settings.database_url or "", max_size=1) as database:
        while True:
            await recover(spool_dir(settings), CallStore(database))
            await asyncio.sleep(_RECOVER_SECONDS)


async def _tell_places(settings: Settings, worker: Worker, draining: asyncio.Event) -> None:
    """How many calls this worker can take; none while it drains."""

    def detail() -> dict[str, int | str]:
        free = 0 if draining.is_set() else worker.free_capacity
        return {
            "agent": settings.agent_name,
            "places": settings.max_concurrent_calls,
            "free": free,
        }

    await keep_beating(settings, ProcessKind.WORKER, detail)


async def delete_what_is_old(settings: Settings) -> None:
    """Keep recordings and words for RETENTION_DAYS: where workers are, recordings are."""
    async with Database(settings.database_url or "", max_size=2) as database:
        keep = timedelta(days=settings.retention_days)
        now = partial(datetime.now, UTC)
        await Retention(database, settings.recordings_dir, keep, now).run()


async def _look_after_calls(settings: Settings, worker: Worker) -> None:
    async with (
        Database(settings.database_url or "", max_size=2) as database,
        client(settings) as livekit,
    ):
        records = CrashedCalls(database, spool_dir(settings))
        await EndedJobs(worker, livekit, records, partial(datetime.now, UTC)).run()
