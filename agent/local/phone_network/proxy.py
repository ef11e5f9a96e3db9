"""What passes through the front door unchanged: HTTP and WebSocket, both ways."""

import asyncio

import aiohttp
from aiohttp import WSMsgType, web
from yarl import URL

# About the connection to us, not about the request (RFC 9110 7.6.1), or made anew by aiohttp.
_HOP = frozenset(
    [
        "connection",
        "content-encoding",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
_FORWARDED_TO_SOCKET = frozenset(["authorization", "user-agent", "x-forwarded-for", "cookie"])


class Proxy:
    """Requests as they came, to `upstream` (`http://host:port`)."""

    def __init__(self, session: aiohttp.ClientSession, upstream: str) -> None:
        self._session = session
        self._upstream = upstream.rstrip("/")

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """The upstream's answer to this request; 502 when there is none."""
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._socket(request)
            return await self.ask(request, await request.read())
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status, text=error.message)
        except (aiohttp.ClientConnectionError, TimeoutError):
            return web.Response(status=502, text="the phone network cannot reach livekit-server")

    async def ask(self, request: web.Request, body: bytes) -> web.Response:
        """The upstream's answer to this request with `body` for its own."""
        async with self._session.request(
            request.method,
            self._url(request),
            data=body,
            headers={k: v for k, v in request.headers.items() if k.lower() not in _HOP},
            allow_redirects=False,
        ) as answer:
            headers = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP}
            return web.Response(status=answer.status, body=await answer.read(), headers=headers)

    def _url(self, request: web.Request) -> URL:
        return URL(self._upstream + request.raw_path, encoded=True)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        headers = {k: v for k, v in request.headers.items() if k.lower() in _FORWARDED_TO_SOCKET}
        async with self._session.ws_connect(
            self._url(request), headers=headers, max_msg_size=0, autoclose=False
        ) as up:
            down = web.WebSocketResponse(max_msg_size=0)
            await down.prepare(request)
            pumps = [asyncio.create_task(_pump(up, down)), asyncio.create_task(_pump(down, up))]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                code = up.close_code or down.close_code or aiohttp.WSCloseCode.GOING_AWAY
                await down.close(code=code)
            return down


async def _pump(
    source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    sink: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
) -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await sink.send_bytes(message.data)
