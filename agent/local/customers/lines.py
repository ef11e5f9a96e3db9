"""A customer's lines as audio, made before dialling so that the timing is a person's."""

from dataclasses import dataclass
from typing import Any

import aiohttp
import numpy as np

from agent.errors import StackError
from agent.local.providers.faults import CUSTOMER_HEADER
from agent.local.providers.voices import OUTPUT_RATE
from agent.local.scenarios.scenario import Scenario

_SILENT = 300
"""Samples below this, at either end of a line, are the voice's own pause and cut off."""

_EDGE_S = 0.02
_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True, slots=True)
class Lines:
    """Each line's audio, by its text: 16-bit mono, at `sample_rate`."""

    sample_rate: int
    pcm: dict[str, bytes]


async def prepare_lines(scenario: Scenario, speech_url: str) -> Lines:
    """Have everything that the customer says spoken by the stand-in at `speech_url` (its root).

    Raises StackError when it does not answer.
    """
    spoken: dict[str, bytes] = {}
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        for line in scenario.lines():
            body = {"input": line, "voice": scenario.voice, "response_format": "pcm"}
            spoken[line] = _trimmed(
                await _ask(session, "POST", f"{speech_url}/v1/audio/speech", body)
            )
    return Lines(OUTPUT_RATE, spoken)


async def register_room(
    session: aiohttp.ClientSession, speech_url: str, room_sid: str, scenario: Scenario
) -> None:
    """Have the chat stand-in answer that room's agent from `scenario`. Raises StackError."""
    body = {"scenario": scenario.model_dump(mode="json", exclude_unset=True)}
    await _ask(session, "PUT", f"{speech_url}/stand-in/rooms/{room_sid}", body)


async def _ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: dict[str, Any],  # JSON, on its way out
) -> bytes:
    try:
        async with session.request(
            method, url, json=body, headers={CUSTOMER_HEADER: "1"}
        ) as response:
            answer = await response.read()
            if response.status != 200:
                raise StackError(f"{url} answered {response.status}: {answer[:200]!r}")
            return answer
    except (aiohttp.ClientError, TimeoutError) as error:
        raise StackError(
            f"the providers' stand-in does not answer at {url} ({error!r}): is the stack running?"
        ) from None


def _trimmed(pcm: bytes) -> bytes:
    """Without the silence around it: `say` must end when the speech does."""
    samples = np.frombuffer(pcm, "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENT)
    if not len(loud):
        return pcm
    edge = int(_EDGE_S * OUTPUT_RATE)
    return samples[max(0, int(loud[0]) - edge) : int(loud[-1]) + edge].tobytes()
