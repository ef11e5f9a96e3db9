"""What one made-up Telnyx account has, and Telnyx's rules between its parts."""

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pydantic import JsonValue

from agent.local.telnyx.answers import Refusal, invalid, not_found, not_permitted
from agent.local.telnyx.forms import (
    ConnectionForm,
    FqdnForm,
    NumberForm,
    ProfileForm,
    merged,
)

Item = dict[str, JsonValue]
_HIDDEN = "********"
_FIRST_ID = 1293384261075731499
"""Ids are long numbers, given as text."""


class Account:
    """In memory. Methods raise Refusal, in Telnyx's words."""

    def __init__(self, numbers: Iterable[str] = ()) -> None:
        self.verified = True
        """False: nothing can be created or changed."""
        self.balance = "25.00"
        self.profiles: dict[str, Item] = {}
        self.connections: dict[str, Item] = {}
        self.fqdns: dict[str, Item] = {}
        self.numbers: dict[str, Item] = {}
        self.deliveries: list[Item] = []
        self._ids = itertools.count(_FIRST_ID)
        for number in numbers:
            self.buy(number)

    def buy(self, phone_number: str, *, status: str = "active") -> Item:
        """The account has that number from now on."""
        item: Item = {
            **self._new("phone_number"),
            "phone_number": phone_number,
            "country_iso_alpha2": "BE",
            "phone_number_type": "local",
            "status": status,
            "deletion_lock_enabled": False,
            "purchased_at": _now(),
            "connection_id": None,
            "connection_name": None,
            "tags": [],
        }
        self.numbers[str(item["id"])] = item
        return item

    def add_delivery(self, event_type: str, url: str, http_status: int | None) -> Item:
        """A webhook was sent; what was answered (None: nothing)."""
        delivered = http_status is not None and 200 <= http_status < 300
        status = "delivered" if delivered else "failed"
        answer: JsonValue = None if http_status is None else {"status": http_status, "body": ""}
        attempt: Item = {
            "status": status,
            "started_at": _now(),
            "finished_at": _now(),
            "http": {"request": {"url": url}, "response": answer},
            "errors": [],
        }
        item: Item = {
            **self._new("webhook_delivery"),
            "status": status,
            "started_at": _now(),
            "finished_at": _now(),
            "webhook": {"event_type": event_type, "record_type": "event"},
            "attempts": [attempt],
        }
        self.deliveries.append(item)
        return item

    def save_profile(self, there: Item | None, sent: Mapping[str, JsonValue]) -> Item:
        """Create it (`there` None) or change it."""
        self._may_write()
        form = merged(ProfileForm, there or {}, sent)
        return self._save(self.profiles, there, form, "outbound_voice_profile")

    def save_connection(self, there: Item | None, sent: Mapping[str, JsonValue]) -> Item:
        """Create it or change it. Name and username are for one connection only."""
        self._may_write()
        form = merged(ConnectionForm, there or {}, sent)
        for other in self.connections.values():
            if there is not None and other["id"] == there["id"]:
                continue
            if other["connection_name"] == form["connection_name"]:
                raise invalid("/connection_name", "has already been taken")
            if form["user_name"] and other["user_name"] == form["user_name"]:
                raise invalid("/user_name", "has already been taken")
        outbound, inbound = form["outbound"], form["inbound"]
        assert isinstance(outbound, dict)
        assert isinstance(inbound, dict)
        profile = outbound["outbound_voice_profile_id"]
        if profile is not None and profile not in self.profiles:
            raise invalid("/outbound/outbound_voice_profile_id", "does not exist")
        primary = inbound["default_primary_fqdn_id"]
        if primary is not None and not (
            there and self.fqdns.get(str(primary), {}).get("connection_id") == there["id"]
        ):
            raise invalid("/inbound/default_primary_fqdn_id", "is no FQDN of the connection")
        return self._save(self.connections, there, form, "fqdn_connection")

    def save_fqdn(self, there: Item | None, sent: Mapping[str, JsonValue]) -> Item:
        """Create it or change it."""
        self._may_write()
        form = merged(FqdnForm, there or {}, sent)
        if form["connection_id"] not in self.connections:
            raise invalid("/connection_id", "does not exist")
        return self._save(self.fqdns, there, form, "fqdn")

    def save_number(self, there: Item, sent: Mapping[str, JsonValue]) -> Item:
        """Assign it."""
        self._may_write()
        form = merged(NumberForm, there, sent)
        connection = form["connection_id"]
        if connection and connection not in self.connections:
            raise invalid("/connection_id", "does not exist")
        there |= form
        there["connection_name"] = (
            self.connections[str(connection)]["connection_name"] if connection else None
        )
        there["updated_at"] = _now()
        return there

    def remove(self, shelf: dict[str, Item], item: Item) -> Item:
        """Take it away, and what hangs on it."""
        self._may_write()
        if shelf is self.connections:
            for number in self.numbers.values():
                if number["connection_id"] == item["id"]:
                    raise Refusal(422, "10027", "Invalid value", "phone numbers are assigned to it")
            self.fqdns = {
                key: one for key, one in self.fqdns.items() if one["connection_id"] != item["id"]
            }
        return shelf.pop(str(item["id"]))

    def _may_write(self) -> None:
        if not self.verified:
            raise not_permitted()

    def _save(
        self, shelf: dict[str, Item], there: Item | None, form: Item, record_type: str
    ) -> Item:
        item = there if there is not None else self._new(record_type)
        item |= form
        item["updated_at"] = _now()
        shelf[str(item["id"])] = item
        return item

    def _new(self, record_type: str) -> Item:
        return {
            "id": str(next(self._ids)),
            "record_type": record_type,
            "created_at": _now(),
            "updated_at": _now(),
        }


def without_secret(item: Item) -> Item:
    """A connection as Telnyx shows it to accounts made after September 8, 2026."""
    return {**item, "password": _HIDDEN} if item.get("password") else item


def one_of(shelf: Mapping[str, Item], id: str) -> Item:
    """The item. Raises Refusal 404."""
    try:
        return shelf[id]
    except KeyError:
        raise not_found() from None


def _now() -> str:
    return datetime.now(UTC).isoformat()
