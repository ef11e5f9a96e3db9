"""The watch over our calls stops dialling for every dialler, once."""

from datetime import UTC, datetime

import pytest

from agent.dialer.watch import Watch
from agent.domain.suspicion import Limit, Thresholds
from agent.store.database import Database
from agent.store.kill_switch import KillSwitchStore
from agent.store.statistics import ActivityStore
from tests.integration.store.test_statistics import dialled


async def test_the_watch_tells_then_stops_and_a_person_resumes(
    dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Database(dsn) as database:
        kill_switch = KillSwitchStore(database)
        thresholds = Thresholds(same_number=Limit(2, 3))
        watch = Watch(ActivityStore(database), kill_switch, thresholds, lambda: datetime.now(UTC))
        await watch.look()
        assert capsys.readouterr().out == ""
        for _ in range(2):
            await dialled(database, datetime.now(UTC))
        for _ in range(2):
            await watch.look()
        told = capsys.readouterr().out
        assert told.count("suspicious_calls") == 1
        assert "32479202020" not in told
        assert not (await kill_switch.show()).stopped
        await dialled(database, datetime.now(UTC))
        await watch.look()
        switch = await kill_switch.show()
        assert switch.stopped
        assert switch.reason == "the watch: one number was called 3 times within an hour (limit 3)"
        await kill_switch.resume()
        await watch.look()
        assert not (await kill_switch.show()).stopped
