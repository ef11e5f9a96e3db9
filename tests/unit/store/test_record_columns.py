"""A column that one of the lists of a statement forgets would be lost without a word."""

import re

import pytest

from agent.domain.record import fold
from agent.store.calls import columns_of
from agent.store.query import query
from tests.facts import Story


def _lists(statement: str, table: str) -> tuple[list[str], set[str], dict[str, str]]:
    """The columns that are inserted into the table, its key, and what is updated from what."""
    text = re.sub(r"--[^\n]*", "", query(statement).text)
    found = re.search(
        rf"insert into {table} \((?P<inserted>[^)]*)\).*?"
        r"on conflict \((?P<key>[^)]*)\) do update set(?P<updated>[^)]*)",
        text,
        re.DOTALL,
    )
    assert found, statement
    pairs = (pair.split("=") for pair in found["updated"].split(","))
    return (
        [name.strip() for name in found["inserted"].split(",")],
        {name.strip() for name in found["key"].split(",")},
        {left.strip(): right.split()[0] for left, right in pairs},
    )


@pytest.mark.parametrize(
    ("statement", "table"), [("calls/record", "call_logs"), ("calls/append_events", "call_turns")]
)
def test_every_column_that_is_inserted_is_also_updated(statement: str, table: str) -> None:
    inserted, key, updated = _lists(statement, table)
    assert updated == {name: f"excluded.{name}" for name in set(inserted) - key}


def test_what_is_inserted_is_selected_in_the_same_order() -> None:
    inserted, _, _ = _lists("calls/record", "call_logs")
    found = re.search(
        r"\)\s*select\s([^()]*?)\sfrom jsonb_populate_record", query("calls/record").text
    )
    assert found
    assert [name.strip() for name in found[1].split(",")] == inserted


def test_the_row_of_a_call_has_just_the_columns_that_are_written() -> None:
    call = Story()
    row = columns_of(fold(call.call_id, [call.created()]))
    assert isinstance(row, dict)
    assert row.keys() == set(_lists("calls/record", "call_logs")[0])
