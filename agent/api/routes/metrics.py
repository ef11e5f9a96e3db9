"""`/metrics` in Prometheus' text: this process's requests, and what the database knows of all."""

from collections import Counter as Count
from typing import Annotated

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from agent.api.access import needs
from agent.api.parts import ApiParts
from agent.api.problems import problems
from agent.api.routes.health import suspicious
from agent.api.scopes import Client, Scope
from agent.domain.suspicion import Pattern, Severity


def metrics_routes(parts: ApiParts) -> APIRouter:
    """The route that a collector reads."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/metrics",
        response_class=Response,
        responses={
            200: {"content": {"text/plain": {}}, "description": "Prometheus' text format"},
            **problems(403, 503),
        },
    )
    async def metrics(_: Annotated[Client, needs(Scope.METRICS)]) -> Response:
        """Figures of the whole installation, read at this moment; no number and no name in them."""
        return Response(generate_latest(await _read(parts)), media_type=CONTENT_TYPE_LATEST)

    return router


async def _read(parts: ApiParts) -> CollectorRegistry:
    registry = CollectorRegistry()
    processes = Gauge("sales_call_processes", "Live processes by kind", ["kind"], registry=registry)
    places = Gauge("sales_call_free_places", "Calls that workers could take now", registry=registry)
    alive = await parts.heartbeats.live()
    for kind, count in Count(process.kind for process in alive).items():
        processes.labels(kind).set(count)
    places.set(sum(int(process.detail.get("free", 0)) for process in alive))
    found = {each.pattern: each for each in await suspicious(parts)}
    pattern = Gauge(
        "sales_call_suspicious",
        "0: fine, 1: conspicuous, 2: dialling stops",
        ["pattern"],
        registry=registry,
    )
    for name in Pattern:
        each = found.get(name)
        level = 0 if each is None else 2 if each.severity is Severity.STOP else 1
        pattern.labels(name).set(level)
    activity = await parts.activity.activity(parts.now())
    minutes = Gauge(
        "sales_call_outbound_minutes_today", "Begun minutes since midnight UTC", registry=registry
    )
    minutes.set(activity.minutes_today)
    calls = Gauge(
        "sales_call_calls", "Calls of the last 24 hours by outcome", ["outcome"], registry=registry
    )
    for outcome, count in (await parts.activity.outcomes(parts.now())).items():
        calls.labels(outcome).set(count)
    return registry
