"""The fraud guard over our own calls: reports suspicious patterns; above the second limit it throws
the kill switch.

The dialling statement reads the switch, so every dialer of the installation obeys. Only a person
resumes.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from agent.domain.suspicion import Pattern, Severity, Thresholds, suspicions
from agent.errors import DatabaseUnavailable
from agent.store.kill_switch import KillSwitchStore
from agent.store.statistics import ActivityStore

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 10.0


class Watch:
    """Looks every ten seconds. `run` until cancelled."""

    def __init__(
        self,
        activity: ActivityStore,
        kill_switch: KillSwitchStore,
        thresholds: Thresholds,
        now: Callable[[], datetime],
    ) -> None:
        self._activity = activity
        self._kill_switch = kill_switch
        self._thresholds = thresholds
        self._now = now
        self._reported: dict[Pattern, Severity] = {}

    async def run(self) -> None:
        """Look again and again; a database that is away dials nothing either."""
        while True:
            try:
                await self.look()
            except DatabaseUnavailable:
                log.warning("watch_waits_for_database")
            except Exception as error:  # noqa: BLE001  # the loop must not die: it guards money
                log.error("watch_failed", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Report what is new, and stop dialling if it is bad enough. Raises DatabaseUnavailable."""
        found = suspicions(await self._activity.activity(self._now()), self._thresholds)
        for each in found:
            if self._reported.get(each.pattern) is not each.severity:
                log.warning(
                    "suspicious_calls",
                    pattern=each.pattern,
                    severity=each.severity,
                    count=each.count,
                    limit=each.limit,
                )
        self._reported = {each.pattern: each.severity for each in found}
        stopping = [str(each) for each in found if each.severity is Severity.STOP]
        if stopping and not (await self._kill_switch.show()).stopped:
            await self._kill_switch.stop("the watch: " + "; ".join(stopping))
            log.error("dialling_stopped_by_watch", patterns=[each.pattern for each in found])
