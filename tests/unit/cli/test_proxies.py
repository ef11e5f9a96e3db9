"""Proxy variables are settled alike for libraries that read them differently."""

import pytest

from agent.cli.proxies import settle_proxies
from agent.errors import SettingsError

PROXY = "http://proxy.example:3128"
CLOUD = "wss://project.livekit.example"


def settled(command: str = "start", **environ: str) -> dict[str, str]:
    settle_proxies(command, environ)
    return environ


def test_without_a_proxy_nothing_changes() -> None:
    assert settled(NO_PROXY="x", LIVEKIT_URL=CLOUD) == {"NO_PROXY": "x", "LIVEKIT_URL": CLOUD}


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("before", ["", "intern.example", "localhost"])
def test_this_machine_is_never_proxied(name: str, before: str) -> None:
    found = settled(**{name: PROXY, "NO_PROXY": before, "LIVEKIT_URL": CLOUD})
    names = found["NO_PROXY"].split(",")
    assert {"localhost", "127.0.0.1", "::1"} <= set(names)
    assert set(before.split(",")) - {""} <= set(names)
    assert found["no_proxy"] == found["NO_PROXY"]


@pytest.mark.parametrize(
    ("livekit", "no_proxy"),
    [
        ("ws://127.0.0.1:7880", ""),
        ("ws://localhost:7880", "elsewhere.example"),
        ("", ""),  # the local stack's
        ("wss://livekit.intern.example", "intern.example"),
        ("wss://livekit.intern.example", ".intern.example, 10.0.0.1"),
        ("wss://livekit.intern.example", "livekit.intern.example"),
    ],
)
def test_who_knows_no_exceptions_is_not_shown_the_proxy_of_others(
    livekit: str, no_proxy: str
) -> None:
    found = settled(HTTP_PROXY=PROXY, https_proxy=PROXY, NO_PROXY=no_proxy, LIVEKIT_URL=livekit)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        assert name not in found
    assert found["ALL_PROXY"] == found["all_proxy"] == PROXY


@pytest.mark.parametrize("no_proxy", ["", "example.org", "live", "kit.example"])
def test_a_livekit_elsewhere_is_reached_through_the_proxy(no_proxy: str) -> None:
    found = settled(HTTPS_PROXY=PROXY, NO_PROXY=no_proxy, LIVEKIT_URL=CLOUD)
    assert found["HTTPS_PROXY"] == found["https_proxy"] == PROXY


def test_a_command_without_calls_keeps_its_proxy() -> None:
    found = settled("api", HTTPS_PROXY=PROXY, LIVEKIT_URL="ws://127.0.0.1:7880")
    assert found["HTTPS_PROXY"] == PROXY


def test_a_star_means_no_proxy_at_all() -> None:
    found = settled("api", HTTPS_PROXY=PROXY, ALL_PROXY=PROXY, NO_PROXY="*", LIVEKIT_URL=CLOUD)
    assert not [name for name in found if name.lower() in ("https_proxy", "all_proxy")]


def test_a_proxy_without_a_scheme_is_an_http_proxy() -> None:
    found = settled("api", HTTP_PROXY="proxy.example:3128")
    assert found["http_proxy"] == PROXY


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("socks5://user:example-password@proxy:1080", "SOCKS"),
        ("socks5h://proxy:1080", "SOCKS"),
        ("ftp://proxy:21", "write http://host:port"),
        ("http://", "write http://host:port"),
        ("http://proxy:port", "write http://host:port"),
        ("http://[::1", "write http://host:port"),
        (":3128", "write http://host:port"),
    ],
)
def test_what_is_no_http_proxy_is_refused_without_its_password(value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        settled("token", HTTPS_PROXY=value)
    assert "HTTPS_PROXY" in str(refused.value)
    assert "example-password" not in str(refused.value)
