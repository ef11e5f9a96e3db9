"""Who may ask what: every route with every scope, and what surrounds a request."""

import asyncio
import re
import socket
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn

from agent.api.app import build_app
from agent.api.middleware import MAX_BODY_BYTES
from agent.api.rate_limits import RateLimits
from agent.api.scopes import Scope
from agent.settings import ROOT
from tests.integration.api.conftest import Api, bearer, running_api

ROW = re.compile(r"^\| `([A-Z]+) (/\S*)` \| (\S+) \|", re.MULTILINE)
DOCUMENTED = {
    (method, path): scope
    for method, path, scope in ROW.findall((ROOT / "docs" / "api.md").read_text())
}


def operations(document: dict[str, Any]) -> dict[tuple[str, str], str]:
    """The scope of each operation, by the OpenAPI document."""
    found = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            security = operation.get("security", [])
            scopes = [scope for each in security for scopes in each.values() for scope in scopes]
            assert len(scopes) <= 1
            found[method.upper(), path] = scopes[0] if scopes else "none"
    return found


async def test_the_table_of_the_docs_is_what_the_routes_ask_for(api: Api) -> None:
    document = (await api.client.get("/openapi.json")).json()
    assert operations(document) == DOCUMENTED


@pytest.mark.parametrize("operation", DOCUMENTED, ids=" ".join)
async def test_a_route_is_open_to_its_scope_and_to_admin_only(
    api: Api, operation: tuple[str, str]
) -> None:
    method, path = operation
    needed = DOCUMENTED[operation]
    address = path.replace("{room_name}", "a-room").replace("{attempt_id}", str(uuid4()))
    address = address.replace("{call_id}", str(uuid4()))
    kind = "text/csv" if path.endswith("/import") else "application/json"
    content = {"Content-Type": kind} if method == "POST" else {}
    api.client.headers.pop("Authorization")
    for scope in Scope:
        headers = {**bearer(scope), **content}
        answer = await api.client.request(method, address, headers=headers)
        allowed = needed in ("none", scope) or scope is Scope.ADMIN
        assert (answer.status_code == 403) is not allowed, (scope, answer.text)
        assert answer.status_code != 401
    answer = await api.client.request(method, address, headers=content)
    assert (answer.status_code == 401) is (needed != "none")


async def test_a_token_without_any_scope_may_nothing(api: Api) -> None:
    answer = await api.client.get("/api/calls", headers=bearer())
    assert answer.status_code == 403
    assert 'scope="calls:read"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "header", [None, "Basic eDp5", "Bearer", "Bearer ", "Bearer x.y.z", "bearer\tx"]
)
async def test_without_a_good_token_everything_is_401_also_what_does_not_exist(
    api: Api, header: str | None
) -> None:
    api.client.headers.pop("Authorization")
    headers = {"Authorization": header} if header else {}
    for path in ("/api/calls", "/nothing/here", "/metrics"):
        answer = await api.client.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_two_authorization_headers_are_no_token(api: Api) -> None:
    good = bearer(Scope.ADMIN)["Authorization"]
    api.client.headers.pop("Authorization")
    headers = [("Authorization", good), ("Authorization", good)]
    assert (await api.client.get("/api/calls", headers=headers)).status_code == 401


