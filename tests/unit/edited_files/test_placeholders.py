"""What an example left to be filled in is not taken for a value, and a value not for that."""

import pytest

from agent.edited_files.placeholders import example_host_in, placeholder_in
from agent.errors import SettingsError
from agent.settings import load_settings


@pytest.mark.parametrize(
    "value",
    [
        "<your_telnyx_username>",
        "your_api_key",
        "your-api-key",
        "YOUR_OPENAI_KEY",
        "votre_cle",
        "jouw-sleutel",
        "Ihr_Passwort",
        "changeme",
        "CHANGE_ME",
        "change-this",
        "replace_with_your_key",
        "insert-key-here",
        "xxx",
        "XXXXXXXX",
        "sk-xxxxxxxx",
        "sk-...",
        "ST_\N{HORIZONTAL ELLIPSIS}",
        "ST_xxxx",
        "{{ api_key }}",
        "[your key]",
        "****************",
        "TODO",
        "wss://your-project.livekit.cloud",
        "wss://<project>.livekit.cloud",
        "postgresql://user:password@host:5432/database",
        "ws://host:7880",
        "postgresql://postgres:[YOUR-PASSWORD]@db.fernhill.test:5432/postgres",
        "+1XXXXXXXXXX",
        "+32XXXXXXX",
        "+1234567890",
    ],
)
def test_a_placeholder_is_known(value: str) -> None:
    assert placeholder_in(value) is not None


@pytest.mark.parametrize(
    "value",
    [
        "example-password",
        "wss://fernhill-a1b2.livekit.cloud",
        "postgresql://postgres:local-stand-in@127.0.0.1:5432/postgres",
        "postgresql://ours:%24pw@hosting.fernhill.test/calls",
        "+3226010500",
        "ai-sales-agent",
        "gpt-4.1",
        "APIxR3kfXx2mQ",
        "a" * 43,
        "Zm9vYmFyYmF6cXV4eHh4eXp6eQ==",
        "ST_in",
        "BE,FR",
        "/srv/yours/recordings",
        "redis://server:6379",
        "k3_uw-Qa9Vos-x2_ihr-Zz",
        "sip:abc123.sip.livekit.cloud",
    ],
)
def test_a_value_is_none(value: str) -> None:
    assert placeholder_in(value) is None


@pytest.mark.parametrize(
    "url",
    ["https://calls.example.com", "wss://example.org:7880/x", "sip.example.net",
     "postgresql://a:b@db.example.com/c", "http://example.com"],
)  # fmt: skip
def test_an_example_host_is_nobodys(url: str) -> None:
    assert example_host_in(url)
    assert not example_host_in("https://myexample.com")
    assert not example_host_in("https://example.fernhill.test")


def test_every_placeholder_of_the_settings_is_named_with_what_belongs_there() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(
            environ={
                "OPENAI_API_KEY": "sk-" + "x" * 10,
                "LIVEKIT_URL": "wss://your-project.livekit.cloud",
                "PUBLIC_URL": "https://calls.example.com",
                "SOMEBODY_ELSES_KEY": "changeme",
            },
            env_file=None,
        )
    told = str(refused.value)
    assert "OPENAI_API_KEY still holds a placeholder: put in a key from platform.openai.com" in told
    assert (
        "LIVEKIT_URL still holds the placeholder your-project: put in your server's address" in told
    )
    assert "PUBLIC_URL still holds the placeholder" in told
    assert "SOMEBODY" not in told
    assert "sk-x" not in told


def test_an_empty_variable_holds_no_placeholder() -> None:
    assert load_settings(environ={"OPENAI_API_KEY": ""}, env_file=None).openai_api_key is None
