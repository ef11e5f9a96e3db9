"""The OpenAPI document against the application: requests made from it find no answer outside it."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from agent.api.app import build_app
from agent.api.scopes import Scope
from agent.local.stack.postgres import LocalPostgres
from agent.local.stack.processes import free_port
from tests.database import migrated_database
from tests.integration.api.conftest import Api, bearer, running_api
from tests.integration.api.test_access import DOCUMENTED

EXAMPLES = 15
"""For each route: two cores and a suite that should stay short. More: soak runs of one's own."""
WANTED = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "negative_data_rejection", "unsupported_method"),
    *("response_headers_conformance", "allow_header_conformance"),
)

NOTHING_TO_GET_WRONG = frozenset(
    path
    for method, path in DOCUMENTED
    if method == "GET" and "{" not in path and path not in ("/api/calls", "/api/opt-outs")
) | {"/api/opt-outs/import"}
"""Routes without a parameter, and the one that reads any text and names its bad lines."""


@pytest.fixture(scope="module")
def url(postgres: LocalPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application on a real socket, in a thread with a loop of its own."""
    folder = tmp_path_factory.mktemp("recordings")
    for dsn in migrated_database(postgres):
        port = free_port()
        started: Future[uvicorn.Server] = Future()
        thread = threading.Thread(target=asyncio.run, args=(_serve(dsn, folder, port, started),))
        thread.start()
        server = started.result(timeout=20)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()


async def _serve(dsn: str, folder: Path, port: int, started: "Future[uvicorn.Server]") -> None:
    try:
        async with running_api(dsn, folder) as api:
            server = uvicorn.Server(
                uvicorn.Config(
                    build_app(api.parts),
                    port=port,
                    log_config=None,
                    access_log=False,
                    lifespan="off",
                    ws="none",
                )
            )
            living = asyncio.create_task(_live(api))
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110  uvicorn offers nothing to wait on
                await asyncio.sleep(0.01)
            started.set_result(server)
            await serving
            living.cancel()
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise


async def _live(api: Api) -> None:
    while True:
        await api.ready()
        await asyncio.sleep(5)


@pytest.fixture(scope="module")
def document(url: str) -> Any:
    """The document as a client gets it."""
    return requests.get(f"{url}/openapi.json", timeout=10).json()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("operation", DOCUMENTED, ids=" ".join)
def test_what_the_document_allows_is_answered_as_it_says_and_the_rest_refused(
    url: str, document: Any, operation: tuple[str, str], mode: GenerationMode
) -> None:
    method, path = operation
    schema = schemathesis.openapi.from_dict(document)
    wanted: Any = CHECKS.get_by_names(WANTED)

    if mode is GenerationMode.NEGATIVE and path in NOTHING_TO_GET_WRONG:
        return

    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def run(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(base_url=url, headers=bearer(Scope.ADMIN), checks=wanted)

    run()


def test_every_route_has_a_summary_and_the_main_one_an_example(document: Any) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"]
    form = document["components"]["schemas"]["OutboundCallForm"]
    assert form["examples"][0]["phone_number"] == "+32479202020"