async def test_docs_are_closed_where_they_are_not_opened(dsn: str, tmp_path: Path) -> None:
    async with running_api(dsn, tmp_path, docs_open=False) as api:
        for path in ("/docs", "/openapi.json", "/redoc"):
            assert (await api.client.get(path)).status_code == 404
            bare = await api.client.get(path, headers={"Authorization": "none"})
            assert bare.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/api/calls/", 404),
        ("GET", "/api/telnyx/outbound-call", 405),
        ("PATCH", "/api/calls", 405),
        ("GET", "/api/calls/..%2f..%2fetc%2fpasswd/recording", 404),
        ("GET", "/api/calls/not-an-id", 422),
        ("GET", "/api/telnyx/room/..%2f..%2fetc", 404),
        ("GET", "/api/calls?limit=0", 422),
        ("GET", "/api/calls?since=yesterday", 422),
        ("GET", "/api/calls?cursor=abc", 422),
        ("GET", "/api/calls?cursor=WyJ4IiwieSJd", 422),
        ("GET", "/api/calls?number=12", 422),
        ("GET", "/api/calls?disposition=none", 422),
    ],
)
async def test_errors_are_problems(api: Api, method: str, path: str, status: int) -> None:
    headers = {"Content-Type": "application/json"} if method == "PATCH" else {}
    answer = await api.client.request(method, path, headers=headers)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert told["status"] == status
    assert told["request_id"] == answer.headers["X-Request-ID"]
    assert ("Allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"phone_number": "+32479202020"}', "text/plain", 415),
        (b'{"phone_number": "+32479202020"}', "application/x-www-form-urlencoded", 415),
        (b'{"phone_number": "+32479202020"}', "application/json; charset=utf-16", 415),
        (b'{"phone_number": "+32479202020"}', "", 415),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 30_000, "application/json", 400),
        (b"", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'"x"', "application/json", 422),
        (b'{"phone_number": NaN}', "application/json", 422),
        (b'{"a": "' + b"x" * MAX_BODY_BYTES + b'"}', "application/json", 413),
    ],
)
async def test_bodies_that_cannot_be_read(api: Api, content: bytes, kind: str, status: int) -> None:
    headers = {"Content-Type": kind} if kind else {}
    path = "/api/telnyx/outbound-call"
    answer = await api.client.post(path, content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == status


async def test_a_body_in_parts_is_stopped_at_the_limit(api: Api) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 100 * MAX_BODY_BYTES:
            sent += 8192
            yield b" " * 8192

    headers = {"Content-Type": "application/json"}
    path = "/api/telnyx/outbound-call"
    answer = await api.client.post(path, content=endless(), headers=headers)
    assert answer.status_code == 413
    assert sent <= MAX_BODY_BYTES + 2 * 8192


async def test_an_error_of_ours_tells_nothing_from_inside(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("select secret from /etc/passwd")

    monkeypatch.setattr(type(api.parts.call_list), "page", broken)
    answer = await api.client.get("/api/calls")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:ai-sales-call:problem:internal"
    for inside in ("secret", "passwd", "RuntimeError", "Traceback", ".py"):
        assert inside not in answer.text


async def test_a_database_that_is_away_is_a_503_without_its_address(tmp_path: Path) -> None:
    dsn = "postgresql://me:example-password@127.0.0.1:1/none"
    async with running_api(dsn, tmp_path) as api:
        for path in ("/api/calls", "/api/opt-outs", "/metrics"):
            answer = await api.client.get(path)
            assert answer.status_code == 503
            assert "Retry-After" in answer.headers
            assert "127.0.0.1" not in answer.text
            assert "example-password" not in answer.text
        assert (await api.client.get("/healthz")).status_code == 200
        assert (await api.client.get("/readyz")).status_code == 503


async def test_a_client_that_asks_too_often_is_told_when_to_come_back(
    dsn: str, tmp_path: Path
) -> None:
    async with running_api(dsn, tmp_path, limits=RateLimits(3, 5)) as api:
        answers = [await api.client.get("/api/calls") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
        other = bearer(Scope.CALLS_READ, subject="shop")
        again = [await api.client.get("/api/calls", headers=other) for _ in range(3)]
        assert [answer.status_code for answer in again] == [200, 200, 429]  # five of all
        assert (await api.client.get("/healthz")).status_code == 200


async def test_guessing_tokens_is_slowed_down_but_good_ones_from_there_count(api: Api) -> None:
    bad = {"Authorization": "Bearer guess"}
    answers = [await api.client.get("/api/calls", headers=bad) for _ in range(40)]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert answers[-1].status_code == 429
    assert (await api.client.get("/api/calls")).status_code == 200


async def test_logs_of_requests_hold_no_path_number_or_token(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    await api.client.get("/api/telnyx/room/ai-sales-call_+3226010500_x")
    await api.client.get("/api/calls", params={"number": "+32479202020"})
    told = capsys.readouterr()
    logged = told.out + told.err
    assert "/api/telnyx/room/{room_name}" in logged
    for private in ("3226010500", "32479202020", "eyJ"):
        assert private not in logged


async def test_over_a_real_socket_the_guides_curl_is_answered(api: Api, tmp_path: Path) -> None:

    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(build_app(api.parts), log_config=None, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=url, headers=bearer(Scope.CALLS_WRITE)) as client:
                answer = await client.post(
                    "/api/telnyx/outbound-call",
                    json={"phone_number": "+32479202020", "room_name": "test-call"},
                )
                assert (answer.status_code, answer.json()["room_name"]) == (202, "test-call")
                assert answer.headers["Cache-Control"] == "no-store"
        finally:
            server.should_exit = True
            await serving


@pytest.mark.parametrize("host", ["api/healthz?", "api/healthz#", "healthz", "api:80/readyz?x="])
async def test_a_host_header_does_not_make_a_path_public(api: Api, host: str) -> None:
    api.client.headers.pop("Authorization")
    answer = await api.client.get("/api/calls", headers={"Host": host})
    assert answer.status_code in (400, 401)


async def test_a_body_with_a_name_twice_is_refused(api: Api) -> None:
    body = b'{"phone_number": "+32479202020", "phone_number": "+32479202021"}'
    answer = await api.client.post(
        "/api/telnyx/outbound-call", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["type"].endswith(":duplicate-name")
