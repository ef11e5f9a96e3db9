"""Tokens: what is accepted, and each attack that is not."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from agent.api.scopes import Client, Scope
from agent.api.tokens import (
    InvalidToken,
    JwksVerifier,
    KeysUnavailable,
    SecretVerifier,
    TokenRules,
    make_token,
)
from agent.errors import SettingsError

SECRET = "example-secret-of-a-test-0123456789"
RULES = TokenRules("calls", "https://issuer.example")
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_PEM = RSA_KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims with changes; None takes one out."""
    now = datetime.now(UTC)
    good = {
        "iss": RULES.issuer,
        "aud": RULES.audience,
        "sub": "office",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "token_use": "access",
        "scope": "calls:read calls:write",
    }
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def signed(
    key: Any = SECRET, algorithm: str = "HS256", /, *, headers: Any = None, **changes: Any
) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def by_hand(header: dict[str, Any], body: dict[str, Any], signature: bytes = b"") -> str:
    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    plain = {
        key: int(value.timestamp()) if isinstance(value, datetime) else value
        for key, value in body.items()
    }
    parts = (json.dumps(header).encode(), json.dumps(plain).encode(), signature)
    return ".".join(part(each) for each in parts)


@pytest.fixture
def verifier() -> SecretVerifier:
    return SecretVerifier(SECRET, RULES)


async def test_a_token_of_ours_says_who_it_is_and_what_it_may_do(verifier: SecretVerifier) -> None:
    token = make_token(
        SECRET,
        RULES,
        subject="office",
        scopes=[Scope.CALLS_READ],
        ttl=timedelta(hours=1),
        now=datetime.now(UTC),
        token_id="1",
    )
    client = await verifier.verify(token)
    assert client == Client("office", frozenset({Scope.CALLS_READ}))
    assert client.may(Scope.CALLS_READ)
    assert not client.may(Scope.CALLS_WRITE)


async def test_admin_may_everything_and_unknown_scopes_nothing(verifier: SecretVerifier) -> None:
    admin = await verifier.verify(signed(scope="admin"))
    assert all(admin.may(scope) for scope in Scope)
    stranger = await verifier.verify(signed(scope="everything root calls:*"))
    assert not any(stranger.may(scope) for scope in Scope)


async def test_clocks_may_differ_by_half_a_minute(verifier: SecretVerifier) -> None:
    await verifier.verify(signed(exp=later(-20), nbf=later(-60)))
    await verifier.verify(signed(nbf=later(20)))


ATTACKS: dict[str, str] = {
    "alg none": by_hand({"alg": "none", "typ": "JWT"}, claims()),
    "alg None in other letters": by_hand({"alg": "NoNe"}, claims()),
    "no alg": by_hand({"typ": "JWT"}, claims()),
    "alg a list": by_hand({"alg": ["HS256"]}, claims()),
    "empty signature": by_hand({"alg": "HS256"}, claims()),
    "signed by another secret": signed("another-secret-of-a-test-0123456789"),
    "RS256 where HS256 is configured": signed(RSA_KEY, "RS256"),
    "HS512 where HS256 is configured": signed(SECRET * 2, "HS512"),
    "key at a URL": signed(headers={"jku": "https://evil.example/keys"}),
    "key in the header": signed(headers={"jwk": {"kty": "oct", "k": "AA"}}),
    "certificate at a URL": signed(headers={"x5u": "https://evil.example/cert"}),
    "certificate in the header": signed(headers={"x5c": ["MII"]}),
    "key id a path": signed(headers={"kid": "../../../../dev/null"}),
    "key id SQL": signed(headers={"kid": "x' union select 'secret"}),
    "critical header": signed(headers={"crit": ["exp"]}),
    "expired": signed(exp=later(-31)),
    "not valid yet": signed(nbf=later(3600), exp=later(7200)),
    "no exp": signed(exp=None),
    "exp a text": signed(exp="tomorrow"),
    "no audience": signed(aud=None),
    "wrong audience": signed(aud="another"),
    "no issuer": signed(iss=None),
    "wrong issuer": signed(iss="https://issuer.example.evil.example"),
    "no subject": signed(sub=None),
    "empty subject": signed(sub=" "),
    "id token": signed(token_use="id"),
    "refresh token": signed(token_use="refresh"),
    "of no use": signed(token_use=None),
    "scope a list": signed(scope=["admin"]),
    "not a token": "x",
    "nothing": "",
    "dots": "..",
    "too long": signed(more="x" * 9000),
    "not ASCII": "é.é.é",
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_secret_verifier_refuses(verifier: SecretVerifier, attack: str) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(ATTACKS[attack])


async def test_one_changed_character_of_the_payload_is_noticed(verifier: SecretVerifier) -> None:
    header, _, signature = signed().split(".")
    _, payload, _ = signed(scope="admin").split(".")
    with pytest.raises(InvalidToken):
        await verifier.verify(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("secret", ["", "short", "a" * 40, "changeme"])
def test_a_secret_that_can_be_guessed_is_refused_naming_the_variable(secret: str) -> None:
    with pytest.raises(SettingsError, match="API_JWT_SECRET"):
        SecretVerifier(secret, RULES)


class Provider:
    """An identity provider's keys at a URL."""

    def __init__(self) -> None:
        self.url = ""
        self.asked = 0
        self.away = False

    async def keys(self, _: web.Request) -> web.Response:
        self.asked += 1
        if self.away:
            raise web.HTTPServiceUnavailable
        made = [
            {
                **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA_KEY.public_key())),
                "kid": "rsa-1",
            },
            {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC_KEY.public_key())), "kid": "ec-1"},
        ]
        algorithms = ("RS256", "ES256")
        return web.json_response(
            {"keys": [{**key, "alg": alg} for key, alg in zip(made, algorithms, strict=True)]}
        )


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = web.Application()
    app.router.add_get("/keys", provider.keys)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    yield provider
    await runner.cleanup()


