"""Telnyx's forms of an answer: an item, a page, an error; each labelled as the stand-in's."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import JsonValue

from agent.local.providers.answers import LABEL

HEADERS = {LABEL: "telnyx"}
LARGEST_PAGE = 250


@dataclass(eq=False)
class Refusal(Exception):
    """Becomes Telnyx's error body. `pointer` is the field it is about."""

    status: int
    code: str
    title: str
    detail: str
    pointer: str = ""
    retry_after: float | None = None

    def response(self) -> web.Response:
        """The answer."""
        headers = dict(HEADERS)
        if self.retry_after is not None:
            headers["Retry-After"] = f"{self.retry_after:g}"
        error: dict[str, JsonValue] = {
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
            "meta": {"url": f"https://developers.telnyx.com/docs/overview/errors/{self.code}"},
        }
        if self.pointer:
            error["source"] = {"pointer": self.pointer}
        return web.json_response({"errors": [error]}, status=self.status, headers=headers)


def unauthenticated() -> Refusal:
    """A wrong key."""
    detail = "The required authentication headers were either invalid or not included."
    return Refusal(401, "10009", "Authentication failed", detail)


def not_permitted() -> Refusal:
    """An account that has not been verified. The code is Telnyx's; the detail is ours."""
    detail = "Your account is not verified for this."
    return Refusal(403, "10010", "Authorization failed", detail)


def not_found() -> Refusal:
    """No such id or path."""
    return Refusal(
        404, "10005", "Resource not found", "The requested resource or URL could not be found."
    )


def invalid(pointer: str, detail: str) -> Refusal:
    """A field that cannot be."""
    return Refusal(422, "10027", "Invalid value", detail, pointer)


def too_many(retry_after: float | None) -> Refusal:
    """The API's rate limit."""
    detail = "You have exceeded the maximum number of allowed requests."
    return Refusal(429, "90103", "Too many requests", detail, retry_after=retry_after)


def item(data: dict[str, JsonValue], status: int = 200) -> web.Response:
    """One thing."""
    return web.json_response({"data": data}, status=status, headers=HEADERS)


def page(request: web.Request, found: Sequence[dict[str, JsonValue]]) -> web.Response:
    """The page of `found` that `page[number]` and `page[size]` ask for."""
    number = _count(request, "page[number]", 1, 10**6)
    size = _count(request, "page[size]", 20, LARGEST_PAGE)
    meta: dict[str, JsonValue] = {
        "page_number": number,
        "page_size": size,
        "total_pages": -(-len(found) // size),
        "total_results": len(found),
    }
    data = list(found[(number - 1) * size : number * size])
    return web.json_response({"data": data, "meta": meta}, headers=HEADERS)


def _count(request: web.Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Refusal(400, "10015", "Bad Request", f"{name} must be 1 to {most}", name)
    return int(text)
