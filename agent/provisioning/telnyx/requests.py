"""One request to Telnyx's API: how long we wait for it, when we ask again, what its errors mean."""

import asyncio
import importlib
import time
from collections.abc import AsyncIterable, Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from agent.errors import CallError, PortalError, TelnyxUnavailable

if TYPE_CHECKING:
    from telnyx import APIError, APIStatusError

T = TypeVar("T")
_REQUEST_SECONDS = 15.0
_TRIES = 4
"""Of a request that may be repeated, when Telnyx fails or is not reached."""
_FIRST_PAUSE_SECONDS = 0.5
_PAUSE_UNTOLD_SECONDS = 2.0
"""After a 429 without a Retry-After."""


class Requests:
    """Asks Telnyx. `patience_seconds` is for one request, everything included."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds

    async def list_all(self, what: str, pages: Callable[[], AsyncIterable[T]]) -> list[T]:
        """Every item of every page. `what` completes "could not …" in errors."""

        async def read() -> list[T]:
            return [one async for one in pages()]

        return await self.ask(what, read, repeat=True)

    async def ask(
        self, what: str, request: Callable[[], Awaitable[T]], *, repeat: bool = False
    ) -> T:
        """The answer. A 429 is waited out, as long as Telnyx asks; it means that nothing was done.

        `repeat`: ask again too when Telnyx fails or does not answer. Never for what creates or
        changes something: it may have been done. Raises PortalError, TelnyxUnavailable.
        """
        sdk = importlib.import_module("telnyx")
        deadline = time.monotonic() + self._patience
        tries, pause = 1, _FIRST_PAUSE_SECONDS
        while True:
            left = deadline - time.monotonic()
            try:
                async with asyncio.timeout(min(left, _REQUEST_SECONDS)):
                    return await request()
            except sdk.RateLimitError as error:
                wait = _retry_after(error)
                failure: CallError = _too_busy(what, wait)
            except (sdk.InternalServerError, sdk.APIConnectionError, TimeoutError) as error:
                wait, pause = pause, pause * 2
                failure = _unavailable(what, error, repeated=repeat)
                if not repeat or tries == _TRIES:
                    raise failure from None
                tries += 1
            except sdk.APIStatusError as error:
                raise _refused(what, error) from None
            except sdk.APIError as error:
                raise _unavailable(what, error, repeated=repeat) from None
            if time.monotonic() + wait >= deadline:
                raise failure from None
            await asyncio.sleep(wait)


class _Item(BaseModel):
    """One of the errors in Telnyx's answer."""

    class Source(BaseModel):
        """Which field of ours it is about."""

        pointer: str = ""

    code: str = ""
    title: str = ""
    detail: str = ""
    source: Source = Source()


class _Errors(BaseModel):
    errors: list[_Item] = []


def _refused(what: str, error: "APIStatusError") -> CallError:
    """A 4xx: in one line, what a person can do about it."""
    said = _said(error)
    match error.status_code:
        case 401:
            return PortalError(
                "Telnyx does not accept TELNYX_API_KEY: make a new key in the portal (API Keys) "
                "and set it"
            )
        case 403:
            return PortalError(
                f"Telnyx does not let this account {what}{said}: finish Level 2 verification "
                "(portal, Account Settings, Verifications), or use a TELNYX_API_KEY of the owner"
            )
        case 404:
            return PortalError(
                f"could not {what}: Telnyx does not have it any more{said}; run it again for a new "
                "plan, and check TELNYX_API_URL if you have set it"
            )
        case _:
            return PortalError(f"Telnyx refuses to {what}{said}")


def _said(error: "APIStatusError") -> str:
    """` (title: detail, field …)`; nothing of what is about a password."""
    try:
        items = _Errors.model_validate(error.body).errors
    except ValidationError:
        items = []
    texts: list[str] = []
    for item in items:
        secret = "password" in item.source.pointer
        words = [word for word in (item.title, "" if secret else item.detail) if word]
        field = f", field {item.source.pointer}" if item.source.pointer else ""
        texts.append(f"{': '.join(words).rstrip('.') or f'code {item.code}'}{field}")
    return f" ({'; '.join(texts)})" if texts else f" (HTTP {error.status_code})"


def _too_busy(what: str, wait: float) -> CallError:
    return TelnyxUnavailable(
        f"could not {what}: Telnyx takes no more requests now (429) and asks for {wait:g} s; "
        "run it again then"
    )


def _unavailable(what: str, error: "APIError | TimeoutError", *, repeated: bool) -> CallError:
    status = getattr(error, "status_code", None)
    why = f"HTTP {status}" if status else type(error).__name__
    # What was asked may have been done: the next run sees it, and does not do it twice.
    again = "try again later" if repeated else "run it again: it looks first at what was done"
    return TelnyxUnavailable(
        f"could not {what}: Telnyx does not answer as it should ({why}); {again}"
    )


def _retry_after(error: "APIStatusError") -> float:
    """Seconds that Telnyx asks us to wait: a number, or a date."""
    told = error.response.headers.get("retry-after", "")
    try:
        return max(float(told), 0.0)
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return _PAUSE_UNTOLD_SECONDS
    return max(at.timestamp() - time.time(), 0.0)
