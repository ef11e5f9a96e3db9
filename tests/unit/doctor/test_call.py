"""The call at the end: when it is tried at all, and what its outcome means."""

import pytest

from agent.cli import doctor_call
from agent.doctor.examination import Line, Report
from agent.doctor.findings import Finding, Group, Level, error
from agent.settings import Settings


async def the_call(report: Report, number: str | None = None) -> Finding:
    return (await doctor_call.try_a_call(report, number)).lines[-1].finding


async def test_without_a_stack_here_nobody_can_be_simulated_and_that_is_no_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor_call, "read_state", lambda: None)
    monkeypatch.setattr(doctor_call, "settings", Settings)
    found = await the_call(Report(()))
    assert (found.level, "--call with a number" in found.says) == (Level.UNCHECKED, True)


async def test_no_phone_rings_while_something_that_the_call_needs_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never() -> Settings:
        raise AssertionError("the call was tried")

    monkeypatch.setattr(doctor_call, "settings", never)
    broken = Line(Group.PROCESSES, "workers", error("no_worker", "none", "start one"))
    found = await the_call(Report((broken,)), "+32479202020")
    assert (found.level, found.says) == (Level.UNCHECKED, "workers")


async def test_a_number_that_is_none_is_told_as_the_calls_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor_call, "settings", Settings)
    found = await the_call(Report(()), "12")
    assert found.level is Level.ERROR
    assert "+32479202020" in found.says
