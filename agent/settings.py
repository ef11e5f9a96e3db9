"""The only reader of the environment. Everything else is given values.

Order of precedence: the process environment, then `.env`, then what a running local stack offers
(`extra`, read by the command line from its state file).
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import (
    AliasChoices,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    StringConstraints,
)
from pydantic import ValidationError as PydanticValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from agent.edited_files.env_file import read_env
from agent.edited_files.placeholders import example_host_in, placeholder_in
from agent.errors import FileError, SettingsError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout (or the image's /app): prompts/, sip_config/ and .stack/ are found from here."""

_GROUPS = (
    ("LIVEKIT_URL", "LIVEKIT_WS_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"),
    ("DATABASE_URL", "DIRECT_DATABASE_URL"),
    ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
    ("DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL"),
    ("API_JWT_SECRET", "API_JWKS_URL"),
    ("TELNYX_API_KEY", "TELNYX_API_URL"),
    ("TELNYX_SIP_USERNAME", "TELNYX_SIP_PASSWORD"),
)
"""Variables that only make sense together."""

_VOICE = "VOICE_"
"""What the variable of a language's voice begins with: VOICE_NL."""

_OF_THE_LOCAL_LIVEKIT = ("TELNYX_SIP_USERNAME", "TELNYX_SIP_PASSWORD")
"""A stack's made-up credentials of its trunk: nothing to be written into a LiveKit of one's own."""

MIN_SECRET_BYTES = 32
"""RFC 7518: an HS256 key is at least as long as its hash."""

Url = Annotated[str, StringConstraints(pattern=r"^[a-z]+://\S+$", strip_whitespace=True)]
PastedUrl = Annotated[str, StringConstraints(pattern="://", strip_whitespace=True)]
"""With whatever stood around it; agent/store/database_url.py reads it."""


