"""Telnyx's side of it: number, connection, FQDN, profile, money and deliveries of webhooks.

Pure: `judge_portal(state, wanted)`. Faults stand in the order of a call's way: the number, its
connection, where that leads, and what calls out need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.doctor.findings import Finding, error, ok, unchecked, warning
from agent.provisioning.telnyx.parts import (
    ActualPart,
    Balance,
    Connection,
    Delivery,
    Number,
    PortalState,
    Profile,
)

PROVISION = "python agent.py provision"
_LITTLE = Decimal(5)
"""In the account's currency: a morning of calls."""
_OUR_STATUS = "active"


@dataclass(frozen=True, slots=True)
class CarrierWanted:
    """What our settings say; None: not set, so it cannot be compared."""

    number: str
    countries: tuple[str, ...]
    username: str | None = None
    sip_host: str | None = None
    webhook_url: str | None = None


def no_key() -> list[Finding]:
    """Without TELNYX_API_KEY nobody can ask Telnyx; that is no fault."""
    return [unchecked("telnyx", "TELNYX_API_KEY is not set (portal, API Keys)")]


def judge_portal(state: PortalState, wanted: CarrierWanted) -> list[Finding]:
    """Every fault, a line each; without faults one line."""
    number = state.number
    found = list(_judge_number(number, wanted.number))
    connection = _connection(state, wanted)
    if connection is None:
        if number is None or number.part.connection_id is None:
            says = "no FQDN connection is ours"
        else:
            elsewhere = number.part.connection_id
            says = f"our number's calls go to connection {elsewhere}, which is no FQDN connection"
        found.append(error("telnyx_no_connection", says, PROVISION))
        return found
    found += _judge_connection(connection, state, wanted)
    found += _judge_profile(connection, state, wanted)
    found += _judge_webhook(connection.part, wanted)
    name = connection.part.connection_name
    return found or [ok("telnyx", f"{wanted.number} on {name!r}, to {', '.join(wanted.countries)}")]


def judge_balance(balance: Balance | None) -> list[Finding]:
    """Whether the account can still pay."""
    if balance is None:
        return [unchecked("telnyx_balance", "Telnyx does not tell the balance")]
    left = f"{balance.available:.2f} {balance.currency}".strip()
    remedy = "portal, Billing: add money, or switch auto recharge on"
    if balance.available <= 0:
        return [error("telnyx_balance", f"the Telnyx account is empty ({left})", remedy)]
    if balance.available < _LITTLE:
        return [warning("telnyx_balance", f"the Telnyx account has {left} left", remedy)]
    return [ok("telnyx_balance", f"{left} left")]


def judge_deliveries(failed: Sequence[Delivery]) -> list[Finding]:
    """Webhooks of the last day that did not get through."""
    if not failed:
        return [ok("telnyx_deliveries", "its webhooks get through")]
    last = max(failed, key=lambda one: one.at.timestamp() if one.at else 0.0)
    answer = "nobody answered" if last.status is None else f"answered {last.status}"
    says = f"{len(failed)} webhooks of Telnyx did not get through today; {last.url}: {answer}"
    remedy = f"python agent.py webhooks send {last.url}"
    return [warning("telnyx_deliveries", says, remedy)]


def _judge_number(number: ActualPart[Number] | None, wanted: str) -> Iterator[Finding]:
    if number is None:
        says = f"the Telnyx account does not have {wanted}"
        yield error("telnyx_number", says, "portal, Numbers: buy it, or correct PHONE_NUMBER")
        return
    if number.remark and number.remark != _OUR_STATUS:
        says = f"{wanted} is {number.remark} at Telnyx: no calls come in yet"
        yield error("telnyx_number", says, "portal, Numbers: see what it still needs")
    if number.part.connection_id is None:
        says = (
            f"{wanted} is assigned to no connection: Telnyx does not know where to send its calls"
        )
        yield error("telnyx_number_unassigned", says, PROVISION)


