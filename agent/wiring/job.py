"""The parts of one call: what can be made ready before it comes, and what belongs to its loop."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from livekit.agents import JobProcess

from agent.domain.appointments import Opening, OpeningHours
from agent.domain.phrases import Phrases
from agent.domain.promises import SpeechRules
from agent.errors import CallError
from agent.logs.setup import configure_job_logs
from agent.playbook.answers import answers_model
from agent.playbook.load import load_playbook
from agent.playbook.model import Playbook, opening_range
from agent.playbook.phrases import load_phrases
from agent.playbook.speech_rules import load_speech_rules
from agent.settings import Settings
from agent.store.calendar import PostgresCalendar
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.journal import Journal
from agent.telephony.dispatch import JobMetadata
from agent.telephony.livekit_api import client
from agent.voice.pipeline import Pipeline, build_pipeline, load_vad, warm_up
from agent.voice.recognisers import expect
from agent.voice.speech_cache import SpeechCache
from agent.voice.voices import voice_key
from agent.wiring.dialling import our_number, trunk_name
from agent.wiring.outbound import outbound_parts
from agent.worker.parts import CallParts
from agent.worker.warm_transfer import TransferLine

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KEY = "prepared"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What an idle job process has in hand when a call comes: nothing here needs an event loop."""

    playbook: Playbook
    phrases: Phrases
    rules: SpeechRules
    pipeline: Pipeline
    spoken: SpeechCache


def prepare_process(settings: Settings, process: JobProcess) -> None:
    """Fill a new job process. What goes wrong is kept, and raised when a call needs it."""
    configure_job_logs()
    try:
        process.userdata[_KEY] = _prepare(settings)
    except CallError as error:
        process.userdata[_KEY] = error


async def build_call_parts(
    settings: Settings, process: JobProcess, order: JobMetadata | None
) -> CallParts:
    """Everything one call needs. Reaches nothing that a caller would have to wait for.

    With an order, of a call that we place, it asks Postgres whom to call; nobody waits then. Raises
    Refused when that call was given up meanwhile.
    """
    prepared: Prepared | CallError = process.userdata[_KEY]
    if isinstance(prepared, CallError):
        raise prepared
    settings.need("DATABASE_URL")
    database = Database(settings.database_url or "")
    outbound = await outbound_parts(settings, database, order) if order else None
    wanted = outbound.attempt.request.playbook if outbound else None
    if wanted not in (None, prepared.playbook.name):
        prepared = await asyncio.to_thread(_prepare, settings, wanted)
    playbook = prepared.playbook
    # Usually all there, from the worker's start.
    await prepared.spoken.render(playbook.spoken_ahead(), prepared.pipeline.tts)

    livekit = outbound.livekit if outbound else client(settings, failover=False)

    async def close() -> None:
        await livekit.aclose()
        await database.close()

    call_id = order.call_id if order else uuid4()
    hours = opening_hours(playbook)
    return CallParts(
        call_id=call_id,
        playbook=playbook,
        phrases=prepared.phrases,
        rules=prepared.rules,
        pipeline=prepared.pipeline,
        spoken=prepared.spoken,
        journal=Journal(call_id, CallStore(database), spool_dir(settings)),
        calendar=PostgresCalendar(database, hours) if hours else None,
        livekit_secret=settings.livekit_api_secret or "",
        prompts_dir=settings.prompts_dir,
        recordings_dir=settings.recordings_dir,
        max_call_seconds=settings.max_call_minutes * 60.0,
        now=partial(datetime.now, UTC),
        close=close,
        person_line=TransferLine(livekit, trunk_name(), our_number(settings)),
        outbound=outbound,
    )


def spoken_ahead(settings: Settings, language: str) -> SpeechCache:
    """The cache of rendered lines for the voice that these settings choose for a language."""
    return SpeechCache(settings.speech_cache_dir, voice_key(settings, language))


def spool_dir(settings: Settings) -> Path:
    """Where records wait on disk for a database that was away when their call ended."""
    return settings.recordings_dir / "unsaved"


def opening_hours(playbook: Playbook) -> OpeningHours | None:
    """The playbook's opening hours as the calendar reads them; None without appointments."""
    wanted = playbook.appointment
    if wanted is None:
        return None
    return OpeningHours(
        week={
            _WEEKDAYS.index(day): tuple(Opening(*opening_range(text)) for text in ranges)
            for day, ranges in wanted.open.items()
        },
        zone=ZoneInfo(wanted.time_zone),
        slot_minutes=wanted.minutes,
        lead_minutes=wanted.lead_hours * 60,
        horizon_days=wanted.days_ahead,
    )


def _prepare(settings: Settings, name: str | None = None) -> Prepared:
    playbook = load_playbook(settings.prompts_dir, name or settings.playbook)
    spoken = spoken_ahead(settings, playbook.language)
    spoken.load(playbook.spoken_ahead())
    warm_up()
    answers_model(playbook.questions).model_json_schema()
    return Prepared(
        playbook=playbook,
        phrases=load_phrases(settings.prompts_dir / "phrases" / f"{playbook.language}.yaml"),
        rules=load_speech_rules(settings.prompts_dir, playbook),
        pipeline=build_pipeline(settings, expect(playbook.language, playbook.terms), load_vad()),
        spoken=spoken,
    )
