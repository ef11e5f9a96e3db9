"""What a provider's refusal tells a person to change, and what it never repeats."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from agent.errors import CallError, SettingsError, Unavailable
from agent.settings import Settings
from agent.voice.provider_probe import ProviderProbe


@asynccontextmanager
async def provider(status: int, body: bytes) -> AsyncIterator[Settings]:
    """Settings that lead to a server which answers everything so."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        url = f"http://{host}:{port}"
        yield Settings(
            openai_base_url=f"{url}/v1",
            openai_api_key="example-openai",
            deepgram_base_url=url,
            deepgram_api_key="example-deepgram",
        )
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "kind", "named"),
    [
        (401, SettingsError, "OPENAI_API_KEY is not accepted"),
        (
            404,
            SettingsError,
            "OPENAI_REASONING_EFFORT=none is not taken",
        ),
        (429, Unavailable, "look at its quota"),
        (500, Unavailable, "see its status page"),
    ],
)
async def test_a_refusal_names_what_to_change_and_repeats_no_words_about_a_key(
    status: int, kind: type[CallError], named: str
) -> None:
    body = b'{"error": {"message": "Incorrect key: example-op***"}}'
    async with provider(status, body) as settings, ProviderProbe(settings, "en") as trial:
        with pytest.raises(kind, match=named) as raised:
            await trial.think()
    assert status != 401 or "example-op" not in str(raised.value)


@pytest.mark.parametrize(("status", "named"), [(401, "DEEPGRAM_API_KEY"), (400, "DEEPGRAM_MODEL")])
async def test_a_recogniser_that_takes_no_connection_names_what_to_change(
    status: int, named: str
) -> None:
    async with provider(status, b"") as settings, ProviderProbe(settings, "en") as trial:
        with pytest.raises(SettingsError, match=named):
            await trial.hear()


async def test_an_answer_that_is_none_is_no_success() -> None:
    async with provider(200, b"{}") as settings, ProviderProbe(settings, "en") as trial:
        with pytest.raises(Unavailable, match="no completion"):
            await trial.think()
        with pytest.raises(Unavailable, match="no speech"):
            await trial.speak()


async def test_a_provider_that_is_not_there_names_its_address() -> None:
    settings = Settings(openai_base_url="http://127.0.0.1:1/v1", openai_api_key="x")
    async with ProviderProbe(settings, "en") as trial:
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1/v1 does not answer .*OPENAI_BASE"):
            await trial.think()