def _connection(state: PortalState, wanted: CarrierWanted) -> ActualPart[Connection] | None:
    """Where our number's calls go; else the one that has our user name."""
    ours = state.number.part.connection_id if state.number else None
    for found in state.connections:
        if found.id == ours:
            return found
    if ours is not None or wanted.username is None:
        return None
    return next((one for one in state.connections if _is_named(one.part, wanted.username)), None)


def _judge_connection(
    connection: ActualPart[Connection], state: PortalState, wanted: CarrierWanted
) -> Iterator[Finding]:
    part, name = connection.part, f"Telnyx connection {connection.part.connection_name!r}"
    if not part.active:
        yield error("telnyx_connection_inactive", f"{name} is not active", PROVISION)
    if wanted.username is not None and not _is_named(part, wanted.username):
        says = f"{name} has another user name than TELNYX_SIP_USERNAME: calls out are refused (401)"
        yield error("telnyx_username", says, PROVISION)
    hosts = [one.part.fqdn for one in state.fqdns if one.part.connection_id == connection.id]
    if not hosts:
        says = f"{name} has no FQDN: Telnyx has nowhere to send calls to"
        yield error("telnyx_no_fqdn", says, PROVISION)
    elif wanted.sip_host is not None and wanted.sip_host.lower() not in map(str.lower, hosts):
        says = f"{name} sends calls to {', '.join(hosts)}; LIVEKIT_SIP_URI is {wanted.sip_host}"
        yield error("telnyx_fqdn", says, PROVISION)


def _judge_profile(
    connection: ActualPart[Connection], state: PortalState, wanted: CarrierWanted
) -> Iterator[Finding]:
    profile = next((one for one in state.profiles if one.id == connection.part.profile_id), None)
    if profile is None:
        says = (
            "our Telnyx connection has no outbound voice profile: calls out are refused (403 D38)"
        )
        yield error("telnyx_no_profile", says, PROVISION)
        return
    part: Profile = profile.part
    name = f"outbound voice profile {part.name!r}"
    if not part.enabled:
        yield error("telnyx_profile_disabled", f"{name} is switched off", PROVISION)
    allowed = set(part.whitelisted_destinations or ())
    if lacking := [country for country in wanted.countries if country not in allowed]:
        says = f"{name} does not allow calls to {', '.join(lacking)}, which ALLOWED_COUNTRIES does"
        yield error("telnyx_destinations", says, PROVISION)
    if more := sorted(allowed - set(wanted.countries)):
        says = (
            f"{name} allows calls to {', '.join(more)} as well: whoever gets our key can use that"
        )
        yield warning("telnyx_more_destinations", says, PROVISION)
    if not part.daily_spend_limit_enabled:
        says = f"{name} has no daily spend limit: a leaked password costs without end"
        yield warning("telnyx_spend_limit", says, f"set DAILY_BUDGET, then {PROVISION}")


def _judge_webhook(part: Connection, wanted: CarrierWanted) -> Iterator[Finding]:
    url = part.webhook_event_url
    name = f"Telnyx connection {part.connection_name!r}"
    if not url:
        says = f"{name} has no webhook URL: causes, quality and costs of calls stay unknown"
        yield warning("telnyx_webhook_url", says, f"set PUBLIC_URL, then {PROVISION}")
    elif not url.startswith("https://"):
        says = f"{name} sends webhooks to {url}, in the clear: they say who calls whom"
        yield warning("telnyx_webhook_url", says, f"PUBLIC_URL with https://, then {PROVISION}")
    elif wanted.webhook_url is not None and url.rstrip("/") != wanted.webhook_url:
        says = f"{name} sends webhooks to {url}, not to {wanted.webhook_url}"
        yield warning("telnyx_webhook_url", says, PROVISION)
    if part.webhook_api_version not in (None, "2"):
        says = f"{name} sends webhooks of version {part.webhook_api_version}, which we cannot read"
        yield warning("telnyx_webhook_version", says, PROVISION)


def _is_named(connection: Connection, username: str) -> bool:
    """Telnyx takes upper and lower case for the same."""
    return (connection.user_name or "").lower() == username.lower()
