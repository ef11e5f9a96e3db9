"""A caller who refuses the recording and nothing else."""

import asyncio

from agent.domain.calls import EventKind
from tests.unit.conversation.scene import LINES, Scene, playbook_with


class _Recorder:
    """A CallRecorder that is running."""

    def __init__(self) -> None:
        self.running = True

    async def discard(self) -> bool:
        """Stop, and say whether there was something to delete."""
        was, self.running = self.running, False
        return was


def _recorded(scene: Scene) -> _Recorder:
    recorder = _Recorder()
    scene.call.recorder = recorder  # type: ignore[assignment]
    return recorder


async def test_the_recording_stops_and_is_deleted_and_the_talk_goes_on() -> None:
    async with Scene("It costs 6,900 euros.") as scene:
        recorder = _recorded(scene)
        assert await scene.caller_says("I don't want to be recorded. What does it cost?") == [
            f"{LINES.recording_stopped} It costs 6,900 euros."
        ]
        assert not recorder.running
        assert scene.facts.kinds == [EventKind.RECORDING_REFUSED, EventKind.RECORDING_DELETED]
        assert scene.line.hang_ups == 0


async def test_a_question_after_the_recording_leaves_it_running() -> None:
    async with Scene("Yes, for quality.") as scene:
        recorder = _recorded(scene)
        assert await scene.caller_says("Are you recording this?") == ["Yes, for quality."]
        assert recorder.running
        assert scene.facts.events == []


async def test_where_nothing_is_recorded_nothing_is_said_of_it() -> None:
    async with Scene("We do not.", playbook=playbook_with(recording=False)) as scene:
        assert await scene.caller_says("Don't record me.") == ["We do not."]
        assert scene.facts.events == []


async def test_what_was_refused_over_the_disclosure_never_begins() -> None:
    async with Scene() as scene:
        recorder = _recorded(scene)
        recorder.running = False
        scene.caller_is_heard("I do not want this recorded.")
        await asyncio.sleep(0)
        assert scene.facts.kinds == [EventKind.RECORDING_REFUSED]
