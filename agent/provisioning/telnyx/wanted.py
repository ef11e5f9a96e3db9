"""What our settings want of Telnyx's portal, and the account that they open."""

import re
from decimal import Decimal
from urllib.parse import urlsplit

from agent.domain.contactability import Rules
from agent.domain.webhook_sources import TELNYX_PATH
from agent.errors import SettingsError
from agent.provisioning.telnyx.account import TELNYX_API, Portal
from agent.provisioning.telnyx.parts import PortalWanted
from agent.settings import Settings

_NEEDED = ("TELNYX_SIP_USERNAME", "TELNYX_SIP_PASSWORD", "LIVEKIT_SIP_URI", "PUBLIC_URL")
_SIP_URI = re.compile(r"(?:sips?:)?(?:[^@\s]*@)?([A-Za-z0-9.-]+)(?::(\d{1,5}))?(?:;\S*)?")
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_SIP_PORT = 5060
_PASSWORD_CHARACTERS = 8
"""The fewest that Telnyx takes."""


def open_portal(settings: Settings, *, patience_seconds: float = 60.0) -> Portal:
    """The account of TELNYX_API_KEY, to be entered with `async with`. Raises SettingsError."""
    settings.need("TELNYX_API_KEY")
    return Portal(
        settings.telnyx_api_key or "",
        base_url=settings.telnyx_api_url or TELNYX_API,
        patience_seconds=patience_seconds,
    )


def portal_wanted(settings: Settings, rules: Rules, *, placeholders: bool = False) -> PortalWanted:
    """What the portal should have. `rules`: our number, and the countries that we call.

    `placeholders`: a setting that is missing is written as its `${VARIABLE}`, for a person who is
    shown what to click. Raises SettingsError naming what is missing or cannot work.
    """
    if not placeholders:
        settings.need(*_NEEDED)
    host, port = _sip_host(settings.livekit_sip_uri)
    budget = settings.daily_budget
    return PortalWanted(
        username=settings.telnyx_sip_username or "${TELNYX_SIP_USERNAME}",
        password=_password(settings.telnyx_sip_password),
        sip_host=host,
        sip_port=port,
        webhook_url=f"{_public_url(settings.public_url)}{TELNYX_PATH}",
        phone_number=min(rules.own_numbers),
        destinations=_countries(rules.allowed_countries),
        daily_spend_limit=None if budget is None else Decimal(budget) / 100,
    )


def _password(given: str | None) -> str:
    if not given:
        return "${TELNYX_SIP_PASSWORD}"
    if len(given) < _PASSWORD_CHARACTERS:
        raise SettingsError(
            f"TELNYX_SIP_PASSWORD: Telnyx takes {_PASSWORD_CHARACTERS} characters or more; "
            "`openssl rand -base64 24` makes one"
        )
    return given


def _sip_host(uri: str | None) -> tuple[str, int]:
    """Host name and port of `sip:host:5060;transport=tcp`, or of `host`."""
    if not uri:
        return "${LIVEKIT_SIP_URI}", _SIP_PORT
    match = _SIP_URI.fullmatch(uri.strip())
    if match is None or not _HOST_NAME.fullmatch(match[1]) or match[1].split(".")[-1].isdigit():
        raise SettingsError(
            "LIVEKIT_SIP_URI: Telnyx wants a host name with a dot in it, like "
            f"sip:abc123.sip.livekit.cloud (LiveKit Cloud: Settings, Project); got {uri!r}"
        )
    return match[1].lower(), int(match[2] or _SIP_PORT)


def _public_url(url: str | None) -> str:
    if not url:
        return "${PUBLIC_URL}"
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise SettingsError(
            "PUBLIC_URL must begin with https://: Telnyx's webhooks say who calls whom, and over "
            f"{parts.scheme}:// everybody on the way reads them; put TLS before the API"
        )
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise SettingsError("PUBLIC_URL: give scheme and host only, like https://calls.example.com")
    if parts.path.rstrip("/").endswith(TELNYX_PATH):
        raise SettingsError(f"PUBLIC_URL: leave {TELNYX_PATH} out, it is added")
    return url.rstrip("/")


def _countries(allowed: frozenset[str]) -> tuple[str, ...]:
    odd = sorted(country for country in allowed if not re.fullmatch(r"[A-Z]{2}", country))
    if odd or not allowed:
        raise SettingsError(
            "ALLOWED_COUNTRIES: Telnyx wants two-letter countries, separated by commas, at least "
            f"one; got {', '.join(odd) or 'none'}"
        )
    return tuple(sorted(allowed))
