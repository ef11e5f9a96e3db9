"""The leg of a caller: what is on record when nobody is there any more."""

from types import SimpleNamespace
from typing import cast

from livekit import rtc

from agent.domain.calls import CallOrigin, EventKind
from agent.telephony.remote_party import RemoteParty
from agent.worker.inbound_call import InboundCall
from tests.unit.conversation.fakes import Facts
from tests.unit.conversation.scene import live_call

CALLER = RemoteParty("sip_1", "+32479202020", "+3226010500", "ST_1", "session", "leg")


class Room:
    """A room without events: its participants and their call status do not change."""

    name = "a-room"

    def __init__(self, status: str | None) -> None:
        caller = SimpleNamespace(attributes={"sip.callStatus": status})
        self.remote_participants = {CALLER.identity: caller} if status else {}

    def on(self, *_: object) -> None:
        """Nothing will be reported."""

    def off(self, *_: object) -> None:
        """Nothing was to be reported."""


def _leg(status: str | None = None, origin: CallOrigin = CallOrigin.PHONE) -> InboundCall:
    return InboundCall(cast("rtc.Room", Room(status)), CALLER, origin)


async def test_a_caller_who_left_while_we_got_ready_has_hung_up() -> None:
    call = live_call(Facts())
    assert not await _leg().reach(call)
    assert call.noted(EventKind.CALLER_HUNG_UP) == 1


async def test_a_hang_up_that_was_reported_is_not_recorded_again() -> None:
    call = live_call(Facts())
    call.note(EventKind.CALLER_HUNG_UP)
    assert not await _leg().reach(call)
    assert call.noted(EventKind.CALLER_HUNG_UP) == 1


async def test_a_caller_who_is_on_the_line_is_reached() -> None:
    call = live_call(Facts())
    assert await _leg("active").reach(call)
    assert not call.noted(EventKind.CALLER_HUNG_UP)


def test_a_call_from_the_page_is_marked_when_it_is_written_and_one_by_telephone_is_not() -> None:
    marks = []
    for origin in CallOrigin:
        facts = Facts()
        _leg(origin=origin).note_created(live_call(facts))
        marks += [detail.get("origin") for detail in facts.details(EventKind.CREATED)]
    assert marks == [None, "browser"]
