"""The three customers of `make demo`, with the playbook that ships."""

import stat
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import pytest

from agent.domain.calls import EventKind, Speaker
from agent.local.customers.customer import CustomerResult, run_customer
from agent.local.scenarios.scenario import find_scenario
from agent.local.simulation import unmet
from agent.store.calls import CallDetail
from tests.calls.call_centre import CallCentre
from tests.calls.caller import record_of
from tests.calls.speech import RATE, Samples

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]

RECORDED_RATE = 48_000


async def test_a_customer_who_interrupts_with_a_question_books_a_visit(
    centre: CallCentre, calendar: None
) -> None:
    call = await _customer(centre, "books-a-visit")
    assert call.appointment is not None
    assert call.appointment.starts_at == call.record.facts.appointment_at
    explained = next(turn for turn in call.turns if turn.text.startswith("Gladly"))
    assert explained.interrupted


async def test_a_customer_who_asks_never_to_be_called_again_never_will_be(
    centre: CallCentre,
) -> None:
    call = await _customer(centre, "never-call-again")
    assert await centre.opt_outs.standing(call.record.from_number)


async def test_a_customer_who_hangs_up_in_the_agents_sentence_leaves_a_whole_record(
    centre: CallCentre,
) -> None:
    call = await _customer(centre, "hangs-up")
    assert call.turns[-1].interrupted
    assert call.turns[-1].speaker is Speaker.AGENT


async def _customer(centre: CallCentre, name: str) -> CallDetail:
    """The whole call of that scenario, in whose record nothing is missing."""
    line = await centre.shipped_playbook()
    scenario = find_scenario(name)
    phone = await centre.network.place_call(caller=scenario.number, callee=line.number)
    centre.numbers_dialled_from.append(scenario.number)
    root = centre.speech.root
    result: CustomerResult = await run_customer(phone, scenario, root, lambda event: None)
    assert result.ok, f"{name}: {result.problem}"
    call = await record_of(phone.room_name, centre.store)
    assert unmet(scenario, call.record) == []
    assert call.record.summary == scenario.summary
    recording = line.recordings / (call.record.recording or "none")
    assert recording.name == f"{call.record.id}.ogg"
    assert stat.S_IMODE(recording.stat().st_mode) == 0o600
    await _check_sides(centre, call, recording)
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
        frames = [part for frame in file.decode(stream) for part in planar.resample(frame)]
    both = np.concatenate([frame.to_ndarray() for frame in frames], axis=1).astype(np.int16)
    return both[0], both[1]


def _sample(at: datetime, started: datetime) -> int:
    return max(0, round((at - started).total_seconds() * RECORDED_RATE))


def _level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


def _slower(samples: Samples) -> Samples:
    """At the recogniser's rate; the telephone left nothing above 4 kHz that could alias."""
    return samples[:: RECORDED_RATE // RATE]
