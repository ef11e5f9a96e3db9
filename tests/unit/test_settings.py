"""Settings: what is read, what wins, and what a person is told."""

import pickle
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.settings import Settings, load_settings


def load(environ: dict[str, str], **extra: str) -> Settings:
    return load_settings(extra=extra, environ=environ, env_file=None)


def test_the_guides_name_for_livekits_url_is_understood() -> None:
    assert load({"LIVEKIT_WS_URL": "wss://example.livekit.cloud"}).livekit_url == (
        "wss://example.livekit.cloud"
    )


def test_the_environment_beats_the_env_file_and_the_file_beats_the_stack(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OPENAI_CHAT_MODEL=gpt-5.6-luna\nVOICE_NL=openai:ash\nPLAYBOOK=winter\n")
    settings = load_settings(
        extra={"PLAYBOOK": "stack", "DEEPGRAM_MODEL": "stack"},
        environ={"OPENAI_CHAT_MODEL": "gpt-6-sol"},
        env_file=file,
    )
    assert (settings.openai_chat_model, settings.playbook, settings.deepgram_model) == (
        "gpt-6-sol",
        "winter",
        "stack",
    )
    assert settings.voices == {"nl": "openai:ash"}


def test_ones_own_key_is_never_sent_to_a_stand_ins_address() -> None:
    settings = load(
        {"OPENAI_API_KEY": "example-own"},
        OPENAI_API_KEY="example",
        OPENAI_BASE_URL="http://127.0.0.1:1/v1",
        DEEPGRAM_API_KEY="example",
        DEEPGRAM_BASE_URL="http://127.0.0.1:1/deepgram",
    )
    assert settings.openai_api_key == "example-own"
    assert settings.openai_base_url is None
    assert settings.deepgram_base_url == "http://127.0.0.1:1/deepgram"


def test_what_the_stack_took_over_from_the_environment_stays_together() -> None:
    settings = load(
        {"LIVEKIT_API_KEY": "k", "LIVEKIT_API_SECRET": "s"},
        LIVEKIT_API_KEY="k",
        LIVEKIT_API_SECRET="s",
        LIVEKIT_URL="ws://127.0.0.1:7880",
    )
    assert settings.livekit_url == "ws://127.0.0.1:7880"


def test_a_stacks_made_up_trunk_credentials_do_not_get_into_a_livekit_of_ones_own() -> None:
    stack = {"LIVEKIT_URL": "ws://127.0.0.1:7880", "TELNYX_SIP_USERNAME": "example-user"}
    mine = {"LIVEKIT_URL": "wss://example.livekit.cloud"}
    settings = load_settings(extra=stack, environ=mine, env_file=None)
    assert settings.telnyx_sip_username is None
    settings = load_settings(extra=stack, environ={}, env_file=None)
    assert settings.telnyx_sip_username == "example-user"


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SettingsError, match="LIVEKIT_URL, DATABASE_URL not set"):
        load({"OPENAI_API_KEY": "x"}).need("LIVEKIT_URL", "OPENAI_API_KEY", "DATABASE_URL")


@pytest.mark.parametrize(
    ("name", "value"),
    [("LIVEKIT_URL", "localhost:7880"), ("MAX_CALL_MINUTES", "ten"), ("IDLE_PROCESSES", "0")],
)
def test_a_malformed_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({name: value})


def test_a_malformed_secret_is_not_shown() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL") as refused:
        load({"DATABASE_URL": "example-user:example-password@host"})
    assert "example-password" not in str(refused.value)


def test_settings_reach_a_job_process_as_they_are() -> None:
    settings = load({"PLAYBOOK": "winter"})
    assert pickle.loads(pickle.dumps(settings)) == settings
