"""What a migration must not do while the older version still runs on it."""

import re

import pytest

from agent.store.migrate import Migration, read_migrations

_FILES = read_migrations()
_BEFORE_KINDS = 5
"""The first five are of version 0.1.0, before there was an older version."""


def _problems(sql: str) -> list[str]:
    """Why the older version would break on it."""
    text = " ".join(re.sub(r"--[^\n]*", "", sql).lower().split())
    text = re.sub(r"\$(\w*)\$.*?\$\1\$", "''", text)
    found = []
    for statement in text.split(";"):
        altered = re.match(r"\s*alter table (?:if exists )?(?:only )?(?:public\.)?(\w+)", statement)
        if altered is None:
            if re.match(r"\s*(drop|truncate)\b", statement):
                found.append("takes away what the older version may use: a post migration")
            continue
        # Postgres fills a default in only where the column is left out. The older version's
        # statement for call_logs names every column of the row, so it writes null.
        for column in re.findall(
            r"add (?:column )?(?:if not exists )?(.*?)(?=, add |$)", statement
        ):
            if "not null" not in column:
                continue
            if altered[1] == "call_logs":
                found.append("not null in call_logs: the older version writes null into it")
            elif "default" not in column and "generated" not in column:
                found.append("not null without a default: the older version leaves it out")
        if re.search(r"\bset not null\b", statement):
            found.append("set not null: the older version may leave it out")
        if re.search(r"\b(drop column|drop constraint|rename)\b", statement):
            found.append("takes away what the older version uses: a post migration")
    return found


@pytest.mark.parametrize(
    "migration", _FILES[_BEFORE_KINDS:], ids=[each.name for each in _FILES[_BEFORE_KINDS:]]
)
def test_a_pre_migration_leaves_the_older_version_working(migration: Migration) -> None:
    assert re.fullmatch(r"\d{4}_(pre|post)_[a-z_]+", migration.name)
    if not migration.is_post:
        assert _problems(migration.sql) == []


@pytest.mark.parametrize(
    "sql",
    [
        "alter table attempts add column priority integer not null;",
        "alter table attempts add priority integer NOT\n NULL;",
        "alter table attempts add column a text, add column b text not null;",
        "alter table attempts add column a text not null, add column b text default '';",
        "alter table call_logs add column sentiment text not null default '';",
        "create table a (); alter table public.call_logs add column s text default '' not null;",
        "alter table attempts alter column playbook set not null;",
        "alter table attempts drop column playbook;",
        "alter table attempts rename column playbook to page;",
        "alter table attempts rename to wishes;",
        "drop table switches;",
        "create index a on b (c); drop function f(text);",
    ],
)
def test_what_breaks_the_older_version_is_seen(sql: str) -> None:
    assert _problems(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "alter table attempts add column priority integer;",
        "alter table attempts add column priority integer not null default 0;",
        "alter table call_logs add column sentiment text;",
        "create table notes (id uuid primary key, text text not null);",
        "-- alter table attempts drop column playbook;\nselect 1;",
        "create function f() returns void language sql as $$ delete from a; drop table b; $$;",
    ],
)
def test_what_does_not_is_left_alone(sql: str) -> None:
    assert _problems(sql) == []


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [each.name[:4] for each in _FILES] == [f"{n + 1:04}" for n in range(len(_FILES))]


def test_a_corrected_comment_is_no_other_migration_but_a_changed_statement_is() -> None:
    sql = "-- a coment\ncreate table a (b text);\n"
    assert (
        Migration("a", sql).hash == Migration("a", "-- a comment\n\ncreate table a  (b text);").hash
    )
    assert Migration("a", sql).hash != Migration("a", "create table a (b text, c text);").hash
