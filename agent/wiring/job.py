"""The parts of one call: what can be made ready before it comes, and what belongs to its loop."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from random import SystemRandom
from uuid import uuid4

from livekit.agents import JobProcess
from livekit.api import LiveKitAPI

from agent.domain.appointments import Calendar, MemoryCalendar, OpeningHours
from agent.domain.attempts import seconds_per_call
from agent.domain.calls import CallOrigin
from agent.domain.identities import call_of_job
from agent.errors import CallError, Refused
from agent.logs.setup import configure_job_logs
from agent.playbook.answers import answers_model
from agent.playbook.model import Playbook
from agent.playbook.prompts import Prompts, load_prompts
from agent.settings import Settings
from agent.store.attempts import AttemptStore
from agent.store.calendar import PostgresCalendar
from agent.store.calls import CallStore
from agent.store.connections import JOB_CONNECTIONS
from agent.store.database import Database
from agent.store.dialings import DialingStore
from agent.store.journal import Journal
from agent.store.trunks import TrunkStore
from agent.telephony.dispatch import BrowserCall, JobMetadata
from agent.telephony.livekit_api import client
from agent.voice.pipeline import Pipeline, build_pipeline, load_vad, warm_up
from agent.voice.recognisers import expect
from agent.voice.saying import Saying
from agent.voice.speech_cache import SpeechCache
from agent.voice.voices import voice_key
from agent.wiring.outbound_calls import OutboundSettings, outbound_settings
from agent.worker.parts import CallParts, LanguageParts, OutboundParts
from agent.worker.warm_transfer import TransferLine

_KEY = "prepared"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What an idle job process has in hand when a call comes: nothing here needs an event loop."""

    prompts: Prompts
    pipeline: Pipeline
    languages: Mapping[str, LanguageParts]
    outbound: OutboundSettings


def prepare_process(settings: Settings, process: JobProcess) -> None:
    """Fill a new job process. What goes wrong is kept, and raised when a call needs it."""
    configure_job_logs()
    try:
        process.userdata[_KEY] = _prepare(settings)
    except CallError as error:
        process.userdata[_KEY] = error


async def build_call_parts(
    settings: Settings,
    process: JobProcess,
    metadata: JobMetadata | BrowserCall | None,
    job_id: str,
) -> CallParts:
    """Everything one call needs. Reaches nothing that a caller would have to wait for.

    With the metadata of a call that we place, it asks Postgres whom to call; nobody waits then.
    Raises Refused when that call was requeued meanwhile.
    """
    page = metadata if isinstance(metadata, BrowserCall) else None
    prepared: Prepared | CallError = process.userdata[_KEY]
    if isinstance(prepared, CallError):
        raise prepared
    settings.need("DATABASE_URL")
    database = Database(settings.database_url or "", max_size=JOB_CONNECTIONS)
    livekit = client(settings, failover=False)

    async def close() -> None:
        await livekit.aclose()
        await database.close()

    outbound: OutboundParts | None = None
    name = page.playbook if page else None
    if isinstance(metadata, JobMetadata):
        try:
            outbound = await _outbound_parts(prepared.outbound, database, livekit, metadata, job_id)
        except CallError:
            await close()
            raise
        name = outbound.attempt.request.playbook
    if name not in (None, prepared.prompts.playbook.name):
        prepared = await asyncio.to_thread(_prepare, settings, name)
    prompts = prepared.prompts
    playbook = prompts.playbook
    first = prepared.languages[playbook.language]
    # Usually all there, from the worker's start.
    await first.spoken.render(playbook.spoken_ahead(), prepared.pipeline.tts)
    for code, each in prepared.languages.items():
        each.spoken.load(prompts.texts[code].spoken_ahead())

    calls = CallStore(database)
    call_id = metadata.call_id if isinstance(metadata, JobMetadata) else call_of_job(job_id)
    hours = playbook.appointment.opening_hours() if playbook.appointment else None
    line = TransferLine(livekit, prepared.outbound.trunk, prepared.outbound.our_number)
    return CallParts(
        call_id=call_id,
        playbook=playbook,
        understanding=prompts.understanding,
        rules=prompts.rules,
        pipeline=prepared.pipeline,
        spoken=first.spoken,
        journal=Journal(call_id, calls, spool_dir(settings)),
        calendar=_calendar(database, hours, page) if hours else None,
        livekit_secret=settings.livekit_api_secret or "",
        prompts_dir=settings.prompts_dir,
        recordings_dir=settings.recordings_dir,
        max_call_seconds=settings.max_call_minutes * 60.0,
        now=partial(datetime.now, UTC),
        close=close,
        origin=CallOrigin.BROWSER if page else CallOrigin.PHONE,
        person_line=None if page else line,
        outbound=outbound,
        languages=prepared.languages,
        opening=prompts.texts.opening,
        marks=prompts.marks,
        last_language=calls.last_language,
    )


def _calendar(database: Database, hours: OpeningHours, page: BrowserCall | None) -> Calendar:
    return MemoryCalendar(hours, uuid4) if page else PostgresCalendar(database, hours)


async def _outbound_parts(
    ours: OutboundSettings,
    database: Database,
    livekit: LiveKitAPI,
    metadata: JobMetadata,
    job_id: str,
) -> OutboundParts:
    attempt = await AttemptStore(database).of_call(metadata.call_id)
    if attempt.call_id != metadata.call_id:
        raise Refused("this call was requeued: its agent came too late")
    return OutboundParts(
        attempt=attempt,
        trunk=ours.trunk,
        dial=ours.dial(attempt, metadata.trunk_id),
        dialings=DialingStore(database, job_id),
        trunks=TrunkStore(database),
        livekit=livekit,
        rules=ours.rules,
        seconds_per_call=seconds_per_call(ours.calls_per_second),
        new_id=uuid4,
        rng=SystemRandom(),
    )


def speech_cache(settings: Settings, language: str, say: Saying) -> SpeechCache:
    """The cache of rendered lines for the voice that these settings choose for a language."""
    return SpeechCache(settings.speech_cache_dir, f"{voice_key(settings, language)}|{say.version}")


def spool_dir(settings: Settings) -> Path:
    """Where records wait on disk for a database that was away when their call ended."""
    return settings.recordings_dir / "unsaved"


def prompts_of(settings: Settings, name: str | None = None) -> Prompts:
    """The playbook of that name, PLAYBOOK without one, and what goes with it. Raises PlaybookError.

    Read once a process: reading takes half a second, so the forkserver does it for all jobs.
    """
    return _prompts(settings.prompts_dir, name or settings.playbook)


@cache
def _prompts(prompts_dir: Path, name: str) -> Prompts:
    return load_prompts(prompts_dir, name)


def _prepare(settings: Settings, name: str | None = None) -> Prepared:
    prompts = prompts_of(settings, name)
    playbook = prompts.playbook
    says = {
        code: Saying(prompts.forms[code], text.pronunciations)
        for code, text in prompts.texts.by_language.items()
    }
    warm_up()
    answers_model(playbook.questions).model_json_schema()
    return Prepared(
        prompts=prompts,
        pipeline=build_pipeline(
            settings, expect(playbook.language, playbook.terms), load_vad(), says
        ),
        languages={
            code: _language(settings, prompts.texts[code], say) for code, say in says.items()
        },
        outbound=outbound_settings(settings),
    )


def _language(settings: Settings, text: Playbook, say: Saying) -> LanguageParts:
    cached = speech_cache(settings, text.language, say)
    cached.load(text.spoken_ahead())
    return LanguageParts(text, cached)
