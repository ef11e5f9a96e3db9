"""The stand-in's misbehaviour: what is ordered is what happens, for as long as it was ordered."""

import pytest
from pydantic import ValidationError

from agent.local.providers.faults import Behaviour, Fault, FaultOrder, ProviderPart


def test_a_fault_lasts_until_it_is_taken_back() -> None:
    behaviour = Behaviour()
    behaviour.order(FaultOrder.model_validate({"chat": "refuse"}))
    assert [behaviour.take(ProviderPart.CHAT) for _ in range(3)] == [Fault.REFUSE] * 3
    assert behaviour.take(ProviderPart.SPEECH) is Fault.OK
    behaviour.order(FaultOrder.model_validate({"chat": "ok"}))
    assert behaviour.take(ProviderPart.CHAT) is Fault.OK


def test_a_counted_fault_ends_by_itself() -> None:
    behaviour = Behaviour()
    behaviour.order(FaultOrder.model_validate({"speech": {"fault": "garbage", "count": 2}}))
    assert [behaviour.take(ProviderPart.SPEECH) for _ in range(3)] == [
        Fault.GARBAGE,
        Fault.GARBAGE,
        Fault.OK,
    ]


def test_looking_does_not_use_up_a_counted_fault() -> None:
    behaviour = Behaviour()
    behaviour.order(FaultOrder.model_validate({"listen": {"fault": "hang", "count": 1}}))
    assert behaviour.current(ProviderPart.LISTEN) is Fault.HANG
    assert behaviour.take(ProviderPart.LISTEN) is Fault.HANG
    assert behaviour.current(ProviderPart.LISTEN) is Fault.OK


def test_an_unknown_part_or_fault_is_refused() -> None:
    for body in ({"chatt": "refuse"}, {"chat": "explode"}, {"chat": {"fault": "hang", "count": 0}}):
        with pytest.raises(ValidationError):
            FaultOrder.model_validate(body)
