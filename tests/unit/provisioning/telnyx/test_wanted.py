"""What our settings want of Telnyx's portal, and what of them cannot work."""

from decimal import Decimal

import pytest

from agent.errors import SettingsError
from agent.provisioning.telnyx.parts import PortalWanted
from agent.provisioning.telnyx.wanted import open_portal, portal_wanted
from agent.settings import Settings, load_settings
from agent.wiring.outbound_calls import gate_rules

GOOD = {
    "TELNYX_SIP_USERNAME": "example-user",
    "TELNYX_SIP_PASSWORD": "example-password",
    "LIVEKIT_SIP_URI": "sip:abc123.sip.livekit.cloud",
    "PUBLIC_URL": "https://calls.fernhill.test/",
    "ALLOWED_COUNTRIES": "nl, be",
    "DAILY_BUDGET": "1250",
}


def settings(**changes: str) -> Settings:
    return load_settings(environ={**GOOD, **changes}, env_file=None)


def _wanted(given: Settings, *, placeholders: bool = False) -> PortalWanted:
    return portal_wanted(given, gate_rules(given), placeholders=placeholders)


def test_the_settings_become_what_the_portal_should_have() -> None:
    wanted = _wanted(settings())
    assert wanted.sip_host == "abc123.sip.livekit.cloud"
    assert wanted.webhook_url == "https://calls.fernhill.test/api/telnyx/webhooks/call-events"
    assert wanted.destinations == ("BE", "NL")
    assert wanted.daily_spend_limit == Decimal("12.50")
    assert wanted.phone_number == "+3226010500"


@pytest.mark.parametrize(
    ("uri", "host", "port"),
    [
        ("abc123.sip.livekit.cloud", "abc123.sip.livekit.cloud", 5060),
        ("sip:ABC123.sip.livekit.cloud", "abc123.sip.livekit.cloud", 5060),
        ("sip:sip.fernhill.test:5070;transport=tcp", "sip.fernhill.test", 5070),
    ],
)
def test_a_sip_uri_is_read_in_each_form_that_is_shown(uri: str, host: str, port: int) -> None:
    wanted = _wanted(settings(LIVEKIT_SIP_URI=uri))
    assert (wanted.sip_host, wanted.sip_port) == (host, port)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (
            "PUBLIC_URL",
            "http://calls.fernhill.test:3001",
            r"must begin with https://.*put TLS before",
        ),
        ("PUBLIC_URL", "https://user@calls.fernhill.test", "scheme and host only"),
        (
            "PUBLIC_URL",
            "https://calls.fernhill.test/api/telnyx/webhooks/call-events",
            "leave .* out",
        ),
        ("LIVEKIT_SIP_URI", "wss://abc.livekit.cloud", "LIVEKIT_SIP_URI: Telnyx wants a host name"),
        ("LIVEKIT_SIP_URI", "203.0.113.7", "host name with a dot"),
        ("LIVEKIT_SIP_URI", "localhost", "host name with a dot"),
        ("TELNYX_SIP_PASSWORD", "abcdefg", "8 characters or more"),
        ("ALLOWED_COUNTRIES", "Belgium", "two-letter countries"),
        ("ALLOWED_COUNTRIES", ",", "at least one"),
    ],
)
def test_what_cannot_work_is_refused_by_name(name: str, value: str, says: str) -> None:
    for placeholders in (False, True):
        with pytest.raises(SettingsError, match=says) as told:
            _wanted(settings(**{name: value}), placeholders=placeholders)
        assert name in str(told.value)
    assert "abcdefg" not in str(told.value)


def test_what_is_missing_is_named_or_shown_as_its_variable() -> None:
    nothing = load_settings(environ={}, env_file=None)
    with pytest.raises(SettingsError, match=r"TELNYX_SIP_USERNAME, .*LIVEKIT_SIP_URI, PUBLIC_URL"):
        _wanted(nothing)
    shown = _wanted(nothing, placeholders=True)
    assert shown.sip_host == "${LIVEKIT_SIP_URI}"
    assert shown.webhook_url == "${PUBLIC_URL}/api/telnyx/webhooks/call-events"
    assert shown.daily_spend_limit is None


def test_without_a_key_there_is_no_portal() -> None:
    with pytest.raises(SettingsError, match="TELNYX_API_KEY not set"):
        open_portal(settings())
