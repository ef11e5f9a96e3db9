"""What may be in a body: the SDK's types, and the limits that Telnyx's documentation names."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
)

from agent.local.telnyx.answers import invalid


def _with_scheme(url: str) -> str:
    if url and not url.startswith(("https://", "http://")):
        raise ValueError("must include a scheme, such as 'https'")
    return url


def _money(text: str) -> str:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("must be an amount") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("must be an amount")
    return f"{amount:.2f}"


_Url = Annotated[str, AfterValidator(_with_scheme)]
_Name = Annotated[str, StringConstraints(min_length=3, max_length=255)]
_Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
_Money = Annotated[str, AfterValidator(_money)]


class Form(BaseModel):
    """A body. Telnyx ignores what it does not know; the stand-in keeps only what is here."""

    model_config = ConfigDict(extra="ignore")


class Inbound(Form):
    """How calls come to us."""

    ani_number_format: Literal["+E.164", "E.164", "+E.164-national", "E.164-national"] = "E.164"
    dnis_number_format: Literal["+e164", "e164", "national", "sip_username"] = "e164"
    default_routing_method: Literal["sequential", "round-robin"] | None = None
    default_primary_fqdn_id: str | None = None
    channel_limit: int | None = None


class Outbound(Form):
    """How our calls go out."""

    outbound_voice_profile_id: str | None = None
    channel_limit: int | None = None


class ConnectionForm(Form):
    """An FQDN connection."""

    connection_name: _Name
    active: bool = True
    anchorsite_override: str = "Latency"
    transport_protocol: Literal["UDP", "TCP", "TLS"] = "UDP"
    user_name: Annotated[str, StringConstraints(min_length=4, max_length=32)] | None = None
    password: Annotated[str, StringConstraints(min_length=8, max_length=128)] | None = None
    webhook_event_url: _Url | None = None
    webhook_api_version: Literal["1", "2"] = "1"
    webhook_timeout_secs: Annotated[int, Field(ge=0, le=30)] | None = None
    call_cost_in_webhooks: bool = False
    inbound: Inbound = Inbound()
    outbound: Outbound = Outbound()


class FqdnForm(Form):
    """An FQDN."""

    connection_id: str
    fqdn: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")]
    port: Annotated[int, Field(ge=1, le=65535)] | None = 5060
    dns_record_type: Literal["a", "srv"]


class ProfileForm(Form):
    """An outbound voice profile."""

    name: _Name
    enabled: bool = True
    traffic_type: Literal["conversational"] = "conversational"
    service_plan: Literal["global"] = "global"
    usage_payment_method: Literal["rate-deck"] = "rate-deck"
    concurrent_call_limit: int | None = None
    max_destination_rate: float | None = None
    whitelisted_destinations: list[_Country] = ["US", "CA"]
    daily_spend_limit: _Money | None = None
    daily_spend_limit_enabled: bool = False


class NumberForm(Form):
    """What can be changed of a phone number here."""

    connection_id: str | None = None
    tags: list[str] = []


def merged(
    form: type[Form], there: Mapping[str, JsonValue], sent: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """`there` with `sent` laid over it, objects too, checked by `form`.

    Raises Refusal 422. Whether Telnyx merges objects or replaces them, its types do not say; ours
    are sent whole, so that either is right.
    """
    both: dict[str, JsonValue] = dict(there)
    for key, value in sent.items():
        before = both.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            both[key] = {**before, **value}
        else:
            both[key] = value
    try:
        return form.model_validate(both).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "/" + "/".join(map(str, first["loc"]))
        raise invalid(where, first["msg"]) from None
