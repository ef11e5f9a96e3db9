"""SQL files: parameters by name, and every caller gives just these."""

import ast
import re
from pathlib import Path

import pytest

from agent.store.query import QUERIES, Query, parse, query

_STORE = QUERIES.parent
_FILES = sorted(str(path.relative_to(QUERIES).with_suffix("")) for path in QUERIES.rglob("*.sql"))


@pytest.mark.parametrize(
    ("sql", "text", "parameters"),
    [
        ("select :a, :b, :a", "select $1, $2, $1", ("a", "b")),
        ("select :a::text, b::int[]", "select $1::text, b::int[]", ("a",)),
        ("where :a::text is null\n  or x=:a", "where $1::text is null\n  or x=$1", ("a",)),
        ("select ':a', 'it''s :b', :c", "select ':a', 'it''s :b', $1", ("c",)),
        (r"select E'\':a', :b", r"select E'\':a', $1", ("b",)),
        (r"select '\', :b, '\'", r"select '\', $1, '\'", ("b",)),
        ('select ":a" from "t :b" where c=:c', 'select ":a" from "t :b" where c=$1', ("c",)),
        ("-- :a\nselect :b -- it's :c\n, :d", "-- :a\nselect $1 -- it's :c\n, $2", ("b", "d")),
        ("/* :a\n ' */ select :b", "/* :a\n ' */ select $1", ("b",)),
        ("select $$ :a $$, $x$ $$ :b $x$, :c", "select $$ :a $$, $x$ $$ :b $x$, $1", ("c",)),
        ("f(a => :a, b := :b)", "f(a => $1, b := $2)", ("a", "b")),
        ("select a[1:2], a[b:c], (x)[:n]", "select a[1:2], a[b:c], (x)[$1]", ("n",)),
        ("select 1", "select 1", ()),
    ],
)  # fmt: skip
def test_only_a_parameter_is_replaced(sql: str, text: str, parameters: tuple[str, ...]) -> None:
    assert parse("a", sql) == Query("a", text, parameters)


def test_a_statement_gives_its_values_in_the_order_of_the_text() -> None:
    assert parse("a", "select :b, :a, :b")(a=1, b=None) == ("select $1, $2, $1", None, 1)


@pytest.mark.parametrize("given", [{"a": 1}, {"a": 1, "b": 2, "c": 3}, {}, {"a": 1, "c": 2}])
def test_a_wrong_name_is_an_error_before_postgres_is_asked(given: dict[str, int]) -> None:
    with pytest.raises(TypeError, match=r"list\.sql"):
        parse("list", "select :a, :b")(**given)


def test_a_parameter_by_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a\.sql.*\$2"):
        parse("a", "select :a, $2")


@pytest.mark.parametrize("name", _FILES)
def test_the_heading_explains_parameters_that_the_statement_has(name: str) -> None:
    explained: set[str] = set()
    for line in (QUERIES / f"{name}.sql").read_text().splitlines():
        if not line.startswith("--"):
            break
        explained |= set(re.findall(r"(?<!\w):([a-z_]+)", line))
    assert explained <= set(query(name).parameters)


def _calls() -> list[tuple[str, int, str, frozenset[str]]]:
    """Every call of a statement in the store: file, line, statement, names given."""
    found = []
    for path in sorted(_STORE.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        statements = {
            node.targets[0].id: node.value.args[0].value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id == "query"
            and isinstance(node.value.args[0], ast.Constant)
        }
        found += [
            (path.name, node.lineno, str(statements[node.func.id]), _names(node))
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in statements
        ]
    return found


def _names(call: ast.Call) -> frozenset[str]:
    return frozenset(keyword.arg or "**" for keyword in call.keywords)


@pytest.mark.parametrize("call", _calls(), ids=lambda call: f"{call[0]}:{call[2]}")
def test_every_call_names_the_parameters_of_its_file(
    call: tuple[str, int, str, frozenset[str]],
) -> None:
    file, line, name, given = call
    expected = set(query(name).parameters)
    # What `**columns` brings is compared when it runs; what stands beside it, here.
    assert given - {"**"} <= expected, f"{file}:{line}"
    assert "**" in given or given == expected, f"{file}:{line}"


def test_no_statement_is_left_that_nobody_calls() -> None:
    assert {name for _, _, name, _ in _calls()} == set(_FILES)
    assert not list(Path(QUERIES).glob("*.sql")), "a statement lies in the folder of its store"
