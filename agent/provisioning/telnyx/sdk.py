"""What Telnyx's SDK returns, as our own types."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from agent.errors import TelnyxUnavailable
from agent.provisioning.telnyx.parts import Connection, Delivery, Fqdn, Profile

if TYPE_CHECKING:
    from telnyx.types.fqdn import Fqdn as SdkFqdn
    from telnyx.types.fqdn_connection import FqdnConnection
    from telnyx.types.outbound_voice_profile import OutboundVoiceProfile
    from telnyx.types.webhook_delivery import WebhookDelivery


def profile(found: "OutboundVoiceProfile") -> Profile:
    """An outbound voice profile."""
    destinations = found.whitelisted_destinations
    return Profile(
        name=found.name,
        enabled=found.enabled,
        traffic_type=found.traffic_type,
        service_plan=found.service_plan,
        whitelisted_destinations=None if destinations is None else tuple(destinations),
        daily_spend_limit=amount(found.daily_spend_limit),
        daily_spend_limit_enabled=found.daily_spend_limit_enabled,
    )


def connection(found: "FqdnConnection") -> Connection:
    """A connection, without its password."""
    inbound, outbound = found.inbound, found.outbound
    return Connection(
        connection_name=found.connection_name,
        active=found.active,
        user_name=found.user_name,
        transport_protocol=found.transport_protocol,
        webhook_event_url=found.webhook_event_url,
        webhook_api_version=found.webhook_api_version,
        call_cost_in_webhooks=found.call_cost_in_webhooks,
        ani_number_format=inbound.ani_number_format if inbound else None,
        dnis_number_format=inbound.dnis_number_format if inbound else None,
        primary_fqdn_id=inbound.default_primary_fqdn_id if inbound else None,
        profile_id=outbound.outbound_voice_profile_id if outbound else None,
    )


def fqdn(found: "SdkFqdn") -> Fqdn:
    """An FQDN."""
    return Fqdn(
        connection_id=found.connection_id,
        fqdn=found.fqdn or "",
        port=found.port,
        dns_record_type=found.dns_record_type,
    )


def known_id(found: str | None) -> str:
    """Telnyx's id of something. Raises TelnyxUnavailable when it gave none."""
    if not found:
        raise TelnyxUnavailable("Telnyx answers without an id: check TELNYX_API_URL, or try later")
    return found


def amount(text: str | None) -> Decimal | None:
    """An amount as Telnyx writes it; None if it is not one."""
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


def delivery(found: "WebhookDelivery") -> Delivery:
    """A delivery, by its last attempt."""
    http = found.attempts[-1].http if found.attempts else None
    return Delivery(
        at=found.started_at,
        event_type=(found.webhook.event_type if found.webhook else None) or "",
        url=(http.request.url if http and http.request else None) or "",
        status=http.response.status if http and http.response else None,
    )
