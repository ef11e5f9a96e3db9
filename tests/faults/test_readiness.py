"""LiveKit goes away and comes back."""

import pytest

from tests.calls.call_centre import CallCentre, Line, until

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]


async def test_a_worker_is_ready_only_while_it_is_connected_and_then_takes_calls_again(
    line: Line, centre: CallCentre
) -> None:
    async def is_not_ready() -> bool:
        return not await line.is_ready()

    assert await line.is_ready()
    async with line.to_livekit.cut_off():
        await until(is_not_ready, "not ready without LiveKit")
        async with centre.speech.http.get(f"{line.health_url}/healthz") as answer:
            assert answer.status == 200
    await until(line.is_ready, "ready again", within=60)
    async with line.call() as caller:
        await caller.hears("help you")
