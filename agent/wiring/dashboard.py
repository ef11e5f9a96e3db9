"""The page to talk to the agent, put together and served."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit
from uuid import uuid4

import structlog

from agent.api.scopes import Scope
from agent.api.tokens import InvalidToken, KeysUnavailable, build_verifier
from agent.dashboard.app import build_app
from agent.dashboard.parts import DashboardParts, Front, MayCall
from agent.dashboard.sessions import Sessions
from agent.doctor.exposure import check_exposure
from agent.errors import SettingsError
from agent.playbook.load import load_playbook, playbook_names
from agent.settings import Environment, Settings
from agent.store.call_list import CallList
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.telephony.browser_caller import ROOM_PREFIX, BrowserCaller
from agent.wiring.outbound_calls import outbound_settings
from agent.wiring.web_server import WebServer

log = structlog.get_logger(__name__)

_POOL = 4
_REQUESTS_AT_ONCE = 50
_GRACE_SECONDS = 3
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


@asynccontextmanager
async def talk_page(settings: Settings, playbook: str | None = None) -> AsyncIterator[str]:
    """Serve the page for the length of the block; its link.

    On a laptop the link works once and the page is served on loopback only. In production there is
    no link: the page asks for a token of scope calls:write, over https. Raises SettingsError where
    that is not wanted or cannot be, PlaybookError for a playbook that cannot be used.
    """
    production = settings.environment is Environment.PRODUCTION
    check_talk(settings)
    chosen = load_playbook(settings.prompts_dir, playbook or settings.playbook).name
    code = None if production else secrets.token_urlsafe(16)
    with _listen(settings, production=production) as listening:
        async with _parts(settings, chosen, code) as parts:
            server = WebServer(build_app(parts), at_once=_REQUESTS_AT_ONCE, grace=_GRACE_SECONDS)
            serving = asyncio.create_task(server.serve(sockets=[listening]), name="talk page")
            try:
                port = listening.getsockname()[1]
                if production:
                    log.info("talk_page_listens", host=settings.talk_host, port=port)
                    yield f"{(settings.public_url or '').rstrip('/')}/talk"
                else:
                    yield f"http://127.0.0.1:{port}/talk#{code}"
            finally:
                server.should_exit = True
                with suppress(asyncio.CancelledError):
                    await serving


def check_talk(settings: Settings) -> None:
    """Raise SettingsError where the page may not be served as these settings say."""
    settings.need("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "DATABASE_URL")
    if settings.environment is not Environment.PRODUCTION:
        return
    if not settings.talk:
        raise SettingsError(
            "`talk` is off in production: TALK=true opens the page to who has a token of scope "
            "calls:write, over https"
        )
    check_exposure(settings)
    settings.need("PUBLIC_URL")
    if not (settings.public_url or "").startswith("https://"):
        raise SettingsError("PUBLIC_URL must be https: browsers lend no microphone to http pages")
    if not browser_url(settings).startswith("wss://"):
        raise SettingsError(
            "LIVEKIT_BROWSER_URL must be wss://…, LiveKit's address for browsers: an https page "
            "may not connect to another"
        )


def browser_url(settings: Settings) -> str:
    """Where browsers reach LiveKit, ws or wss, without a slash at its end."""
    url = settings.livekit_browser_url or settings.livekit_url or ""
    return url.replace("http", "ws", 1).rstrip("/") if url.startswith("http") else url.rstrip("/")


@asynccontextmanager
async def _parts(
    settings: Settings, playbook: str, code: str | None
) -> AsyncIterator[DashboardParts]:
    production = settings.environment is Environment.PRODUCTION
    public = urlsplit(settings.public_url or "").hostname
    async with Database(settings.database_url or "", max_size=_POOL) as database:
        yield DashboardParts(
            front=Front(
                hosts=frozenset({public}) if production and public else _LOOPBACK,
                https_only=production,
                livekit_url=browser_url(settings),
            ),
            sessions=Sessions(code, lambda: secrets.token_urlsafe(32)),
            may_call=_token_check(settings) if production else None,
            caller=BrowserCaller(
                key=settings.livekit_api_key or "",
                secret=settings.livekit_api_secret or "",
                agent_name=settings.agent_name,
                our_number=outbound_settings(settings).our_number,
            ),
            calls=CallStore(database),
            call_list=CallList(database),
            recordings_dir=settings.recordings_dir,
            playbooks=tuple(playbook_names(settings.prompts_dir)),
            playbook=playbook,
            new_room_name=lambda: f"{ROOM_PREFIX}{uuid4().hex[:16]}",
        )


def _token_check(settings: Settings) -> MayCall:
    verifier = build_verifier(settings)

    async def may_call(token: str) -> bool:
        try:
            client = await verifier.verify(token)
        except (InvalidToken, KeysUnavailable) as error:
            log.info("talk_token_refused", why=type(error).__name__)
            return False
        return client.may(Scope.CALLS_WRITE)

    return may_call


def _listen(settings: Settings, *, production: bool) -> socket.socket:
    host, port = (settings.talk_host, settings.talk_port) if production else ("127.0.0.1", 0)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(
            f"TALK_PORT: {host}:{port} cannot be listened on ({error.strerror}); set TALK_PORT to "
            "a free port"
        ) from None
