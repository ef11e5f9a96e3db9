"""The keys of the caller's telephone: nine, nought, and digits that answer."""

import pytest

from agent.conversation.keys import ALONE
from agent.domain.calls import EventKind
from tests.unit.conversation.clock import Clock, until
from tests.unit.conversation.scene import CALLER, DEFAULT, LINES, Scene, playbook_with

ANNOUNCED = playbook_with(
    opt_out_key=True, greeting="How can I help you? Press 9 and we never call you again."
)
ASKS_BILL = DEFAULT.questions[2].ask


async def _pressed(scene: Scene, keys: str) -> None:
    clock = Clock()
    for key in keys:
        scene.conversation.key_pressed(key)
        await clock.passes(ALONE / 2)
    await clock.passes(ALONE)
    await scene.conversation.ending.wait()


async def test_a_nine_alone_opts_out_where_the_playbook_says_so() -> None:
    async with Scene(playbook=ANNOUNCED) as scene:
        await _pressed(scene, "9")
        assert scene.said == [LINES.opted_out]
        assert scene.facts.details(EventKind.OPTED_OUT) == [{"heard_by": "key", "number": CALLER}]


async def test_a_nine_that_nobody_was_told_of_does_nothing() -> None:
    async with Scene() as scene:
        await _pressed(scene, "9")
        assert scene.facts.events == []
        assert scene.said == []


async def test_a_nine_among_other_digits_is_a_digit() -> None:
    async with Scene("Thank you.", playbook=ANNOUNCED) as scene:
        await _pressed(scene, "2900")
        assert not scene.call.opted_out
        await until(lambda: scene.said == ["Thank you."])
        last = scene.model.asked[0].items[-1]
        assert last.type == "message"
        assert last.text_content == "2900"


async def test_one_digit_answers_a_question_that_wants_a_number() -> None:
    async with Scene("Is that so?", playbook=ANNOUNCED) as scene:
        await scene.call.heard.capture_text(ASKS_BILL)
        await _pressed(scene, "9")
        assert not scene.call.opted_out
        await until(lambda: scene.said == ["Is that so?"])


async def test_a_nought_alone_puts_the_caller_through() -> None:
    async with Scene() as scene:
        await _pressed(scene, "0")
        await until(lambda: scene.happened(EventKind.TRANSFERRED))
        assert scene.said == [LINES.transferring]
        assert scene.line.transfers == ["+3226010501"]


async def test_a_nought_where_nobody_can_be_reached_offers_a_call_back() -> None:
    async with Scene(transfer_refused="busy") as scene:
        await _pressed(scene, "0")
        await until(lambda: scene.said == [LINES.transferring, LINES.no_person])
    async with Scene(playbook=playbook_with(transfer=[])) as scene:
        await _pressed(scene, "0")
        await until(lambda: scene.said == [LINES.no_person])


async def test_other_keys_alone_do_nothing() -> None:
    for key in ("1", "*", "#"):
        async with Scene() as scene:
            await _pressed(scene, key)
            assert scene.facts.events == []
            assert scene.said == []


def test_a_key_nine_must_be_announced_to_callers() -> None:
    with pytest.raises(ValueError, match="must name key 9"):
        playbook_with(opt_out_key=True)
