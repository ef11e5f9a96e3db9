"""Our HTTP client of OpenAI's protocol: its certificates, its deadlines, its connections."""

import ssl

from httpx2 import Limits
from livekit.agents.utils import http_context
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

ANSWER_SECONDS = 4.0
"""A provider that has said nothing for so long has failed: the caller is told, not left waiting."""

KEPT_SECONDS = 120.0
"""How long an idle connection is kept. The SDK's own 5 s are over before the caller has answered,
and nearly every turn would wait for a TLS handshake."""

_CONNECTIONS = 50


def openai_client(key: str | None, base_url: str | None) -> AsyncOpenAI:
    """A client that never retries: that is the session's business, here it would add up."""
    return AsyncOpenAI(
        api_key=key,
        base_url=base_url,
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(
            verify=trust(),
            timeout=ANSWER_SECONDS,
            limits=Limits(
                max_connections=_CONNECTIONS,
                max_keepalive_connections=_CONNECTIONS,
                keepalive_expiry=KEPT_SECONDS,
            ),
        ),
    )


def trust() -> ssl.SSLContext:
    """Which certificates we trust: read once a process, as the framework's own HTTP session does.

    Reading them takes 0.1 s of a core, and every client would do it anew.
    """
    return http_context._create_ssl_context()
