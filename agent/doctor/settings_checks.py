"""Settings and secrets: what is missing, and what is an example's or readable by others."""

from collections.abc import Sequence

from agent.doctor.findings import Finding, error, ok, warning
from agent.domain.phone_numbers import parse
from agent.errors import Refused
from agent.settings import Environment, Settings

NEEDED = {
    "LiveKit": ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"),
    "database": ("DATABASE_URL",),
    "OpenAI": ("OPENAI_API_KEY",),
    "Deepgram": ("DEEPGRAM_API_KEY",),
}
"""The variables that each part needs."""
_REMEDY = "set it in .env (.env.example explains it), or start `python agent.py stack`"


def missing(settings: Settings, whose: str, names: Sequence[str]) -> list[Finding]:
    """An error for each of these variables that is not set; `whose` if all are."""
    unset = [name for name in names if getattr(settings, name.lower()) in (None, "")]
    if unset:
        return [error("setting_missing", f"{name} is not set", _REMEDY) for name in unset]
    return [ok("settings", whose)]


def judge_numbers(settings: Settings) -> list[Finding]:
    """PHONE_NUMBER and ALLOWED_COUNTRIES."""
    found: list[Finding] = []
    number = settings.phone_number
    try:
        wanted = str(parse(number))
    except Refused as refusal:
        remedy = "write it like +3226010500"
        found.append(error("phone_number", f"PHONE_NUMBER {number!r}: {refusal}", remedy))
    else:
        if wanted != number:
            says = f"PHONE_NUMBER {number!r} is not in E.164 form: rules compare letter by letter"
            found.append(error("phone_number", says, f"write {wanted}"))
    countries = [each.strip() for each in settings.allowed_countries.split(",") if each.strip()]
    odd = [each for each in countries if len(each) != 2 or not each.isalpha()]
    if odd or not countries:
        says = f"ALLOWED_COUNTRIES {settings.allowed_countries!r}: no call out would be allowed"
        found.append(warning("allowed_countries", says, "write codes like BE,FR"))
    return found or [ok("numbers", f"our number {number}")]


def judge_exposure(
    settings: Settings, secrets: Sequence[str], files: Sequence[str]
) -> list[Finding]:
    """What production refuses to start with, in words (`exposure`).

    `secrets`: weak and example secrets; `files`: what others can read.
    """
    judge = error if settings.environment is Environment.PRODUCTION else warning
    found = [
        judge("weak_secret", fault, "make a new one: `openssl rand -base64 48`")
        for fault in secrets
    ]
    found += [judge("readable_by_others", fault, fault.rpartition(": ")[2]) for fault in files]
    return found or [ok("secrets", "no example secrets")]
