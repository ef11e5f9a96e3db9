"""`python agent.py token`: a bearer token for the HTTP API."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import typer

from agent.api.scopes import Scope
from agent.api.tokens import make_token, token_rules
from agent.cli.context import settings
from agent.errors import SettingsError

app = typer.Typer()

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=365)


@app.command()
def token(
    scope: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="What it may do; give it several times.", show_default=False),
    ] = None,
    ttl: Annotated[str, typer.Option("--ttl", help="How long it is valid: 30m, 12h, 7d.")] = "1h",
    subject: Annotated[
        str, typer.Option("--subject", help="Who it is for: rate limits and keys go by it.")
    ] = "cli",
) -> None:
    """Print a token signed with API_JWT_SECRET; without --scope it may ask for and read calls."""
    current = settings()
    current.need("API_JWT_SECRET")
    if current.api_jwks_url is not None:
        raise SettingsError("API_JWKS_URL is set: tokens come from your identity provider")
    print(
        make_token(
            current.api_jwt_secret or "",
            token_rules(current),
            subject=subject,
            scopes=scope or [Scope.CALLS_WRITE, Scope.CALLS_READ],
            ttl=_duration(ttl),
            now=datetime.now(UTC),
            token_id=str(uuid4()),
        )
    )


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,6})([smhd])", text.strip())
    length = timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None
    if length is None or length > _LONGEST:
        raise typer.BadParameter("write 30m, 12h or 7d, a year at most", param_hint="--ttl")
    return length