class Environment(StrEnum):
    """Where this runs. Production refuses to start with what only a laptop may have."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """Every setting of every process. Frozen and picklable: job processes are handed it.

    A value that a process cannot do without is asked for with `need()`, which names the variable.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    livekit_url: Url | None = Field(
        None, validation_alias=AliasChoices("LIVEKIT_URL", "LIVEKIT_WS_URL")
    )
    livekit_api_key: str | None = None
    livekit_api_secret: str | None = None
    agent_name: str = "ai-sales-agent"

    database_url: PastedUrl | None = None
    direct_database_url: PastedUrl | None = None
    redis_url: Url | None = None

    openai_api_key: str | None = None
    openai_base_url: Url | None = None
    openai_chat_model: str = "gpt-6-luna"
    openai_reasoning_effort: str = "none"
    openai_speech_model: str = "gpt-4o-mini-tts"
    chat_second: str | None = None
    chat_second_api_key: str | None = None
    deepgram_api_key: str | None = None
    deepgram_base_url: Url | None = None
    deepgram_model: str = "nova-3"
    deepgram_language: str = "multi"
    recogniser_second: str | None = None
    voices: Mapping[str, str] = {}
    """VOICE_<CODE> of each language that has one, by its code in lower case."""
    cartesia_api_key: str | None = None

    phone_number: str = "+3226010500"
    playbook: str = "default"
    prompts_dir: Path = ROOT / "prompts"
    recordings_dir: Path = ROOT / "recordings"
    speech_cache_dir: Path = Path("~/.cache/ai-sales-call/speech").expanduser()

    max_concurrent_calls: PositiveInt = 8
    idle_processes: PositiveInt = 2
    max_call_minutes: PositiveInt = 15
    allowed_countries: str = "BE"
    calls_per_number_per_day: PositiveInt = 3
    daily_budget: NonNegativeInt | None = None
    price_per_minute: PositiveInt = 5
    trunk_calls_per_second: PositiveFloat = 1.0
    ringing_seconds: Annotated[int, Field(ge=5, le=120)] = 30
    drain_seconds: PositiveInt = 1800
    health_host: str = "127.0.0.1"
    health_port: NonNegativeInt = 8081

    environment: Environment = Environment.DEVELOPMENT
    api_host: str = "127.0.0.1"
    api_port: NonNegativeInt = 3001
    api_jwt_secret: str | None = None
    api_jwks_url: Url | None = None
    api_jwt_audience: str = "ai-sales-call"
    api_jwt_issuer: str = "ai-sales-call"
    api_requests_per_minute: PositiveInt = 120
    api_requests_per_minute_overall: PositiveInt = 1200
    api_docs: bool = True
    retention_days: PositiveInt = 90

    talk: bool = False
    talk_host: str = "127.0.0.1"
    talk_port: NonNegativeInt = 3002
    livekit_browser_url: Url | None = None

    telnyx_api_key: str | None = None
    telnyx_api_url: Url | None = None
    telnyx_sip_username: str | None = None
    telnyx_sip_password: str | None = None
    livekit_sip_uri: str | None = None
    public_url: Url | None = None
    telnyx_public_key: str | None = None
    telnyx_public_key_old: str | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` merged: never the environment behind its back."""
        return (init_settings,)

    def need(self, *names: str) -> None:
        """Raise SettingsError naming every variable of `names` that is not set."""
        missing = [name for name in names if getattr(self, name.lower()) in (None, "")]
        if missing:
            raise SettingsError(
                f"{', '.join(missing)} not set: export it, or copy .env.example to .env and fill "
                "it in, or start the local stack (`python agent.py stack`)"
            )


def load_settings(
    *,
    extra: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    env_file: Path | None = ROOT / ".env",
) -> Settings:
    """Settings from the environment, `.env` and `extra`, strongest first.

    Raises SettingsError naming the variable and what is wrong with it.
    """
    found = read_environment(environ=environ, env_file=env_file)
    merged = {**_not_contradicting(extra or {}, found), **found}
    # Field names are the variables' names in lower case; aliases are looked up as written.
    values = {
        key if key == "LIVEKIT_WS_URL" or key == "LIVEKIT_URL" else key.lower(): value
        for key, value in merged.items()
        if value.strip()
    }
    _refuse_placeholders(merged)
    voices = {
        key.removeprefix(_VOICE).lower(): value
        for key, value in merged.items()
        if key.startswith(_VOICE) and value.strip()
    }
    try:
        return Settings(**values, voices=voices)  # type: ignore[arg-type]  # parsed and validated by pydantic
    except PydanticValidationError as error:
        raise SettingsError(
            "; ".join(
                f"{str(item['loc'][0]).upper()}: {item['msg']} (got {_shown(item)})"
                for item in error.errors()
            )
        ) from None


def read_environment(
    *, environ: Mapping[str, str] | None = None, env_file: Path | None = ROOT / ".env"
) -> dict[str, str]:
    """The variables that a person has set, in the process or in `.env`; empty ones left out.

    Raises SettingsError naming the line of `.env` that cannot be read.
    """
    try:
        from_file = read_env(env_file) if env_file is not None else {}
    except FileError as error:
        raise SettingsError(str(error)) from None
    merged = {**from_file, **(os.environ if environ is None else environ)}
    return {key: value for key, value in merged.items() if value}


def child_environment(**changes: str) -> dict[str, str]:
    """The environment for a process that we start: ours, with `changes`."""
    return {**os.environ, **changes}


def _refuse_placeholders(variables: Mapping[str, str]) -> None:
    """Name every variable of ours that still holds what an example left to be filled in."""
    left = []
    for name, value in variables.items():
        if name.lower() not in Settings.model_fields and name not in _GROUPS[0]:
            continue
        if name in _NONE_IS_A_VALUE:
            continue
        found = placeholder_in(value)
        if found is None and name.endswith(("_URL", "_URI")):
            found = example_host_in(value)
        if found is not None:
            shown = "a placeholder" if name.endswith(_SECRET) else f"the placeholder {found}"
            left.append(f"{name} still holds {shown}: put in {_BELONGS.get(name, _ELSE)}")
    if left:
        raise SettingsError("; ".join(left))


_SECRET = ("_KEY", "_SECRET", "_PASSWORD", "_KEY_OLD")
_NONE_IS_A_VALUE = ("OPENAI_REASONING_EFFORT",)
_ELSE = "your own value, or leave it empty (.env.example explains it)"
_BELONGS = {
    "LIVEKIT_URL": "your server's address (LiveKit Cloud: Settings, Keys)",
    "LIVEKIT_WS_URL": "your server's address (LiveKit Cloud: Settings, Keys)",
    "LIVEKIT_API_KEY": "your server's key (LiveKit Cloud: Settings, Keys)",
    "LIVEKIT_API_SECRET": "the secret of LIVEKIT_API_KEY",
    "DATABASE_URL": "your Postgres, or leave it empty for a local one",
    "OPENAI_API_KEY": "a key from platform.openai.com, or leave it empty for a stand-in",
    "DEEPGRAM_API_KEY": "a key from console.deepgram.com, or leave it empty for a stand-in",
    "PHONE_NUMBER": "the number that customers dial, beginning with +",
    "TELNYX_API_KEY": "a key from Telnyx's portal (API Keys), or leave it empty",
    "TELNYX_SIP_USERNAME": "the user name of your SIP connection at Telnyx",
    "TELNYX_SIP_PASSWORD": "the password of your SIP connection at Telnyx",
    "PUBLIC_URL": "where the internet reaches your API, or leave it empty",
}


def checked_secret(secret: str) -> str:
    """`secret`, if it cannot be guessed. Raises SettingsError naming the variable."""
    if len(secret.encode()) < MIN_SECRET_BYTES or len(set(secret)) < 8:
        raise SettingsError(
            f"API_JWT_SECRET must be {MIN_SECRET_BYTES} random bytes or more: make one with "
            "`openssl rand -base64 48`"
        )
    return secret


def _not_contradicting(extra: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """The stack's settings, minus the providers that the person configured.

    One's own key must not be sent to a stand-in's address, nor a stand-in's key to a provider.
    """
    contradicted = {
        name
        for group in _GROUPS
        if any(name in found and found[name] != extra.get(name) for name in group)
        for name in group
    }
    if "LIVEKIT_URL" in contradicted:
        contradicted |= set(_OF_THE_LOCAL_LIVEKIT)
    return {name: value for name, value in extra.items() if name not in contradicted}


def _shown(item: object) -> str:
    """The offending value, unless the variable is a secret."""
    assert isinstance(item, dict)
    name = str(item["loc"][0]).lower()
    secret = any(word in name for word in ("key", "secret", "password", "database_url"))
    return "a value not shown" if secret else repr(item.get("input"))
