"""Where the page to talk to the agent may be served, by the settings."""

import pytest

from agent.errors import SettingsError
from agent.settings import load_settings
from agent.wiring.dashboard import browser_url, check_talk

LAPTOP = {
    "LIVEKIT_URL": "ws://127.0.0.1:7880",
    "LIVEKIT_API_KEY": "example-key",
    "LIVEKIT_API_SECRET": "example-0123456789abcdef-0123456789abcdef",
    "DATABASE_URL": "postgresql://db.example/calls",
}
PRODUCTION = LAPTOP | {
    "ENVIRONMENT": "production",
    "API_DOCS": "false",
    "TALK": "true",
    "PUBLIC_URL": "https://calls.example",
    "LIVEKIT_BROWSER_URL": "wss://livekit.example/",
}


def test_a_laptop_needs_no_setting_for_it() -> None:
    check_talk(load_settings(environ=LAPTOP, env_file=None))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"TALK": "false"}, "TALK"),
        ({"TALK": ""}, "TALK"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "http://calls.example"}, "PUBLIC_URL"),
        ({"LIVEKIT_BROWSER_URL": ""}, "LIVEKIT_BROWSER_URL"),
        ({"LIVEKIT_BROWSER_URL": "ws://livekit.example"}, "LIVEKIT_BROWSER_URL"),
        ({"LIVEKIT_API_SECRET": "short"}, "LIVEKIT_API_SECRET"),
    ],
)
def test_in_production_it_is_refused_by_the_settings_name(
    change: dict[str, str], named: str
) -> None:
    check_talk(load_settings(environ=PRODUCTION, env_file=None))
    with pytest.raises(SettingsError, match=named):
        check_talk(load_settings(environ=PRODUCTION | change, env_file=None))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "ws://127.0.0.1:7880"),
        ({"LIVEKIT_URL": "https://livekit.example/"}, "wss://livekit.example"),
        ({"LIVEKIT_BROWSER_URL": "wss://outside.example/"}, "wss://outside.example"),
    ],
)
def test_browsers_are_given_a_websocket_address(given: dict[str, str], expected: str) -> None:
    assert browser_url(load_settings(environ=LAPTOP | given, env_file=None)) == expected
