"""What Postgres, its pooler or the way there refuse, as one line with a remedy."""

import socket
import ssl

import asyncpg

from agent.errors import DatabaseUnavailable

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says of a connection that was cut under it
    asyncpg.PostgresConnectionError,
    asyncpg.ProtocolViolationError,  # a pooler's "no such database"
    asyncpg.InvalidAuthorizationSpecificationError,  # wrong user or password
    asyncpg.InvalidCatalogNameError,  # no such database
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.OperatorInterventionError,  # shut down, starting up
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,  # deadlock, serialisation: the same again will do
    # A table, column or function that a migration makes.
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
    # A pooler that hands each transaction to another server.
    asyncpg.InvalidSQLStatementNameError,
    asyncpg.DuplicatePreparedStatementError,
)
"""A statement that fails with one of these was not wrong in itself."""

_REMEDIES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (
        ssl.SSLCertVerificationError,
        "its certificate is not trusted: give its authority's file as sslrootcert, and the "
        "host name that the certificate has",
    ),
    (
        ssl.SSLError,
        "TLS failed: check sslmode in DATABASE_URL",
    ),
    (
        socket.gaierror,
        "no server has that name: check the host in DATABASE_URL, and the network",
    ),
    (
        ConnectionRefusedError,
        "nothing listens there: start it, or check host and port in DATABASE_URL",
    ),
    (
        TimeoutError,
        "start it, or check DATABASE_URL; a firewall or the host's list of allowed addresses "
        "may keep us out",
    ),
    (
        FileNotFoundError,
        "a file or socket that DATABASE_URL names is not there: check its path",
    ),
    (
        asyncpg.InvalidPasswordError,
        "check user and password in DATABASE_URL; special characters are written as %40 for @",
    ),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "check the user in DATABASE_URL, sslmode (most hosts want sslmode=require), and the "
        "server's pg_hba.conf",
    ),
    (
        asyncpg.InvalidCatalogNameError,
        "create that database, or check the name after the last / of DATABASE_URL",
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        "the user may not do that: run `python agent.py migrate` as the tables' owner and "
        "grant this user the tables, or use the owner",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "it takes no more connections: raise max_connections, or put a pooler before it",
    ),
    (
        asyncpg.DiskFullError,
        "its disk is full: free some, `python agent.py retention` deletes what is old",
    ),
    (
        asyncpg.OutOfMemoryError,
        "it has no memory left: fewer connections, or a larger machine",
    ),
    (
        asyncpg.ReadOnlySQLTransactionError,
        "it is a read-only standby, or set read-only: DATABASE_URL must name the primary",
    ),
    (
        asyncpg.CannotConnectNowError,
        "it is starting or shutting down: try again in a moment",
    ),
    (
        (
            asyncpg.UndefinedTableError,
            asyncpg.UndefinedColumnError,
            asyncpg.UndefinedFunctionError,
            asyncpg.InvalidSchemaNameError,
        ),
        "the schema is not that of this version: run `python agent.py migrate`",
    ),
    (
        (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError),
        "a transaction pooler stands before it: add pgbouncer=true to DATABASE_URL",
    ),
    (
        asyncpg.ProtocolViolationError,
        "the pooler before it refuses us: check user, database and options in DATABASE_URL",
    ),
    (
        asyncpg.CantChangeRuntimeParamError,
        "take that option out of DATABASE_URL",
    ),
    (
        asyncpg.UndefinedObjectError,
        "take that option out of DATABASE_URL",
    ),
    (
        asyncpg.ClientConfigurationError,
        "check DATABASE_URL, and PG… variables of the environment",
    ),
)
_ELSE = "start it, or check DATABASE_URL"


def unavailable(place: str, error: BaseException) -> DatabaseUnavailable:
    """The error in words that name the place and never the password."""
    said = " ".join(str(error).split()) or "no answer in time"
    if isinstance(error, ConnectionError) and "rejected SSL" in said:
        remedy = "the server has no TLS: write sslmode=disable, if nobody else is on the way there"
    else:
        remedy = next((words for kind, words in _REMEDIES if isinstance(error, kind)), _ELSE)
    return DatabaseUnavailable(f"Postgres at {place} cannot be used ({said}): {remedy}")
