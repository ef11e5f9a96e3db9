"""What only the carrier knows of a call: how it sounded, what it cost, how its legs ended."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.domain.calls import CallEvent, EventKind, Scalar


@dataclass(frozen=True, slots=True)
class Bill:
    """What the carrier asks for the call, in millionths of the currency's unit."""

    micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class CarrierView:
    """None while the carrier has not told.

    `mos` is the listening quality, 1 to 5, of the worst leg; `jitter` the greatest variance that
    was measured, in the carrier's own unit.
    """

    hangup_cause: str | None = None
    hangup_source: str | None = None
    sip_code: int | None = None
    mos: float | None = None
    jitter: float | None = None
    bill: Bill | None = None


def carrier_view(events: Sequence[CallEvent]) -> CarrierView:
    """The view that follows from a call's events, each once, in the order of time."""
    hangups = [event for event in events if event.kind is EventKind.CARRIER_HANGUP]
    quality = [event for event in events if event.kind is EventKind.QUALITY]
    # The first leg that ended ended the call; legs of a transfer end later.
    end = hangups[0].detail if hangups else {}
    return CarrierView(
        hangup_cause=_text(end.get("hangup_cause")),
        hangup_source=_text(end.get("hangup_source")),
        sip_code=sip_code(end.get("sip_code")),
        mos=min(_numbers(quality, "mos"), default=None),
        jitter=max(_numbers(quality, "jitter"), default=None),
        bill=_bill([event for event in events if event.kind is EventKind.COST]),
    )


def sip_code(value: Scalar) -> int | None:
    """The code, also where a source wrote it as text; None for what is none, as `unspecified`."""
    text = str(value or "")
    return int(text) if re.fullmatch(r"[1-6][0-9]{2}", text) else None


def _bill(costs: Sequence[CallEvent]) -> Bill | None:
    """The sum over the legs. A leg told twice is a correction: its latest figure counts."""
    latest: dict[tuple[str, str], int] = {}
    for event in costs:
        micros = event.detail.get("micros")
        if isinstance(micros, int) and not isinstance(micros, bool):
            currency = _text(event.detail.get("currency")) or "USD"
            latest[currency, _text(event.detail.get("leg")) or event.source_id] = micros
    if not latest:
        return None
    # One account bills in one currency; were there two, a sum over both would be a lie.
    main = min(currency for currency, _ in latest)
    return Bill(sum(micros for (currency, _), micros in latest.items() if currency == main), main)


def _numbers(events: Sequence[CallEvent], key: str) -> list[float]:
    values = (event.detail.get(key) for event in events)
    return [float(value) for value in values if isinstance(value, int | float)]


def _text(value: Scalar) -> str | None:
    return str(value) if value not in (None, "") else None
