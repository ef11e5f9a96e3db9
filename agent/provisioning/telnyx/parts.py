"""The four things that Telnyx's portal must know, in one form for what is there and what we want.

The guide's steps: A is the connection and its FQDN, C the outbound voice profile, D the number.
Step B, a Programmable Voice application, is not needed: an FQDN connection has a webhook URL of its
own. A field's `api` is where it stands in Telnyx's JSON: its attribute's name, unless told.
`secret` is what is shown in its place, `any_case` that upper and lower case are the same.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

Value = str | bool | int | Decimal | tuple[str, ...] | None
"""What a field can hold. None in what we want: not ours to say, whatever is there stays."""

CONNECTION_NAME = "LiveKit AI Sales System"
PROFILE_NAME = "AI Sales Outbound Profile"
"""The guide's names."""


class PortalPart(StrEnum):
    """What a step of the plan is about, in the order in which they need one another."""

    PROFILE = "outbound voice profile"
    CONNECTION = "FQDN connection"
    FQDN = "FQDN"
    NUMBER = "phone number"


@dataclass(frozen=True, slots=True)
class Profile:
    """Whom we may call, and for how much a day. Amounts in US dollars, as Telnyx has them."""

    name: str
    enabled: bool | None = True
    traffic_type: str | None = "conversational"
    service_plan: str | None = "global"
    whitelisted_destinations: tuple[str, ...] | None = None
    daily_spend_limit: Decimal | None = None
    daily_spend_limit_enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """The SIP trunk. Its password is never read: Telnyx gives it back to some accounts."""

    connection_name: str
    active: bool | None = True
    user_name: str | None = field(
        default=None, metadata={"secret": "${TELNYX_SIP_USERNAME}", "any_case": True}
    )
    transport_protocol: str | None = "TCP"
    webhook_event_url: str | None = None
    webhook_api_version: str | None = "2"
    call_cost_in_webhooks: bool | None = True
    ani_number_format: str | None = field(
        default="+E.164", metadata={"api": "inbound.ani_number_format"}
    )
    dnis_number_format: str | None = field(
        default="+e164",
        metadata={"api": "inbound.dnis_number_format"},  # Telnyx's own two cases
    )
    primary_fqdn_id: str | None = field(
        default=None, metadata={"api": "inbound.default_primary_fqdn_id"}
    )
    profile_id: str | None = field(
        default=None, metadata={"api": "outbound.outbound_voice_profile_id"}
    )


@dataclass(frozen=True, slots=True)
class Fqdn:
    """Where Telnyx sends incoming calls: LiveKit's SIP host."""

    connection_id: str | None
    fqdn: str = field(metadata={"any_case": True})
    port: int | None = 5060
    dns_record_type: str | None = "a"


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the account. Its connection is where its calls go."""

    phone_number: str
    connection_id: str | None = None


AnyPart = Profile | Connection | Fqdn | Number
P = TypeVar("P", Profile, Connection, Fqdn, Number)


@dataclass(frozen=True, slots=True)
class ActualPart(Generic[P]):
    """A part that Telnyx has, with its id."""

    id: str
    part: P
    remark: str = ""
    """For a number its status (active, port-pending…)."""


@dataclass(frozen=True, slots=True)
class PortalState:
    """What the account has: everything of these kinds, ours or not; oldest first."""

    profiles: tuple[ActualPart[Profile], ...]
    connections: tuple[ActualPart[Connection], ...]
    fqdns: tuple[ActualPart[Fqdn], ...]
    number: ActualPart[Number] | None
    """Our PHONE_NUMBER, if the account has it."""


@dataclass(frozen=True, slots=True)
class PortalWanted:
    """What our settings want of the portal. Made by `wanted.portal_wanted`, which checks it."""

    username: str
    password: str = field(repr=False)
    sip_host: str
    webhook_url: str
    phone_number: str
    destinations: tuple[str, ...]
    """Two-letter countries, sorted."""
    daily_spend_limit: Decimal | None
    """None: no limit of ours; one that somebody has set in the portal stays."""
    sip_port: int = 5060
    connection_name: str = CONNECTION_NAME
    profile_name: str = PROFILE_NAME

    @property
    def profile(self) -> Profile:
        """The outbound voice profile, as it should be."""
        return Profile(
            name=self.profile_name,
            whitelisted_destinations=self.destinations,
            daily_spend_limit=self.daily_spend_limit,
            daily_spend_limit_enabled=None if self.daily_spend_limit is None else True,
        )

    def connection(self, *, profile_id: str | None, fqdn_id: str | None = None) -> Connection:
        """The connection, as it should be, with the ids that Telnyx has given the others."""
        return Connection(
            connection_name=self.connection_name,
            user_name=self.username,
            webhook_event_url=self.webhook_url,
            profile_id=profile_id,
            primary_fqdn_id=fqdn_id,
        )

    def fqdn(self, *, connection_id: str | None) -> Fqdn:
        """The FQDN, as it should be."""
        return Fqdn(connection_id=connection_id, fqdn=self.sip_host, port=self.sip_port)

    def number(self, *, connection_id: str | None) -> Number:
        """The number, as it should be."""
        return Number(phone_number=self.phone_number, connection_id=connection_id)


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account can still spend, its credit included."""

    available: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that did not get through; `status` is the last HTTP answer, None without one."""

    at: datetime | None
    event_type: str
    url: str
    status: int | None
