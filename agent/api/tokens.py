"""Bearer tokens: made by `python agent.py token`, or by an identity provider with a JWKS URL.

    verifier = SecretVerifier(secret, TokenRules(audience, issuer))
    client = await verifier.verify(text)            # raises InvalidToken

Which algorithms are accepted follows from our configuration; what a token's header says of its own
algorithm, its key or where to find one is compared with that and never followed.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import jwt
import structlog

from agent.api.scopes import Client, Scope
from agent.errors import SettingsError
from agent.settings import Settings, checked_secret

log = structlog.get_logger(__name__)

LEEWAY_SECONDS = 30
MAX_TOKEN_CHARACTERS = 8192
_JWKS_SECONDS = 5.0
_HS256 = "HS256"
_PUBLIC_KEY_ALGORITHMS = ("RS256", "ES256")
_REQUIRED = ["exp", "aud", "iss", "sub"]
_KEY_FROM_TOKEN = frozenset({"jku", "jwk", "x5u", "x5c", "crit"})
"""Headers with which a token names its own key, or asks for rules that we do not have."""
_KID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:=+-]{0,127}")


class InvalidToken(Exception):
    """The token is not to be trusted. The text is for our log, never for its bearer."""


class KeysUnavailable(Exception):
    """The identity provider's keys cannot be fetched: the fault is not the token's."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must say beside being signed."""

    audience: str
    issuer: str


class Verifier(Protocol):
    """Says who bears a token."""

    async def verify(self, token: str) -> Client:
        """Raises InvalidToken, or KeysUnavailable when it cannot be known."""
        ...


class SecretVerifier:
    """Tokens signed with a secret that we share with nobody: HS256 only."""

    def __init__(self, secret: str, rules: TokenRules) -> None:
        """Raises SettingsError for a secret that could be guessed."""
        self._secret = checked_secret(secret)
        self._rules = rules

    async def verify(self, token: str) -> Client:
        """See `Verifier`."""
        _checked_header(token, (_HS256,))
        return _client(token, self._secret, (_HS256,), self._rules)


class JwksVerifier:
    """Tokens of an identity provider: RS256 or ES256, by the keys at one configured URL."""

    def __init__(self, url: str, rules: TokenRules) -> None:
        self._rules = rules
        # It caches for five minutes, and asks for an unknown key at most every 30 s: invented key
        # ids cannot make us hammer the provider.
        self._keys = jwt.PyJWKClient(url, timeout=_JWKS_SECONDS)
        self._one_at_a_time = asyncio.Lock()

    async def verify(self, token: str) -> Client:
        """See `Verifier`."""
        header = _checked_header(token, _PUBLIC_KEY_ALGORITHMS)
        kid = header.get("kid")
        if kid is None:
            raise InvalidToken("no key id")
        key = await self._key(kid)
        if key.algorithm_name != header["alg"]:
            raise InvalidToken("algorithm of another key")
        typed = str(header.get("typ", "")).lower() in ("at+jwt", "application/at+jwt")
        return _client(token, key, (key.algorithm_name,), self._rules, typed_access=typed)

    async def _key(self, kid: str) -> jwt.PyJWK:
        async with self._one_at_a_time:
            try:
                return await asyncio.to_thread(self._keys.get_signing_key, kid)
            except jwt.PyJWKClientConnectionError as error:
                log.warning("token_keys_unavailable", error=type(error).__name__)
                raise KeysUnavailable from None
            except jwt.PyJWTError as error:
                raise InvalidToken(f"no such key: {type(error).__name__}") from None


def build_verifier(settings: Settings) -> Verifier:
    """Who checks tokens. Raises SettingsError: no key, a weak one, or two kinds at once."""
    rules = token_rules(settings)
    match settings.api_jwt_secret, settings.api_jwks_url:
        case str(secret), None:
            return SecretVerifier(secret, rules)
        case None, str(url):
            local = url.startswith(("http://127.0.0.1:", "http://localhost:"))
            if not url.startswith("https://") and not local:
                raise SettingsError("API_JWKS_URL must be https: keys are trusted as they come")
            return JwksVerifier(url, rules)
        case None, None:
            raise SettingsError(
                "API_JWT_SECRET or API_JWKS_URL not set: `openssl rand -base64 48` makes a secret"
            )
    raise SettingsError("API_JWT_SECRET and API_JWKS_URL are both set: keep one of them")


def token_rules(settings: Settings) -> TokenRules:
    """What tokens must say."""
    return TokenRules(settings.api_jwt_audience, settings.api_jwt_issuer)


def make_token(
    secret: str,
    rules: TokenRules,
    *,
    subject: str,
    scopes: Sequence[Scope],
    ttl: timedelta,
    now: datetime,
    token_id: str,
) -> str:
    """A token that SecretVerifier accepts. Raises SettingsError for a weak secret."""
    claims = {
        "iss": rules.issuer,
        "aud": rules.audience,
        "sub": subject,
        "jti": token_id,
        "iat": now,
        "nbf": now,
        "exp": now + ttl,
        "token_use": "access",
        "scope": " ".join(scopes),
    }
    return jwt.encode(claims, checked_secret(secret), algorithm=_HS256)


def _checked_header(token: str, algorithms: tuple[str, ...]) -> dict[str, Any]:
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise InvalidToken("too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise InvalidToken(type(error).__name__) from None
    if header.get("alg") not in algorithms:
        raise InvalidToken("algorithm")
    if not _KEY_FROM_TOKEN.isdisjoint(header):
        raise InvalidToken("names its own key")
    kid = header.get("kid")
    if kid is not None and not _KID.fullmatch(kid):
        raise InvalidToken("key id")
    return header


def _client(
    token: str,
    key: str | jwt.PyJWK,
    algorithms: tuple[str, ...],
    rules: TokenRules,
    *,
    typed_access: bool = False,
) -> Client:
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=list(algorithms),
            audience=rules.audience,
            issuer=rules.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise InvalidToken(type(error).__name__) from None
    use = claims.get("token_use", "access" if typed_access else None)
    if use != "access":
        raise InvalidToken("not an access token")
    subject, scope = claims["sub"], claims.get("scope", "")
    if not isinstance(scope, str) or not isinstance(subject, str) or not subject.strip():
        raise InvalidToken("claims")
    known = frozenset(Scope(name) for name in scope.split() if name in _SCOPES)
    return Client(subject, known)


_SCOPES: frozenset[str] = frozenset(Scope)
