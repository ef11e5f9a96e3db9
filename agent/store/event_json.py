"""Events and turns as JSON, for Postgres and for the spool, and back."""

from collections.abc import Sequence
from typing import TypeAlias

from pydantic import TypeAdapter

from agent.domain.calls import CallEvent, CallTurn

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_EVENTS = TypeAdapter(list[CallEvent])
_TURNS = TypeAdapter(list[CallTurn])


def events_form(events: Sequence[CallEvent]) -> Json:
    """Plain JSON of events; what Postgres cannot keep is taken out (see `storable`)."""
    return storable(_EVENTS.dump_python(list(events), mode="json"))


def events_from(form: Json) -> list[CallEvent]:
    """The events of `events_form`. Raises ValueError for what only a newer version knows."""
    return _EVENTS.validate_python(form)


def turns_form(turns: Sequence[CallTurn]) -> Json:
    """Plain JSON of turns; what Postgres cannot keep is taken out (see `storable`)."""
    return storable(_TURNS.dump_python(list(turns), mode="json"))


def storable(value: Json) -> Json:
    """`value` without what jsonb refuses: NUL, lone surrogates, infinities.

    All of these can come out of a recogniser or a model. One such character must not keep the
    record of a whole call out of the database.
    """
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {str(storable(key)): storable(item) for key, item in value.items()}
    return value
