"""Who may ask what: bearer tokens before anything of a request is parsed, scopes at each route.

gatekeeper = Gatekeeper(verifier, limiter, public=frozenset({"/healthz"}))
client: Annotated[Client, needs(Scope.CALLS_READ)]              # in a route's signature
"""

from typing import Annotated, Any

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from agent.api.problems import Problem
from agent.api.rate_limits import RateLimiter
from agent.api.scopes import Client, Scope
from agent.api.tokens import InvalidToken, KeysUnavailable, Verifier

log = structlog.get_logger(__name__)

_BEARER = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="A token of `python agent.py token`."
)


class Gatekeeper:
    """Lets a request in: public paths, or a good token within its rate."""

    def __init__(self, verifier: Verifier, limiter: RateLimiter, public: frozenset[str]) -> None:
        self._verifier = verifier
        self._limiter = limiter
        self._public = public

    async def admit(self, request: Request) -> Client | None:
        """The client; None for a public path. Raises Problem 401, 429 or 503.

        An unknown path needs a token too: who has none learns nothing of what there is.
        """
        if request.scope["path"] in self._public:  # never `url`, which a Host header shapes
            return None
        try:
            client = await self._verifier.verify(_bearer(request))
        except KeysUnavailable:
            raise Problem(
                503,
                "unavailable",
                "tokens cannot be checked now: try again soon",
                headers={"Retry-After": "5"},
            ) from None
        except InvalidToken as error:
            await self._limiter.count_failure(request.client.host if request.client else "")
            log.info("token_refused", why=str(error))
            raise Problem(
                401,
                "unauthorised",
                "send Authorization: Bearer with a valid access token",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            ) from None
        await self._limiter.count(client.subject)
        return client


def needs(scope: Scope) -> Any:
    """The dependency of a route that only tokens with `scope` may use."""
    return Security(_client, scopes=[scope])


def _client(
    request: Request,
    wanted: SecurityScopes,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Client:
    client: Client = request.scope["state"]["client"]
    for name in wanted.scopes:
        if not client.may(Scope(name)):
            raise Problem(
                403,
                "insufficient-scope",
                f"the token lacks the scope {name}",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{name}"'},
            )
    return client


def _bearer(request: Request) -> str:
    given = request.headers.getlist("authorization")
    if len(given) != 1:  # two of them: a proxy in front may have checked the other one
        raise InvalidToken("no Authorization header, or several")
    kind, _, token = given[0].partition(" ")
    if kind.lower() != "bearer" or not token:
        raise InvalidToken("not a bearer token")
    return token
