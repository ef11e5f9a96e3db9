"""`/api/telnyx/health`, `/healthz`, `/readyz`: is everything there that a call needs?"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response

from agent.api.access import needs
from agent.api.parts import ApiParts
from agent.api.problems import problems
from agent.api.schemas import HealthView, PartView, StatusView, SuspicionView, WebhookSourceView
from agent.api.scopes import Client, Scope
from agent.domain.suspicion import Suspicion, suspicions
from agent.domain.webhook_sources import NAMES, is_overdue
from agent.errors import DatabaseUnavailable, Unavailable
from agent.store.heartbeats import ProcessKind
from agent.store.webhook_freshness import WebhookCounts

Check = Callable[[ApiParts], Awaitable[PartView]]

LATELY = timedelta(hours=1)


def health_routes(parts: ApiParts) -> APIRouter:
    """The routes that tell how we are."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/api/telnyx/health",
        responses={
            503: {"model": HealthView, "description": "A part is missing"},
            **problems(403),
        },
    )
    async def health(
        response: Response, _: Annotated[Client, needs(Scope.CALLS_READ)]
    ) -> HealthView:
        """Each part: ok, or what is wrong with it. 503 when one is missing."""
        checks: tuple[Check, ...] = (_livekit, _trunks, _database, _diallers, _workers, _switch)
        found = list(await asyncio.gather(*(check(parts) for check in checks)))
        webhooks, sources = await _webhooks(parts)
        found.append(webhooks)
        ok = all(part.ok for part in found)
        response.status_code = 200 if ok else 503
        return HealthView(
            status="ok" if ok else "problem",
            parts=found,
            suspicious=[
                SuspicionView(
                    pattern=each.pattern,
                    severity=each.severity,
                    count=each.count,
                    limit=each.limit,
                )
                for each in await suspicious(parts)
            ],
            webhooks=sources,
        )

    @router.get("/healthz", responses=problems())
    async def healthz() -> StatusView:
        """This process answers."""
        return StatusView(status="ok")

    @router.get(
        "/readyz",
        responses={503: {"model": StatusView, "description": "Not now"}, **problems()},
    )
    async def readyz(response: Response) -> StatusView:
        """This process can answer what is asked of it: the database is there."""
        ok = (await _database(parts)).ok
        response.status_code = 200 if ok else 503
        return StatusView(status="ok" if ok else "unavailable")

    return router


async def suspicious(parts: ApiParts) -> tuple[Suspicion, ...]:
    """Conspicuous patterns of this moment; none while the database is away."""
    try:
        activity = await parts.activity.activity(parts.now())
    except DatabaseUnavailable:
        return ()
    return suspicions(activity, parts.thresholds)


async def _livekit(parts: ApiParts) -> PartView:
    try:
        await parts.livekit.room("-")
    except Unavailable as error:
        return PartView(name="livekit", ok=False, detail=str(error))
    return PartView(name="livekit", ok=True, detail="answers")


async def _trunks(parts: ApiParts) -> PartView:
    try:
        trunks = await parts.livekit.trunks()
    except Unavailable:
        return PartView(name="trunks", ok=False, detail="unknown while LiveKit is away")
    inbound = sum(trunk.inbound for trunk in trunks)
    outbound = [trunk.name for trunk in trunks if not trunk.inbound]
    if parts.outbound_trunk not in outbound:
        detail = f"no outbound trunk is called {parts.outbound_trunk!r}: create it from sip_config"
        return PartView(name="trunks", ok=False, detail=detail)
    if not inbound:
        detail = "no inbound trunk: nobody can call us; create it from sip_config"
        return PartView(name="trunks", ok=False, detail=detail)
    detail = f"{inbound} inbound, {len(outbound)} outbound"
    return PartView(name="trunks", ok=True, detail=detail)


async def _database(parts: ApiParts) -> PartView:
    try:
        await parts.heartbeats.live(ProcessKind.API)
    except DatabaseUnavailable:
        return PartView(name="database", ok=False, detail="does not answer, or lacks our tables")
    return PartView(name="database", ok=True, detail="answers")


async def _diallers(parts: ApiParts) -> PartView:
    return await _alive(parts, ProcessKind.DIALER, "diallers", "start `python agent.py dialer`")


async def _workers(parts: ApiParts) -> PartView:
    return await _alive(parts, ProcessKind.WORKER, "workers", "start `python agent.py start`")


async def _alive(parts: ApiParts, kind: ProcessKind, name: str, remedy: str) -> PartView:
    try:
        alive = await parts.heartbeats.live(kind)
    except DatabaseUnavailable:
        return PartView(name=name, ok=False, detail="unknown while the database is away")
    if not alive:
        return PartView(name=name, ok=False, detail=f"none is running: {remedy}")
    free = sum(int(process.detail.get("free", 0)) for process in alive)
    places = f", {free} free places" if kind is ProcessKind.WORKER else ""
    return PartView(name=name, ok=True, detail=f"{len(alive)} running{places}")


async def _webhooks(parts: ApiParts) -> tuple[PartView, list[WebhookSourceView]]:
    try:
        counts = await parts.freshness.counts(parts.now() - LATELY)
        fresh = await parts.freshness.fresh()
    except DatabaseUnavailable:
        detail = "unknown while the database is away"
        return PartView(name="webhooks", ok=False, detail=detail), []
    sources = [
        WebhookSourceView(
            source=each.source,
            last_received_at=each.believed_at,
            received=each.received,
            unlinked=each.unlinked,
            refused=each.refused,
        )
        for each in counts
    ]
    return webhooks_part(counts, fresh.last_call_at), sources


async def _switch(parts: ApiParts) -> PartView:
    try:
        switch = await parts.kill_switch.show()
        trunks = await parts.trunks.list()
    except DatabaseUnavailable:
        return PartView(name="dialling", ok=False, detail="unknown while the database is away")
    if switch.stopped:
        detail = f"stopped ({switch.reason}); `python agent.py calls stop-all --resume` ends it"
        return PartView(name="dialling", ok=False, detail=detail)
    now = parts.now()
    paused = [each for each in trunks if each.paused_until and each.paused_until > now]
    if paused:
        detail = "; ".join(f"{each.name} pauses after {each.pause_reason}" for each in paused)
        return PartView(name="dialling", ok=False, detail=detail)
    return PartView(name="dialling", ok=True, detail="allowed")


def webhooks_part(counts: Sequence[WebhookCounts], last_call_at: datetime | None) -> PartView:
    """Not ok where a source that has been heard of tells nothing of calls any more.

    One that never sent anything is not set up, which is no fault: calls need no webhooks. Nor is
    what a stranger sends, as long as the real ones come.
    """
    wrong = [text for each in counts for text in _wrong(each, last_call_at)]
    return PartView(name="webhooks", ok=not wrong, detail="; ".join(wrong or map(_summary, counts)))


def _wrong(counts: WebhookCounts, last_call_at: datetime | None) -> Iterator[str]:
    known = counts.believed_at is not None or counts.refused > 0
    if known and is_overdue(counts.believed_at, last_call_at):
        why = f"; {counts.refused} not believed: check its key" if counts.refused else ""
        name = NAMES[counts.source]
        yield f"none of {name} for the last call{why}; see `python agent.py webhooks`"


def _summary(counts: WebhookCounts) -> str:
    name = NAMES[counts.source]
    if counts.believed_at is None:
        return f"{name}: none ever"
    return f"{name}: {counts.received} lately, {counts.unlinked} unlinked, {counts.refused} refused"
