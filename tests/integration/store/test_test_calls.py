"""Calls from the browser: kept like any other, found when asked for, and counted nowhere."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from agent.domain.calls import CallOrigin
from agent.domain.suspicion import Activity
from agent.store.call_list import CallFilter, CallList
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.opt_outs import OptOutList
from agent.store.statistics import ActivityStore
from agent.store.webhook_freshness import WebhookFreshness
from tests.facts import Story

NOW = datetime.now(UTC)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn) as database:
        yield database


async def _call(database: Database, *, start: datetime = NOW, **created: str) -> Story:
    call = Story(start=start)
    await CallStore(database).append(
        [
            call.created(**created),
            call("answered"),
            call("disclosed"),
            call("opted_out", heard_by="key", number=created.get("from_number", "")),
            call("ended", after=3),
        ]
    )
    return call


async def test_a_test_call_is_in_its_own_list_and_in_no_other(database: Database) -> None:
    phone = await _call(database)
    browser = await _call(database, origin="browser", from_number="")
    store, pages = CallStore(database), CallList(database)
    assert [each.id for each in await store.recent()] == [phone.call_id]
    (tested,) = await store.recent(origin=CallOrigin.BROWSER)
    assert (tested.id, tested.origin) == (browser.call_id, CallOrigin.BROWSER)
    for origin, expected in (
        (CallOrigin.PHONE, {phone.call_id}),
        (CallOrigin.BROWSER, {browser.call_id}),
        (None, {phone.call_id, browser.call_id}),
    ):
        page = await pages.page(CallFilter(origin=origin), limit=10)
        assert {each.id for each in page.calls} == expected
    assert (await store.show(browser.call_id)).record.origin is CallOrigin.BROWSER


async def test_a_test_call_counts_in_no_statistics_and_no_watch(database: Database) -> None:
    long_ago = NOW - timedelta(minutes=10)
    await _call(database, start=long_ago, origin="browser", from_number="")
    activity = ActivityStore(database)
    assert await activity.outcomes(NOW) == {}
    assert await activity.activity(NOW) == Activity()
    # No carrier tells of it: its silence does not mean that webhooks fail to come.
    assert (await WebhookFreshness(database).fresh()).last_call_at is None


async def test_an_opt_out_in_a_test_call_is_nobodys_whatever_number_it_names(
    database: Database,
) -> None:
    await _call(database, origin="browser", from_number="+32479202020")
    assert await OptOutList(database).standing("+32479202020") is None
