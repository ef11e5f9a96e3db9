"""What surrounds every page: which names it may be opened under, and what its browser may do.

A stranger's name that was made to point at this machine (DNS rebinding) comes with its own Host;
a form on a stranger's page with its own Origin.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.dashboard.parts import Front

_SAFE = frozenset({"GET", "HEAD"})
_MAX_BODY_BYTES = 4096


class PageFrame:
    """Wraps an application."""

    def __init__(self, app: ASGIApp, front: Front) -> None:
        self._app = app
        self._front = front
        self._headers = security_headers(front)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; lifespan events pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                more = [each for each in self._headers if each[0] not in given]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        request = Request(scope, receive)
        problem = self._problem(request)
        if problem is not None:
            status, why = problem
            await PlainTextResponse(why, status)(scope, receive, framed)
            return
        await self._app(scope, receive, framed)

    def _problem(self, request: Request) -> tuple[int, str] | None:
        host = request.headers.get("host", "")
        if _name(f"//{host}") not in self._front.hosts:
            return 421, "this page is not served under that name"
        if self._front.https_only and request.url.scheme != "https":
            return 403, "open this page over https"
        if request.method in _SAFE:
            return None
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "same-origin")
        if site != "same-origin" or origin not in (None, f"{request.url.scheme}://{host}"):
            return 403, "another site's page asked for this"
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _MAX_BODY_BYTES:
            return 413, "the body is too large, or of no known length"
        return None


def security_headers(front: Front) -> list[tuple[bytes, bytes]]:
    """The headers of every answer that does not bring its own."""
    livekit = front.livekit_url.rstrip("/")
    # Where a connection fails, LiveKit's client asks the same address over http why.
    reached = f"{livekit} {livekit.replace('ws', 'http', 1)}"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"media-src 'self' blob:; connect-src 'self' {reached}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
