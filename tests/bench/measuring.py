"""The measurements: calls to both workers in turns, each when the machine is at rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.bench.hearing import Turn
from tests.bench.processes import Memory, descendants, first_to_end, memory_of
from tests.bench.rig import Rig, Side
from tests.bench.script import (
    ASKS_FOR_MUCH,
    BARGE_IN,
    BARGE_IN_SECONDS,
    PAUSE_SECONDS,
    PAUSED_TURN,
    TURNS,
)
from tests.bench.talk import Talk, call

_CALL_ENDS_SECONDS = 30.0

Tell = Callable[[str], None]
"""Told what is being done now."""


@dataclass(slots=True)
class Measured:
    """Of one worker, over all calls. Durations in seconds."""

    first_words: list[float] = field(default_factory=list)
    outbound_first_words: list[float] = field(default_factory=list)
    """Of calls that we placed."""
    turns: list[Turn] = field(default_factory=list)
    """Said in one go."""
    paused_turns: list[Turn] = field(default_factory=list)
    """With a pause in the middle."""
    stops: list[float] = field(default_factory=list)
    one_call: list[Memory] = field(default_factory=list)
    """The process of a call, at the end of a conversation."""
    further_call: list[Memory] = field(default_factory=list)
    """The process of a second call, beside a first."""


async def measure_calls(
    rig: Rig, measured: Mapping[Side, Measured], calls: int, tell: Tell
) -> None:
    """`calls` calls to each worker, one at a time, in turns. Raises Unavailable when one fails."""
    for number in range(calls):
        for side in _both(number):
            tell(f"call {number + 1} of {calls}: {side}")
            await rig.settle()
            await _measure_call(rig, side, measured[side])


async def measure_further_calls(
    rig: Rig, measured: Mapping[Side, Measured], times: int, tell: Tell
) -> None:
    """The memory of a second call at the same time, `times` times. Raises Unavailable."""
    for number in range(times):
        for side in _both(number):
            tell(f"memory, two calls at once, {number + 1} of {times}: {side}")
            await rig.settle()
            measured[side].further_call.append(await _further_call(rig, side))


def _both(number: int) -> list[Side]:
    """Who goes first changes, so that neither always follows the other."""
    return list(Side) if number % 2 == 0 else list(reversed(Side))


async def _measure_call(rig: Rig, side: Side, into: Measured) -> None:
    async with call(rig.line, side.number) as talk:
        into.first_words.append(await talk.opening())
        for line in TURNS:
            into.turns.append(await talk.turn(line))
        into.paused_turns.append(await talk.turn(*PAUSED_TURN, pause=PAUSE_SECONDS))
        stopped = await talk.barge_in(ASKS_FOR_MUCH, BARGE_IN, BARGE_IN_SECONDS)
        if stopped is not None:
            into.stops.append(stopped)
        seen = _memory(rig, side)
    into.one_call.append(seen[await first_to_end(set(seen), _CALL_ENDS_SECONDS)])


async def _further_call(rig: Rig, side: Side) -> Memory:
    async with call(rig.line, side.number) as first:
        await _converse(first)
        async with call(rig.line, side.number) as second:
            await _converse(second)
            seen = _memory(rig, side)
        ended = await first_to_end(set(seen), _CALL_ENDS_SECONDS)
    await first_to_end(set(seen) - {ended}, _CALL_ENDS_SECONDS)
    return seen[ended]


async def _converse(talk: Talk) -> None:
    await talk.opening()
    await talk.turn(TURNS[0])


def _memory(rig: Rig, side: Side) -> dict[int, Memory]:
    """Of each of the worker's processes. Which was the call's tells the end of the call."""
    found = {pid: memory_of(pid) for pid in descendants(rig.workers[side].pid)}
    return {pid: memory for pid, memory in found.items() if memory is not None}
