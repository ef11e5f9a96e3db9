"""DATABASE_URL as hosts, tools and people write it."""

import ssl
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.store.database_url import read_url


@pytest.mark.parametrize(
    ("text", "dsn"),
    [
        ("postgres://u:p@h/db", "postgresql://u:p@h/db"),
        ("  'postgresql://u:p@h/db'\n", "postgresql://u:p@h/db"),
        ('"postgresql://u:p@h/db"', "postgresql://u:p@h/db"),
        ("\ufeffpostgresql://u:p@h/db\r\n", "postgresql://u:p@h/db"),
        ("\u201cpostgresql://u:p@h/db\u201d", "postgresql://u:p@h/db"),
        ("psql 'postgresql://u:p@h/db?sslmode=require'", "postgresql://u:p@h/db?sslmode=require"),
        ("export DATABASE_URL=postgresql://u:p@h/db;", "postgresql://u:p@h/db"),
        ("postgresql+asyncpg://u:p@h/db?ssl=require", "postgresql://u:p@h/db?sslmode=require"),
        ("POSTGRESQL://u@h/db", "postgresql://u@h/db"),
        ("jdbc:postgresql://h:1/db?user=a&password=b%26c", "postgresql://h:1/db?user=a&password=b%26c"),
        ("postgres://h/db?ssl=true", "postgresql://h/db?sslmode=require"),
        ("postgres://h/db?sslmode=no-verify", "postgresql://h/db?sslmode=require"),
        # Passwords: as they were shown, and percent-encoded.
        ("postgres://u:p%40s%2Fs@h/db", "postgresql://u:p%40s%2Fs@h/db"),
        ("postgres://u:example@s#s/w?rd%@h:5/db", "postgresql://u:example%40s%23s%2Fw%3Frd%25@h:5/db"),
        ("postgres://u:example:b@h/db", "postgresql://u:example%3Ab@h/db"),
        ("postgres://u:a@b/c@h/db", "postgresql://u:a%40b%2Fc@h/db"),
        ("postgres://me.project:p@h:6543/db", "postgresql://me.project:p@h:6543/db"),
        # Places.
        ("postgres://u:p@[::1]:5433/db", "postgresql://u:p@[::1]:5433/db"),
        ("postgres://h1:1,h2:2/db", "postgresql://h1:1,h2:2/db"),
        ("postgres:///db?host=/run/pg", "postgresql:///db?host=%2Frun%2Fpg"),
        ("postgres://u:p@h", "postgresql://u:p@h/"),
        ("postgres://h/my%20db", "postgresql://h/my%20db"),
    ],
)  # fmt: skip
def test_it_is_read_as_it_was_meant(text: str, dsn: str) -> None:
    url = read_url(text)
    assert (url.dsn, url.dropped) == (dsn, ())


@pytest.mark.parametrize(
    ("options", "dropped"),
    [
        ("channel_binding=require", ("channel_binding",)),
        ("schema=public&connection_limit=5", ("connection_limit", "schema")),
        ("socket_timeout=3&connect_timeout=5", ("connect_timeout", "socket_timeout")),
        ("sslaccept=strict&supa=base-pooler.x", ("sslaccept", "supa")),
        ("something_new=1", ("something_new",)),
        ("sslmode=require&target_session_attrs=read-write", ()),
    ],
)  # fmt: skip
def test_an_option_that_means_nothing_to_us_is_dropped_and_named(
    options: str, dropped: tuple[str, ...]
) -> None:
    url = read_url(f"postgres://u:p@h/db?{options}")
    assert url.dropped == dropped
    assert not any(name in url.dsn for name in dropped)


def test_what_postgres_understands_reaches_it_as_a_setting() -> None:
    url = read_url("postgres://h/db?options=-c%20lock_timeout%3D5s&application_name=ours")
    assert url.server_settings == (("options", "-c lock_timeout=5s"), ("application_name", "ours"))
    assert "?" not in url.dsn


@pytest.mark.parametrize(("value", "pooled"), [("true", True), ("1", True), ("false", False)])
def test_prismas_word_for_a_pooler_is_understood(value: str, pooled: bool) -> None:
    assert read_url(f"postgres://h/db?pgbouncer={value}").pooled is pooled


@pytest.mark.parametrize(("mode", "host_is_checked"), [("verify-full", True), ("verify-ca", False)])
@pytest.mark.parametrize("root", ["", "&sslrootcert=system"])
def test_without_a_file_of_authorities_the_systems_are_asked(
    mode: str, root: str, host_is_checked: bool
) -> None:
    url = read_url(f"postgres://h/db?sslmode={mode}{root}")
    assert url.tls is not None
    assert url.tls.verify_mode is ssl.CERT_REQUIRED
    assert url.tls.check_hostname is host_is_checked
    assert "ssl" not in url.dsn


def test_a_file_of_authorities_is_handed_on(tmp_path: Path) -> None:
    root = tmp_path / "ca.pem"
    root.touch()
    url = read_url(f"postgres://h/db?sslmode=verify-full&sslrootcert={root}")
    assert url.tls is None
    assert "sslmode=verify-full&sslrootcert=" in url.dsn


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("postgres://u:example-secret@h:6543/db?sslmode=require", "h:6543/db"),
        ("postgres://u:example-secret@h", "h:5432/u"),
        ("postgres:///db?host=/run/pg", "/run/pg:5432/db"),
        ("postgres://u:example-secret@[::1]/db", "[::1]:5432/db"),
    ],
)
def test_the_place_is_fit_to_be_shown(text: str, place: str) -> None:
    assert read_url(text).place == place


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a Postgres URL"),
        ("mysql://u:example-secret@h/db", "not a Postgres URL"),
        ("host=h dbname=db password=example-secret", "not a Postgres URL"),
        ("prisma+postgres://x.example/?api_key=example-secret", "not a Postgres URL"),
        ("postgres://u:example-secret@h /db", "not a Postgres URL"),
        ("postgres://u:example-secret@::1/db", "in brackets"),
        ("postgres://u:example-secret@h:port/db", "the port"),
        ("postgres://u:example-secret@h:0/db", "the port"),
        ("postgres://u:example-secret@h:70000/db", "the port"),
        ("postgres://u:example-secret@h/db?sslmode=on", "sslmode is one of"),
        (
            "postgres://u:example-secret@h/db?sslmode=verify-full&sslrootcert=/nope.pem",
            "no file /nope.pem",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_line_without_the_password(text: str, says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_url(text)
    assert str(raised.value).startswith("DATABASE_URL")
    assert says in str(raised.value)
    assert "example-secret" not in str(raised.value)
