"""The stand-in of Telnyx's API as a process, and its errors as the official SDK sees them."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
import telnyx
from telnyx import AsyncTelnyx

from agent.local.telnyx.server import EXAMPLE_KEY, TelnyxPortal, serve_portal
from agent.settings import ROOT

OURS = "+3226010500"


@pytest.fixture
async def stand_in() -> AsyncIterator[str]:
    async with serve_portal(TelnyxPortal([OURS])) as url:
        yield url


@pytest.fixture
async def client(stand_in: str) -> AsyncIterator[AsyncTelnyx]:
    async with AsyncTelnyx(api_key=EXAMPLE_KEY, base_url=stand_in, max_retries=0) as client:
        yield client


def first_error(told: pytest.ExceptionInfo[telnyx.APIStatusError]) -> dict[str, object]:
    body = told.value.body
    assert isinstance(body, dict)
    error = body["errors"][0]
    assert isinstance(error, dict)
    return error


async def test_what_is_not_there_is_telnyxs_404(client: AsyncTelnyx) -> None:
    with pytest.raises(telnyx.NotFoundError) as told:
        await client.fqdns.retrieve("1")
    assert first_error(told)["code"] == "10005"
    with pytest.raises(telnyx.NotFoundError) as told:
        await client.billing_groups.retrieve("1")
    assert first_error(told)["code"] == "10005"


async def test_an_invalid_field_is_pointed_at(client: AsyncTelnyx) -> None:
    with pytest.raises(telnyx.UnprocessableEntityError) as told:
        await client.fqdn_connections.create(
            connection_name="ours", extra_body={"inbound": {"dnis_number_format": "+E.164"}}
        )
    assert first_error(told)["source"] == {"pointer": "/inbound/dnis_number_format"}


async def test_a_connection_with_a_number_cannot_be_deleted(client: AsyncTelnyx) -> None:
    connection = (await client.fqdn_connections.create(connection_name="ours")).data
    assert connection is not None
    assert connection.id is not None
    numbers = [one async for one in client.phone_numbers.list(filter={"phone_number": OURS[1:]})]
    await client.phone_numbers.update(numbers[0].id, connection_id=connection.id)
    with pytest.raises(telnyx.UnprocessableEntityError):
        await client.fqdn_connections.delete(connection.id)
    await client.phone_numbers.update(numbers[0].id, connection_id="")
    await client.fqdn_connections.delete(connection.id)
    assert [one async for one in client.fqdn_connections.list()] == []


async def test_a_password_is_shown_to_nobody_but_its_sender(client: AsyncTelnyx) -> None:
    created = await client.fqdn_connections.create(
        connection_name="ours",
        extra_body={"user_name": "example-user", "password": "example-password"},
    )
    assert created.data is not None
    assert created.data.password == "example-password"
    (listed,) = [one async for one in client.fqdn_connections.list()]
    assert listed.password == "********"


async def test_faults_are_ordered_over_http_and_refused_when_they_are_none(
    client: AsyncTelnyx, stand_in: str
) -> None:
    root = stand_in.removesuffix("/v2")
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{root}/stand-in/faults", json={"kind": "none"}) as answer:
            assert answer.status == 400
        order = {"kind": "too_many", "path": "/balance", "retry_after": 3}
        async with session.put(f"{root}/stand-in/faults", json=order) as answer:
            assert answer.status == 204
    assert [one async for one in client.fqdns.list()] == []
    with pytest.raises(telnyx.RateLimitError) as told:
        await client.balance.retrieve()
    assert first_error(told)["code"] == "90103"
    assert told.value.response.headers["retry-after"] == "3"
    assert (await client.balance.retrieve()).data is not None


async def test_as_a_process_it_says_where_it_is_and_ends_when_told(stand_in: str) -> None:
    taken = stand_in.removesuffix("/v2").rpartition(":")[2]
    command = ("-m", "agent.local.telnyx", "--port")
    process, refused = [
        await asyncio.create_subprocess_exec(
            sys.executable, *command, port, stderr=asyncio.subprocess.PIPE, cwd=ROOT
        )
        for port in ("0", taken)
    ]
    async with asyncio.timeout(60):
        assert process.stderr is not None
        line = (await process.stderr.readline()).decode()
        assert line.startswith("Telnyx's stand-in (not Telnyx) listens: TELNYX_API_URL=http://127.")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        _, said = await refused.communicate()
    assert refused.returncode == 2
    assert said.decode().count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{taken}" in said.decode()
