"""Telnyx's webhooks, read: to be verified before (telnyx_signatures).

report = read_telnyx(body, received_at=now())     # raises RefusedWebhook
"""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import (
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from agent.domain.carrier import sip_code
from agent.domain.phone_numbers import country_of, parse
from agent.domain.webhooks import CallKeys, CarrierReport, RefusedWebhook, RejectReason
from agent.errors import Refused

"""Where our HTTP API takes them in; the guide's path."""
CALL_ID_HEADER = "x-call-id"


def read_telnyx(body: bytes, *, received_at: datetime) -> CarrierReport:
    """The event of a verified body. Raises RefusedWebhook(UNREADABLE) without type or id.

    A field of an unexpected form counts as not told: the rest of the event is still true.
    """
    try:
        data = _Envelope.model_validate_json(body).data
    except ValidationError:
        raise RefusedWebhook(RejectReason.UNREADABLE) from None
    payload = data.payload or _Payload()
    country = _country(payload.caller, payload.callee)
    return CarrierReport(
        event_id=data.id,
        event_type=_normalised(data.event_type),
        at=_aware(data.occurred_at) or received_at,
        keys=CallKeys(
            session_id=payload.call_session_id,
            leg_id=payload.call_leg_id,
            call_id=_our_call_id(payload),
            from_number=_number(payload.caller, country),
            to_number=_number(payload.callee, country),
            began_at=_aware(payload.start_time),
        ),
        hangup_cause=payload.hangup_cause,
        hangup_source=payload.hangup_source,
        sip_code=sip_code(payload.sip_hangup_cause),
        mos=payload.mos,
        jitter=payload.jitter,
        packets=payload.packets,
        packets_lost=payload.packets_lost,
        cost=payload.total_cost,
        currency=_currency(payload),
        billed_seconds=payload.billed_duration_secs,
    )


T = TypeVar("T")


def _or_none(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError:
        return None


_Lenient = Annotated[T | None, WrapValidator(_or_none)]
_Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Figure = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1e9)]
_Count = Annotated[int, Field(ge=0, le=2**53)]
_INBOUND = ("call_quality_stats", "inbound")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Header(_Part):
    name: _Lenient[_Word] = None
    value: _Lenient[_Word] = None


class _CostPart(_Part):
    currency: _Lenient[Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]] = None


class _Payload(_Part):
    call_session_id: _Lenient[_Word] = None
    call_leg_id: _Lenient[_Word] = None
    caller: Annotated[_Lenient[_Word], Field(validation_alias="from")] = None
    callee: Annotated[_Lenient[_Word], Field(validation_alias="to")] = None
    start_time: _Lenient[datetime] = None
    custom_headers: _Lenient[list[_Lenient[_Header]]] = None
    sip_headers: _Lenient[list[_Lenient[_Header]]] = None
    hangup_cause: _Lenient[_Word] = None
    hangup_source: _Lenient[_Word] = None
    sip_hangup_cause: _Lenient[_Word] = None
    mos: Annotated[_Lenient[_Figure], Field(validation_alias=AliasPath(*_INBOUND, "mos"))] = None
    jitter: Annotated[
        _Lenient[_Figure], Field(validation_alias=AliasPath(*_INBOUND, "jitter_max_variance"))
    ] = None
    packets: Annotated[
        _Lenient[_Count], Field(validation_alias=AliasPath(*_INBOUND, "packet_count"))
    ] = None
    packets_lost: Annotated[
        _Lenient[_Count], Field(validation_alias=AliasPath(*_INBOUND, "skip_packet_count"))
    ] = None
    total_cost: _Lenient[Annotated[Decimal, Field(allow_inf_nan=False, ge=0, le=10**9)]] = None
    billed_duration_secs: _Lenient[_Count] = None
    cost_parts: _Lenient[list[_Lenient[_CostPart]]] = None


class _Data(_Part):
    event_type: _Word
    id: _Word
    occurred_at: _Lenient[datetime] = None
    payload: _Lenient[_Payload] = None


class _Envelope(_Part):
    data: _Data


def _normalised(event_type: str) -> str:
    """Telnyx writes `call.hangup`, and in places `call_hangup`."""
    return event_type.lower().replace("_", ".")


def _aware(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        return None


def _our_call_id(payload: _Payload) -> UUID | None:
    for header in (*(payload.custom_headers or ()), *(payload.sip_headers or ())):
        if header and (header.name or "").lower() == CALL_ID_HEADER and header.value:
            try:
                return UUID(header.value)
            except ValueError:
                continue
    return None


def _currency(payload: _Payload) -> str | None:
    currencies = (part.currency for part in payload.cost_parts or () if part)
    return next((currency for currency in currencies if currency), None)


@lru_cache(maxsize=4096)  # ours is in every event, a caller's in four or more
def _number(address: str | None, country: str | None) -> str | None:
    """E.164 of a number or of a `sip:` address with one; else as it was given."""
    if address is None:
        return None
    bare = _bare(address)
    try:
        return parse(bare, country=country)
    except Refused:
        return bare or None


@lru_cache(maxsize=4096)
def _country(*addresses: str | None) -> str | None:
    """Where a national form belongs: in the country of the side that is written with its code."""
    for address in addresses:
        with suppress(Refused):
            return country_of(parse(_bare(address or "")))
    return None


def _bare(address: str) -> str:
    return address.removeprefix("sip:").removeprefix("sips:").split("@")[0]
