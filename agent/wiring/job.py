"""The parts of one call, built in the job process from the settings it was handed."""

from datetime import UTC, datetime, time
from functools import partial
from uuid import uuid4
from zoneinfo import ZoneInfo

from livekit.agents import JobProcess

from agent.conversation.phrases import load_phrases
from agent.conversation.playbook import Playbook, opening_range
from agent.conversation.playbook_file import load_playbook
from agent.conversation.speech_rules import load_speech_rules
from agent.domain.appointments import Opening, OpeningHours
from agent.settings import Settings
from agent.store.calendar import PostgresCalendar
from agent.store.calls import CallStore
from agent.store.journal import Journal
from agent.store.pool import open_pool
from agent.voice.pipeline import build_pipeline
from agent.voice.spoken_ahead import SpokenAhead
from agent.wiring.logs import configure_job_logs
from agent.worker.parts import CallParts

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def spoken_ahead(settings: Settings) -> SpokenAhead:
    """The cache of rendered lines for the voice that these settings choose."""
    voice = f"{settings.openai_base_url}|{settings.openai_speech_model}|{settings.openai_voice}"
    return SpokenAhead(settings.speech_cache_dir, voice)


async def build_call_parts(settings: Settings, process: JobProcess) -> CallParts:
    """Everything one call needs. Reaches nothing that the caller would have to wait for."""
    configure_job_logs()
    settings.need("DATABASE_URL")
    playbook = load_playbook(settings.prompts_dir, settings.playbook)
    pipeline = build_pipeline(settings, playbook.language, process.userdata["vad"])
    spoken = spoken_ahead(settings)
    await spoken.render(playbook.spoken_ahead(), pipeline.tts)
    pool = await open_pool(settings.database_url or "")
    store = CallStore(pool)
    journal = Journal(store, settings.recordings_dir / "unsaved")
    hours = opening_hours(playbook)
    return CallParts(
        playbook=playbook,
        phrases=load_phrases(settings.prompts_dir / "phrases" / f"{playbook.language}.yaml"),
        rules=load_speech_rules(settings.prompts_dir, playbook),
        pipeline=pipeline,
        spoken=spoken,
        journal=journal,
        calendar=PostgresCalendar(pool, hours) if hours else None,
        prompts_dir=settings.prompts_dir,
        recordings_dir=settings.recordings_dir,
        max_call_seconds=settings.max_call_minutes * 60.0,
        now=partial(datetime.now, UTC),
        new_id=uuid4,
        close=pool.close,
    )


def opening_hours(playbook: Playbook) -> OpeningHours | None:
    """The playbook's opening hours as the calendar reads them; None without appointments."""
    wanted = playbook.appointment
    if wanted is None:
        return None
    return OpeningHours(
        week={
            _WEEKDAYS.index(day): tuple(_opening(text) for text in ranges)
            for day, ranges in wanted.open.items()
        },
        zone=ZoneInfo(wanted.time_zone),
        slot_minutes=wanted.minutes,
        lead_minutes=wanted.lead_hours * 60,
        horizon_days=wanted.days_ahead,
    )


def _opening(text: str) -> Opening:
    start, end = opening_range(text)
    return Opening(time(start.hour, start.minute), time(end.hour, end.minute))
