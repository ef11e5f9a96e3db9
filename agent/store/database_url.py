"""DATABASE_URL as hosts, tools and people write it, read into what asyncpg takes.

    >>> url = read_url("postgres://me:p%40ss@db.example/sales?sslmode=require&channel_binding=require")
    >>> url.place, url.dropped
    ('db.example:5432/sales', ('channel_binding',))

asyncpg would hand an option that it does not know to Postgres, which then refuses the connection.
"""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode

from agent.errors import SettingsError

_FORM = "postgresql://user:password@host:5432/name"
_URL = re.compile(
    r"""
    (?:jdbc:)?(?P<scheme>[a-z]+)(?:\+\w+)?://
    # A password with a raw @, / or # is read up to the first @ that a host can follow.
    (?:(?P<user>[^:@/?\#]*)(?::(?P<password>.*?))?@)?
    (?P<hosts>(?:\[[0-9a-f:.%\w]*\]|[^@/?\#\[\]\s])*)
    (?:/(?P<database>[^?\#@/]*))?
    (?:\?(?P<query>[^\#]*))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PORT = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::(?P<port>[^:]*))?")

_FOR_ASYNCPG = frozenset(
    (
        "host",
        "port",
        "user",
        "password",
        "passfile",
        "dbname",
        "database",
        "service",
        "sslcert",
        "sslkey",
        "sslcrl",
        "sslpassword",
        "sslnegotiation",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "target_session_attrs",
        "krbsrvname",
        "gsslib",
    )
)
_FOR_POSTGRES = frozenset(
    (
        "application_name",
        "options",
        "search_path",
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
    )
)
_MODES = frozenset(("disable", "allow", "prefer", "require", "verify-ca", "verify-full"))
# What node's drivers call TLS without a look at the certificate, and JDBC's and node's `ssl`.
_OTHER_MODES = {"no-verify": "require", "true": "require", "1": "require", "false": "disable"}


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """What to connect to. `place` and `dropped` (names of options) are fit to be shown."""

    dsn: str
    place: str
    dropped: tuple[str, ...]
    tls: ssl.SSLContext | None
    """Only where certificates are checked against the system's own authorities."""
    server_settings: tuple[tuple[str, str], ...]
    pooled: bool
    """Whether the URL itself says that a transaction pooler answers."""


def read_url(text: str) -> DatabaseUrl:
    """Raises SettingsError, which never shows the text: it holds a password."""
    found = _URL.fullmatch(_bare(text))
    if found is None or found["scheme"].lower() not in ("postgres", "postgresql"):
        raise SettingsError(f"DATABASE_URL is not a Postgres URL: write {_FORM}")
    ports = [_port(host) for host in found["hosts"].split(",")]
    options = dict(parse_qsl(found["query"] or "", keep_blank_values=True))
    mode, tls = _tls(options)
    kept = {name: value for name, value in options.items() if name in _FOR_ASYNCPG and value}
    if mode:
        kept["sslmode"] = mode
        if tls is None and options.get("sslrootcert"):
            kept["sslrootcert"] = options["sslrootcert"]
    understood = _FOR_ASYNCPG | _FOR_POSTGRES | {"sslmode", "sslrootcert", "ssl", "pgbouncer"}
    return DatabaseUrl(
        dsn=_written(found, kept),
        place=f"{_host(found, kept)}:{ports[0] or kept.get('port', 5432)}/{_name(found, kept)}",
        dropped=tuple(sorted(name for name in options if name not in understood)),
        tls=tls,
        server_settings=tuple(
            (name, value) for name, value in options.items() if name in _FOR_POSTGRES and value
        ),
        pooled=options.get("pgbouncer", "").lower() in ("true", "1"),
    )


def _bare(text: str) -> str:
    """The URL out of what people copy with it: blanks, quotes, `psql '…'`, `DATABASE_URL=…`."""
    bare = text.strip(" \t\r\n\ufeff\u200b\u00a0")
    bare = re.sub(r"^(?:psql|(?:export )?DATABASE_URL=)\s*", "", bare)
    return bare.strip(" \t\"'`;\u201c\u201d\u2018\u2019")


def _port(host: str) -> int | None:
    found = _PORT.fullmatch(host)
    if found is None:
        raise SettingsError(
            f"DATABASE_URL: an IPv6 address stands in brackets: {_FORM.replace('host', '[::1]')}"
        )
    port = found["port"]
    if not port:
        return None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise SettingsError(
            "DATABASE_URL: the port is not a number from 1 to 65535 (a ':' or '@' in the password "
            f"is written %3A or %40): write {_FORM}"
        )
    return int(port)


def _tls(options: dict[str, str]) -> tuple[str | None, ssl.SSLContext | None]:
    """sslmode, and a context where the system's authorities are to be asked."""
    given = (options.get("sslmode") or options.get("ssl") or "").lower()
    if not given:
        return None, None
    mode = _OTHER_MODES.get(given, given)
    if mode not in _MODES:
        raise SettingsError(f"DATABASE_URL: sslmode is one of {', '.join(sorted(_MODES))}")
    if mode not in ("verify-ca", "verify-full"):
        return mode, None
    root = options.get("sslrootcert") or ""
    if root and root != "system":
        if not Path(root).expanduser().is_file():
            raise SettingsError(
                f"DATABASE_URL: there is no file {root} (sslrootcert): give its whole path, or "
                "sslrootcert=system"
            )
        return mode, None
    context = ssl.create_default_context()
    context.check_hostname = mode == "verify-full"
    return None, context


def _written(found: re.Match[str], options: dict[str, str]) -> str:
    """The URL again, with its parts in the one form that asyncpg reads as they were meant."""
    user, password = (quote(unquote(found[name] or ""), safe="") for name in ("user", "password"))
    who = f"{user}:{password}@" if password else f"{user}@" if user else ""
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    database = quote(unquote(found["database"] or ""), safe="")
    return f"postgresql://{who}{found['hosts']}/{database}{query}"


def _host(found: re.Match[str], options: dict[str, str]) -> str:
    first = found["hosts"].split(",")[0]
    named = first.rsplit(":", 1)[0] if not first.endswith("]") and ":" in first else first
    return unquote(named) or options.get("host") or "localhost"


def _name(found: re.Match[str], options: dict[str, str]) -> str:
    given = found["database"] or options.get("dbname") or options.get("database")
    return unquote(given or found["user"] or options.get("user") or "")
