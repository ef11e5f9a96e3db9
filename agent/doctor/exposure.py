"""What may stand on a laptop but not in production: weak secrets, open docs, a readable `.env`."""

import stat
from pathlib import Path

import structlog

from agent.errors import SettingsError
from agent.settings import ROOT, Environment, Settings, checked_secret

log = structlog.get_logger(__name__)

_EXAMPLES = frozenset(
    {"changeme", "change-me", "devkey", "example-password", "password", "secret", "stand-in"}
)


def check_exposure(settings: Settings, *, env_file: Path = ROOT / ".env") -> None:
    """Refuse in production what is dangerous there; elsewhere only say it.

    Raises SettingsError with every fault, so that a person corrects all of them at once.
    """
    faults = [*secret_faults(settings), *_docs_faults(settings), *file_faults(env_file)]
    if not faults:
        return
    if settings.environment is Environment.PRODUCTION:
        raise SettingsError("not fit for ENVIRONMENT=production: " + "; ".join(faults))
    for fault in file_faults(env_file):
        log.warning("settings_exposed", fault=fault)


def secret_faults(settings: Settings) -> list[str]:
    """Secrets that are short, or an example's; in words, without the secret."""
    faults = []
    given = {
        "LIVEKIT_API_SECRET": settings.livekit_api_secret,
        "OPENAI_API_KEY": settings.openai_api_key,
        "DEEPGRAM_API_KEY": settings.deepgram_api_key,
        "API_JWT_SECRET": settings.api_jwt_secret,
    }
    for name, value in given.items():
        if value is not None and value.strip().lower() in _EXAMPLES:
            faults.append(f"{name} is an example's, not a secret")
    livekit = settings.livekit_api_secret
    if livekit is not None and len(livekit) < 32:
        faults.append("LIVEKIT_API_SECRET has fewer than 32 characters")
    if settings.api_jwt_secret is not None:
        try:
            checked_secret(settings.api_jwt_secret)
        except SettingsError as error:
            faults.append(str(error))
    if settings.database_url is not None and ":example-password@" in settings.database_url:
        faults.append("DATABASE_URL has an example's password")
    return faults


def _docs_faults(settings: Settings) -> list[str]:
    return ["API_DOCS must be false"] if settings.api_docs else []


def file_faults(env_file: Path = ROOT / ".env") -> list[str]:
    """What others on this machine can read: in words, the command that fixes it after a colon."""
    if not env_file.is_file():
        return []
    if env_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return [f"{env_file.name} can be read by others: chmod 600 {env_file.name}"]
    return []
