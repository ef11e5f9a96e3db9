"""Asking everything at the same time, each question with its own deadline and after its causes.

    report = await examine(checks)
    report.first          # what to fix first; None: nothing

A question whose cause has failed is not asked: it would only be the same fault in other words.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog

from agent.doctor.findings import Finding, Group, Level, error, unchecked, warning
from agent.errors import CallError

log = structlog.get_logger(__name__)

QUESTION_SECONDS = 4.0
"""The usual deadline of one question."""
ALL_SECONDS = 9.0
"""For all questions together: with starting Python, the doctor is done within fifteen seconds."""

_EXIT_CODES = {Level.OK: 0, Level.UNCHECKED: 0, Level.WARNING: 1, Level.ERROR: 2}

Look = Callable[[], Awaitable[Sequence[Finding]]]


@dataclass(frozen=True, slots=True)
class Check:
    """One question. `name` as in "not checked: LiveKit"; `after`: names of its possible causes."""

    name: str
    group: Group
    look: Look
    after: tuple[str, ...] = ()
    seconds: float = QUESTION_SECONDS


@dataclass(frozen=True, slots=True)
class Line:
    """A finding in its place."""

    group: Group
    check: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, in order of cause."""

    lines: tuple[Line, ...]

    @property
    def level(self) -> Level:
        """The worst of them; what was not checked is no fault."""
        levels = {line.finding.level for line in self.lines}
        return next((each for each in (Level.ERROR, Level.WARNING) if each in levels), Level.OK)

    @property
    def exit_code(self) -> int:
        """0: all is well; 1: warnings; 2: errors."""
        return _EXIT_CODES[self.level]

    @property
    def first(self) -> Line | None:
        """Where to begin: the first error, else the first warning."""
        return next(
            (
                line
                for level in (Level.ERROR, Level.WARNING)
                for line in self.lines
                if line.finding.level is level
            ),
            None,
        )

    def failed(self, *names: str) -> str | None:
        """The first of these checks that found an error or was not made; None: all are well."""
        bad = {line.check for line in self.lines if line.finding.level in _BLOCKING}
        return next((name for name in names if name in bad), None)

    def also(self, check: Check, findings: Iterable[Finding]) -> "Report":
        """With what one more check has found, at the end."""
        return Report((*self.lines, *(Line(check.group, check.name, each) for each in findings)))


async def examine(checks: Sequence[Check], *, seconds: float = ALL_SECONDS) -> Report:
    """Make all checks; the report has their order, whoever answered first.

    `after` may only name checks that stand earlier in `checks`.
    """
    examination = _Examination(checks)
    tasks = [asyncio.create_task(examination.make(check), name=check.name) for check in checks]
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return Report(
        tuple(
            Line(check.group, check.name, finding)
            for check, task in zip(checks, tasks, strict=True)
            for finding in (_no_time(check) if task in late else task.result())
        )
    )


async def make_last(check: Check, report: Report) -> Report:
    """One more check, which takes its time, when all others are done."""
    cause = report.failed(*check.after)
    found = [unchecked(_code(check), cause)] if cause else await _ask(check)
    return report.also(check, found)


class _Examination:
    """Which checks are done, and what keeps others from being made."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self._done = {check.name: asyncio.Event() for check in checks}
        self._blocked: dict[str, str] = {}
        """A check that failed or was not made, and what to say of those that rest on it."""

    async def make(self, check: Check) -> Sequence[Finding]:
        try:
            for cause in check.after:
                await self._done[cause].wait()
            why = next((self._blocked[each] for each in check.after if each in self._blocked), None)
            if why is not None:
                self._blocked[check.name] = why
                return [unchecked(_code(check), why)]
            found = await _ask(check)
            for finding in found:
                if finding.level is Level.ERROR:
                    self._blocked[check.name] = check.name
                elif finding.level is Level.UNCHECKED:
                    self._blocked.setdefault(check.name, finding.says)
            return found
        finally:
            self._done[check.name].set()


_BLOCKING = (Level.ERROR, Level.UNCHECKED)


async def _ask(check: Check) -> Sequence[Finding]:
    code = _code(check)
    try:
        async with asyncio.timeout(check.seconds):
            return await check.look()
    except CallError as failure:
        return [error(code, str(failure), "")]
    except TimeoutError:
        return [error(code, f"no answer within {check.seconds:g} s", "")]
    except Exception as failure:  # a bug here must not hide what else is wrong
        log.error("check_failed", check=check.name, exc_info=failure)
        return [error(code, f"the doctor itself failed ({type(failure).__name__})", "report it")]


def _no_time(check: Check) -> Sequence[Finding]:
    return [warning(_code(check), "no time left: what comes before it answered slowly", "")]


def _code(check: Check) -> str:
    return check.name.lower().replace(" ", "_")
