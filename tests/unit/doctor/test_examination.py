"""Order, causes and deadlines of an examination."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from agent.doctor.examination import Check, Report, examine, make_last
from agent.doctor.findings import Finding, Group, Level, error, ok, unchecked, warning
from agent.errors import SettingsError

Look = Callable[[], Awaitable[list[Finding]]]


def finds(*findings: Finding) -> Look:
    async def look() -> list[Finding]:
        return list(findings)

    return look


async def hangs() -> list[Finding]:
    await asyncio.Event().wait()
    raise AssertionError


async def never_asked() -> list[Finding]:
    raise AssertionError("it was asked although its cause had failed")


def check(name: str, look: Look, *after: str, seconds: float = 1.0) -> Check:
    return Check(name, Group.LIVEKIT, look, after, seconds)


def said(report: Report) -> list[tuple[str, Level, str]]:
    return [(line.check, line.finding.level, line.finding.says) for line in report.lines]


FINE = finds(ok("fine", "fine"))
BROKEN = finds(error("broken", "it is broken", "mend it"))


async def test_what_rests_on_a_failed_check_is_not_asked_and_names_the_first_cause() -> None:
    report = await examine(
        [
            check("server", BROKEN),
            check("key", never_asked, "server"),
            check("trunks", never_asked, "key"),
            check("disk", FINE),
        ]
    )
    assert said(report) == [
        ("server", Level.ERROR, "it is broken"),
        ("key", Level.UNCHECKED, "server"),
        ("trunks", Level.UNCHECKED, "server"),
        ("disk", Level.OK, "fine"),
    ]


async def test_a_warning_keeps_nothing_from_being_asked() -> None:
    report = await examine(
        [check("clock", finds(warning("w", "slow", "mend"))), check("key", FINE, "clock")]
    )
    assert [line.finding.level for line in report.lines] == [Level.WARNING, Level.OK]


async def test_what_rests_on_something_that_nobody_can_ask_says_why_nobody_can() -> None:
    without = finds(unchecked("no_key", "TELNYX_API_KEY is not set"))
    report = await examine([check("portal", without), check("number", never_asked, "portal")])
    assert said(report)[1] == ("number", Level.UNCHECKED, "TELNYX_API_KEY is not set")
    assert report.exit_code == 0


async def test_the_report_keeps_the_order_of_the_checks_whoever_answers_first() -> None:
    first_may = asyncio.Event()

    async def first() -> list[Finding]:
        await first_may.wait()
        return [ok("first", "first")]

    async def second() -> list[Finding]:
        first_may.set()
        return [ok("second", "second")]

    report = await examine([check("first", first), check("second", second)])
    assert [line.check for line in report.lines] == ["first", "second"]


async def test_what_hangs_is_an_error_after_its_own_deadline_and_nothing_else_waits() -> None:
    began = time.monotonic()
    report = await examine([check("server", hangs, seconds=0.05), check("disk", FINE)])
    assert time.monotonic() - began < 1
    assert said(report) == [
        ("server", Level.ERROR, "no answer within 0.05 s"),
        ("disk", Level.OK, "fine"),
    ]


async def test_when_all_the_time_is_over_the_rest_is_told_as_not_looked_at() -> None:
    report = await examine([check("disk", FINE), check("server", hangs, seconds=60)], seconds=0.05)
    assert said(report)[1][:2] == ("server", Level.WARNING)
    assert "no time left" in said(report)[1][2]


async def test_an_error_of_ours_is_told_in_its_own_words_and_a_bug_hides_nothing_else() -> None:
    async def misconfigured() -> list[Finding]:
        raise SettingsError("X not set: set it")

    async def buggy() -> list[Finding]:
        raise KeyError("x")

    report = await examine(
        [check("server", misconfigured), check("key", buggy), check("disk", FINE)]
    )
    assert said(report)[0] == ("server", Level.ERROR, "X not set: set it")
    assert "the doctor itself failed (KeyError)" in said(report)[1][2]
    assert said(report)[2] == ("disk", Level.OK, "fine")


@pytest.mark.parametrize(
    ("findings", "exit_code", "first"),
    [
        ((ok("a", ""), unchecked("b", "")), 0, None),
        ((ok("a", ""), warning("b", "", "")), 1, "b"),
        ((warning("a", "", ""), error("b", "", ""), error("c", "", "")), 2, "b"),
    ],
)
async def test_the_exit_code_is_the_worst_finding_and_the_first_error_comes_before_any_warning(
    findings: tuple[Finding, ...], exit_code: int, first: str | None
) -> None:
    report = await examine([check("all", finds(*findings))])
    assert report.exit_code == exit_code
    assert (report.first.finding.code if report.first else None) == first


async def test_the_call_is_tried_last_and_only_when_what_it_needs_is_well() -> None:
    call = Check("call", Group.CALL, FINE, after=("server",))
    well = await make_last(call, await examine([check("server", FINE)]))
    assert said(well)[-1] == ("call", Level.OK, "fine")
    not_asked = Check("call", Group.CALL, never_asked, after=("server",))
    ill = await make_last(not_asked, await examine([check("server", BROKEN)]))
    assert said(ill)[-1] == ("call", Level.UNCHECKED, "server")
