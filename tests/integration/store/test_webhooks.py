"""From the inbox to the record, in a real Postgres: webhooks find their calls, as they come."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from agent.domain.calls import CallEvent, CallState, Source
from agent.domain.dispositions import Disposition
from agent.domain.record import CallRecord
from agent.domain.webhooks import Delivery, carrier_delivery, room_delivery
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.webhook_inbox import KeptWebhook, WebhookInbox
from agent.store.webhook_links import WebhookLinks
from agent.telephony.livekit_webhooks import read_livekit
from agent.telephony.telnyx_webhooks import read_telnyx
from tests.facts import Story
from tests.webhooks import Leg, room_event

NOW = datetime.now(UTC)


@dataclass
class Desk:
    """The inbox, its links, and the record."""

    inbox: WebhookInbox
    links: WebhookLinks
    calls: CallStore
    database: Database

    async def receive(self, bodies: Iterable[bytes]) -> None:
        """As they come, some of them in one transaction."""
        await asyncio.gather(*(self.inbox.keep(_kept(body)) for body in bodies))

    async def look(self) -> int:
        """Link, without waiting until it is time to look again."""
        async with self.database.connection() as connection:
            await connection.execute("update webhook_inbox set look_at = now()")
        return await self.links.link()

    async def settle(self) -> None:
        """Until nothing more can be linked or folded."""
        while await self.look() + await self.links.fold():
            pass

    async def is_folded(self, event_id: str) -> bool:
        """Whether the webhook's facts are on its call's record."""
        statement = "select folded_at is not null from webhook_inbox where event_id = $1"
        async with self.database.connection() as connection:
            return bool(await connection.fetchval(statement, event_id))

    async def record(self, call_id: UUID) -> CallRecord:
        return (await self.calls.show(call_id)).record

    async def statuses(self) -> list[tuple[str, str | None]]:
        return [(each.status, each.reason) for each in await self.links.recent(1000)]


@pytest.fixture
async def desk(dsn: str) -> AsyncIterator[Desk]:
    async with Database(dsn, max_size=4) as database:
        inbox = WebhookInbox(database, lambda: datetime.now(UTC))
        running = asyncio.create_task(inbox.run())
        yield Desk(inbox, WebhookLinks(database, timedelta()), CallStore(database), database)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _kept(body: bytes) -> KeptWebhook:
    told: Delivery
    if b'"event_type"' in body:
        told = carrier_delivery(read_telnyx(body, received_at=NOW))
    else:
        told = room_delivery(read_livekit(body, received_at=NOW))
    return KeptWebhook(told.source, body, {}, datetime.now(UTC), told)


def _inbound(
    *, session_id: str | None = None, room: str | None = None
) -> tuple[Story, list[CallEvent]]:
    call = Story(start=NOW)
    created = call.created()
    detail = {**created.detail, "room_name": room or f"room-{call.call_id}"}
    created = replace(created, detail={**detail, "telnyx_session_id": session_id})
    kinds = ("answered", "disclosed", "appointment_booked", "goodbye_said", "caller_hung_up")
    return call, [created, *map(call, kinds), call("summarised", summary="x"), call("ended")]


def _outbound() -> tuple[Story, list[CallEvent]]:
    call = Story(start=NOW)
    kinds = ("ringing", "answered", "disclosed", "not_interested", "agent_hung_up", "ended")
    return call, [call.created(direction="outbound"), *map(call, kinds)]


def _webhooks(call: Story, *, outbound: bool, room: str) -> tuple[Leg, list[bytes]]:
    leg = Leg(began=NOW, call_id=call.call_id if outbound else None, outbound=outbound)
    if outbound:
        leg = replace(leg, caller=leg.callee, callee=leg.caller)
    rooms = [
        room_event("room_started", room, NOW + timedelta(seconds=1)),
        room_event("room_finished", room, NOW + timedelta(seconds=9)),
    ]
    return leg, [leg.initiated(), leg.answered(2), leg.hangup(8), leg.cost(9), *rooms]


@pytest.mark.parametrize("outbound", [False, True], ids=["inbound", "outbound"])
async def test_a_call_ends_with_the_same_row_in_order_shuffled_tenfold_or_without_webhooks(
    desk: Desk, outbound: bool
) -> None:
    rng = random.Random(5)
    rows = set()
    full = set()
    for variant in ("in order", "shuffled", "ten times each", "first", "half", "none"):
        session = f"s-{variant}"
        call, own = _outbound() if outbound else _inbound(session_id=session)
        room = str(own[0].detail["room_name"])
        leg, webhooks = _webhooks(call, outbound=outbound, room=room)
        webhooks = [body.replace(leg.session_id.encode(), session.encode()) for body in webhooks]
        if outbound:  # the room is another one's too; its own is made here
            webhooks = webhooks[:4]
        deliveries: list[bytes | CallEvent] = [*webhooks, *own]
        match variant:
            case "in order":
                deliveries = [*own[:2], *webhooks, *own[2:]]
            case "shuffled":
                rng.shuffle(deliveries)
            case "ten times each":
                deliveries *= 10
                rng.shuffle(deliveries)
            case "half":
                deliveries = [*own, *webhooks[::2]]
            case "none":
                deliveries = list(own)
        for each in deliveries:
            if isinstance(each, CallEvent):
                await desk.calls.append([each])
            else:
                await desk.receive([each])
            if rng.random() < 0.3:
                await desk.settle()
        await desk.settle()
        record = await desk.record(call.call_id)
        assert record.outcome is not None
        rows.add((record.state, record.outcome.disposition, record.outcome.reason, record.summary))
        if variant not in ("none", "half"):
            carrier = record.carrier
            full.add((carrier, record.duration_s, record.telnyx_session_id == session))
    assert len(rows) == 1
    assert len(full) == 1
    ((carrier, _, has_session),) = full
    assert carrier.mos == 4.5
    assert carrier.bill is not None
    assert has_session


async def test_each_key_finds_the_call_that_it_names(desk: Desk) -> None:
    call, own = _inbound(session_id="s-1")
    await desk.calls.append(own)
    by_session = Leg(session_id="s-1", caller="+32470000000").initiated()
    away, _ = _outbound()
    created = away.created(direction="outbound")
    await desk.calls.append([created])
    by_header = Leg(
        outbound=True, call_id=away.call_id, callee="+32479202020", caller="+1"
    ).initiated()
    by_room = room_event("room_started", str(own[0].detail["room_name"]), NOW)
    for body, call_id, key in (
        (by_session, call.call_id, "session"),
        (by_header, away.call_id, "header"),
        (by_room, call.call_id, "room"),
    ):
        await desk.receive([body])
        await desk.settle()
        linked = (await desk.links.recent(1))[0]
        assert (linked.status, linked.reason, linked.call_id) == ("linked", key, call_id)
        assert await desk.is_folded(linked.event_id)


async def test_numbers_join_the_one_open_call_of_that_minute_only(desk: Desk) -> None:
    call = Story(start=NOW)
    await desk.calls.append([call.created()])
    late = Leg(began=NOW + timedelta(seconds=90))
    await desk.receive([late.initiated()])
    await desk.settle()
    assert await desk.statuses() == [("unlinked", None)]
    await desk.receive([Leg(began=NOW + timedelta(seconds=20)).initiated()])
    await desk.settle()
    assert (await desk.statuses())[0] == ("linked", "numbers")


async def test_two_open_calls_of_the_same_numbers_are_not_guessed_between(desk: Desk) -> None:
    for _ in range(2):
        await desk.calls.append([Story(start=NOW).created()])
    await desk.receive([Leg(began=NOW).initiated()])
    await desk.settle()
    assert await desk.statuses() == [("unlinked", None)]


async def test_a_caller_cannot_write_themselves_into_another_call(desk: Desk) -> None:
    call, own = _outbound()
    await desk.calls.append(own)
    inbound, theirs = _inbound()
    await desk.calls.append(theirs)
    for claimed in (call.call_id, inbound.call_id):
        forged = Leg(caller="+32470999999", call_id=claimed, began=NOW)
        await desk.receive([forged.hangup(30, cause="user_busy")])
    await desk.settle()
    assert {status for status, _ in await desk.statuses()} == {"unlinked"}


async def test_a_webhook_that_came_before_its_call_is_linked_when_it_is_known(desk: Desk) -> None:
    call, own = _inbound(session_id="s-2")
    leg = Leg(session_id="s-2", caller="+32470000000", began=NOW)
    await desk.receive([leg.hangup(30), leg.cost()])
    await desk.settle()
    assert {status for status, _ in await desk.statuses()} == {"unlinked"}
    await desk.calls.append(own[:2])
    await desk.settle()
    record = await desk.record(call.call_id)
    assert record.state is CallState.ENDED
    assert record.carrier.mos == 4.5


async def test_an_end_told_by_webhook_waits_for_our_own_account(desk: Desk) -> None:
    patient = WebhookLinks(desk.database, timedelta(hours=1))
    call, own = _inbound(session_id="s-3")
    await desk.calls.append(own[:2])
    await desk.receive([Leg(session_id="s-3").hangup(30)])
    await patient.link()
    assert await patient.fold() == 0
    assert (await desk.record(call.call_id)).state is CallState.ACTIVE
    await desk.calls.append(own[2:])
    assert await patient.fold() == 1
    record = await desk.record(call.call_id)
    assert record.outcome is not None
    assert record.outcome.disposition is Disposition.CONVERTED
    assert record.carrier.mos == 4.5


async def test_a_room_used_again_gives_each_call_its_own_events(desk: Desk) -> None:
    first, second = Story(start=NOW), Story(start=NOW + timedelta(minutes=2))
    await desk.calls.append([first.created(), first("ended"), second.created()])
    room = str(first.created().detail["room_name"])
    await desk.receive(
        [
            room_event("room_finished", room, NOW + timedelta(seconds=30)),
            room_event("participant_joined", room, NOW + timedelta(minutes=2, seconds=10)),
        ]
    )
    await desk.settle()
    for call, kind in ((first, "room_finished"), (second, "participant_joined")):
        events = (await desk.calls.show(call.call_id)).events
        assert [event.kind for event in events if event.source is Source.LIVEKIT] == [kind]


async def test_one_webhook_that_postgres_refuses_does_not_cost_the_others(desk: Desk) -> None:
    bad = _kept(Leg().initiated())
    assert bad.delivery is not None
    bad = replace(bad, delivery=replace(bad.delivery, event_id="x" * 20_000 + str(random.random())))
    good = [_kept(Leg().initiated()) for _ in range(5)]
    results = await asyncio.gather(
        *(desk.inbox.keep(each) for each in [*good[:2], bad, *good[2:]]), return_exceptions=True
    )
    assert [type(result) for result in results].count(type(None)) >= 5
    assert len(await desk.statuses()) >= 5


async def test_linking_by_several_processes_at_once_folds_each_fact_once(desk: Desk) -> None:
    stories = [_inbound(session_id=f"many-{number}") for number in range(10)]
    for number, (_, own) in enumerate(stories):
        await desk.calls.append(own[:1])
        leg = Leg(session_id=f"many-{number}", began=NOW)
        await desk.receive([leg.initiated(), leg.answered(), leg.cost(), leg.hangup(50)])
    others = [WebhookLinks(desk.database, timedelta()) for _ in range(3)]
    for _ in range(3):
        await asyncio.gather(*(each.link() for each in others))
        await asyncio.gather(*(each.fold() for each in others))
    for call, _ in stories:
        events = (await desk.calls.show(call.call_id)).events
        assert len([event for event in events if event.source is Source.TELNYX]) == 5


async def _of_another_application(desk: Desk, number: int, *, status: str, call_id: UUID) -> None:
    """Webhooks that came before ours, due now; the linked ones in a form of a later version."""
    async with desk.database.connection() as connection:
        await connection.execute(
            "insert into webhook_inbox (source, event_id, event_type, at, received_at, session_id, "
            "tells_the_end, events, raw, headers, deliveries, status, call_id, look_at) "
            "select 'telnyx', 'other-' || n, 'call.initiated', $1, $1, 'another', false, $2, '', "
            "'{}', 1, $3, $4, $1 from generate_series(1, $5) as n",
            NOW - timedelta(hours=1),
            [{"kind": "of a later version"}] if status == "linked" else [],
            status,
            call_id if status == "linked" else None,
            number,
        )


async def test_ours_is_linked_before_those_of_another_application(desk: Desk) -> None:
    call, own = _inbound(session_id="s-new")
    await desk.calls.append(own[:2])
    await _of_another_application(desk, 1200, status="unlinked", call_id=call.call_id)
    await desk.receive([Leg(session_id="s-new").initiated()])
    assert await desk.links.link() == 1  # of 500 that one pass looks at


async def test_what_belongs_to_no_call_is_looked_at_ever_more_rarely(desk: Desk) -> None:
    await _of_another_application(desk, 1, status="unlinked", call_id=Story().call_id)
    await desk.links.link()
    async with desk.database.connection() as connection:
        share = await connection.fetchval(
            "select extract(epoch from look_at - now()) / extract(epoch from now() - received_at) "
            "from webhook_inbox"
        )
    assert 0.45 < share < 0.55  # of its age: an hour and what the tests before took


async def test_webhooks_that_only_a_newer_version_reads_block_nothing(desk: Desk) -> None:
    call, own = _inbound(session_id="s-old")
    await desk.calls.append(own[:2])
    await _of_another_application(desk, 600, status="linked", call_id=call.call_id)
    await desk.receive([Leg(session_id="s-old").initiated()])
    await desk.links.link()
    assert [await desk.links.fold() for _ in range(3)] == [0, 1, 0]  # 500 rows a pass
    async with desk.database.connection() as connection:
        kept = await connection.fetchval(
            "select count(*) from webhook_inbox where folded_at is null and fold_at > now()"
        )
    assert kept == 600  # for the version that reads them


async def test_a_call_that_cannot_be_folded_costs_no_other_call_and_is_tried_again(
    desk: Desk,
) -> None:
    (bad, bad_facts), (good, good_facts) = _inbound(session_id="bad"), _inbound(session_id="good")
    for facts in (bad_facts, good_facts):
        await desk.calls.append(facts[:2])
    await desk.receive([Leg(session_id="bad").initiated()])
    await desk.receive([Leg(session_id="good").initiated()])
    await desk.links.link()
    async with desk.database.connection() as connection:
        await connection.execute(
            "create function refuse() returns trigger language plpgsql as "
            "'begin raise check_violation; end'"
        )
        await connection.execute(
            "create trigger refuse before update on call_logs for each row "
            f"when (new.id = '{bad.call_id}') execute function refuse()"
        )
    assert await desk.links.fold() == 1
    assert await desk.links.fold() == 0
    assert (await desk.record(good.call_id)).telnyx_session_id == "good"
    async with desk.database.connection() as connection:
        failed = await connection.fetchrow(
            "select call_id, fold_failures, folded_at from webhook_inbox where fold_failures > 0"
        )
        await connection.execute("drop trigger refuse on call_logs")
        await connection.execute("update webhook_inbox set fold_at = now()")
    assert failed is not None
    assert tuple(failed) == (bad.call_id, 1, None)
    assert await desk.links.fold() == 1