async def test_both_kinds_of_a_providers_keys_are_accepted(provider: Provider) -> None:
    verifier = JwksVerifier(provider.url, RULES)
    for key, algorithm, kid in ((RSA_KEY, "RS256", "rsa-1"), (EC_KEY, "ES256", "ec-1")):
        client = await verifier.verify(signed(key, algorithm, headers={"kid": kid}))
        assert client.subject == "office"
    typed = signed(RSA_KEY, "RS256", headers={"kid": "rsa-1", "typ": "at+jwt"}, token_use=None)
    assert (await verifier.verify(typed)).subject == "office"
    assert provider.asked == 1


PROVIDER_ATTACKS: dict[str, str] = {
    "none": by_hand({"alg": "none", "kid": "rsa-1"}, claims()),
    "no key id": signed(RSA_KEY, "RS256"),
    "unknown key": signed(RSA_KEY, "RS256", headers={"kid": "rsa-2"}),
    "another's key under a known id": signed(OTHER_RSA_KEY, "RS256", headers={"kid": "rsa-1"}),
    "algorithm of another key": signed(RSA_KEY, "RS256", headers={"kid": "ec-1"}),
    "RS512": signed(RSA_KEY, "RS512", headers={"kid": "rsa-1"}),
    "own key at a URL": signed(
        OTHER_RSA_KEY, "RS256", headers={"kid": "rsa-1", "jku": "https://evil.example"}
    ),
    "path as key id": signed(RSA_KEY, "RS256", headers={"kid": "../../keys"}),
    "id token": signed(RSA_KEY, "RS256", headers={"kid": "rsa-1"}, token_use=None),
    "id token typed as access": signed(
        RSA_KEY, "RS256", headers={"kid": "rsa-1", "typ": "at+jwt"}, token_use="id"
    ),
}


@pytest.mark.parametrize("attack", PROVIDER_ATTACKS)
async def test_a_jwks_verifier_refuses(provider: Provider, attack: str) -> None:
    with pytest.raises(InvalidToken):
        await JwksVerifier(provider.url, RULES).verify(PROVIDER_ATTACKS[attack])


async def test_a_public_key_is_no_secret(provider: Provider) -> None:
    unsigned = by_hand({"alg": "HS256", "kid": "rsa-1"}, claims()).rsplit(".", 1)[0]
    mac = hmac.new(PUBLIC_PEM, unsigned.encode(), hashlib.sha256).digest()
    forged = f"{unsigned}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    with pytest.raises(InvalidToken):
        await JwksVerifier(provider.url, RULES).verify(forged)
    with pytest.raises(InvalidToken):
        await SecretVerifier(SECRET, RULES).verify(forged)


async def test_invented_key_ids_do_not_hammer_the_provider(provider: Provider) -> None:
    verifier = JwksVerifier(provider.url, RULES)
    for number in range(10):
        with pytest.raises(InvalidToken):
            await verifier.verify(signed(RSA_KEY, "RS256", headers={"kid": f"made-up-{number}"}))
    assert provider.asked == 1


async def test_a_provider_that_is_away_is_not_the_tokens_fault(provider: Provider) -> None:
    provider.away = True
    with pytest.raises(KeysUnavailable):
        await JwksVerifier(provider.url, RULES).verify(
            signed(RSA_KEY, "RS256", headers={"kid": "rsa-1"})
        )
