"""The three customers of `make demo`, with the playbook that ships."""

import asyncio
import stat
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from agent.domain.calls import EventKind, Speaker
from agent.local.customers import CustomerResult, run_customer
from agent.local.scenarios import find_scenario
from agent.local.simulation import unmet
from agent.store.calls import CallDetail
from tests.calls.call_centre import CallCentre, Line
from tests.calls.caller import record_of
from tests.calls.speech import RATE, Samples

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]

RECORDED_RATE = 48_000


async def test_the_three_customers_of_the_demo_are_served_and_recorded(centre: CallCentre) -> None:
    async with centre.worker(
        PLAYBOOK="default", IDLE_PROCESSES="3", MAX_CONCURRENT_CALLS="3"
    ) as line:
        names = ("books-a-visit", "never-call-again", "hangs-up")
        books, opts_out, hangs_up = await asyncio.gather(*(_customer(line, name) for name in names))
    assert books.appointment is not None
    assert await centre.store.is_opted_out(opts_out.record.from_number)
    for call in (books, opts_out, hangs_up):
        assert call.record.summary == find_scenario(_name(call)).summary
        recording = centre.recordings / (call.record.recording or "none")
        assert stat.S_IMODE(recording.stat().st_mode) == 0o600
        assert recording.name == f"{call.record.id}.ogg"
        await _check_sides(centre, call, recording)


async def _customer(line: Line, name: str) -> CallDetail:
    """The whole call of that scenario, and its record."""
    scenario = find_scenario(name)
    centre = line.centre
    phone = await centre.network.place_call(caller=scenario.number, callee=line.number)
    result: CustomerResult = await run_customer(
        phone, scenario, centre.speech.root, lambda event: None
    )
    assert result.ok, f"{name}: {result.problem}"
    call = await record_of(phone.room_name, centre.store)
    assert unmet(scenario, call.record) == []
    return call


async def _check_sides(centre: CallCentre, call: CallDetail, recording: Path) -> None:
    """Caller left, agent right, and nothing from before the end of the disclosure."""
    left, right = _decoded(recording)
    (started,) = (event.at for event in call.events if event.kind is EventKind.RECORDING_STARTED)
    for turn in call.turns:
        if turn.started_at < started or turn.interrupted:
            continue
        at = slice(_sample(turn.started_at, started), _sample(turn.ended_at, started))
        speaking, other = (right, left) if turn.speaker is Speaker.AGENT else (left, right)
        assert _level(speaking[at]) > 500, f"{turn.speaker} is not heard: {turn.text}"
        assert _level(speaking[at]) > 5 * _level(other[at]), f"both sides: {turn.text}"
    agent = (await centre.speech.recognised(_slower(right))).lower()
    assert "help you" in agent
    assert "artificial" not in agent.split("help you")[0]
    assert "recorded" not in agent
    caller = await centre.speech.recognised(_slower(left))
    assert "help you" not in caller


def _decoded(recording: Path) -> tuple[Samples, Samples]:
    with av.open(str(recording)) as file:
        (stream,) = file.streams
        assert isinstance(stream, av.AudioStream)
        assert (file.format.name, stream.codec_context.name) == ("ogg", "opus")
        assert (stream.rate, stream.channels) == (RECORDED_RATE, 2)
        planar = av.AudioResampler(format="s16p", layout="stereo", rate=RECORDED_RATE)
        parts: list[npt.NDArray[np.int16]] = []
        for frame in file.decode(stream):
            parts += [part.to_ndarray() for part in planar.resample(frame)]
    both = np.concatenate(parts, axis=1)
    return both[0], both[1]


def _sample(at: datetime, started: datetime) -> int:
    return max(0, round((at - started).total_seconds() * RECORDED_RATE))


def _level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


def _slower(samples: Samples) -> Samples:
    """At the recogniser's rate; the telephone left nothing above 4 kHz that could alias."""
    return samples[:: RECORDED_RATE // RATE]


def _name(call: CallDetail) -> str:
    return {"converted": "books-a-visit", "do_not_call": "never-call-again"}.get(
        call.record.outcome.disposition if call.record.outcome else "", "hangs-up"
    )
