"""The stand-in's HTTP: Telnyx's paths under /v2, and its own under /stand-in."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter, ValidationError

from agent.errors import StackError
from agent.local.providers.answers import hang
from agent.local.telnyx import answers
from agent.local.telnyx.account import Account, Item, one_of, without_secret
from agent.local.telnyx.answers import HEADERS, Refusal
from agent.local.telnyx.faults import Faults, Kind, PortalFault

EXAMPLE_KEY = "example-key"
_OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
_FAULT: TypeAdapter[PortalFault | None] = TypeAdapter(PortalFault | None)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Save = Callable[[Item | None, Mapping[str, JsonValue]], Item]


class BoughtNumber(BaseModel):
    """The body of `POST /stand-in/phone_numbers`."""

    model_config = ConfigDict(extra="forbid")

    phone_number: str
    status: str = "active"


class TelnyxPortal:
    """One account behind one key. `requests` is what was asked, as "METHOD path"."""

    def __init__(self, numbers: Iterable[str] = (), *, key: str = EXAMPLE_KEY) -> None:
        self.account = Account(numbers)
        self.faults = Faults()
        self.requests: list[str] = []
        self._key = key

    def application(self) -> web.Application:
        """All its routes."""
        account = self.account
        app = web.Application(middlewares=[self._framed])
        add = app.router
        _add_shelf(app, "outbound_voice_profiles", account, "profiles", account.save_profile)
        _add_shelf(app, "fqdn_connections", account, "connections", account.save_connection)
        _add_shelf(app, "fqdns", account, "fqdns", account.save_fqdn)
        add.add_get("/v2/phone_numbers", self._list_numbers)
        add.add_get("/v2/phone_numbers/{id}", self._number)
        add.add_patch("/v2/phone_numbers/{id}", self._change_number)
        add.add_get("/v2/webhook_deliveries", self._deliveries)
        add.add_get("/v2/balance", self._balance)
        add.add_get("/healthz", self._healthz)
        add.add_get("/stand-in", self._state)
        add.add_put("/stand-in/faults", self._set_faults)
        add.add_post("/stand-in/phone_numbers", self._buy)
        return app

    @web.middleware
    async def _framed(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if not request.path.startswith("/v2/"):
                return await handler(request)
            self.requests.append(f"{request.method} {request.path}")
            if request.headers.get("Authorization") != f"Bearer {self._key}":
                raise answers.unauthenticated()
            fault = self.faults.take(request.method, request.path)
            if fault is None:
                return await handler(request)
            return await self._faulty(fault, request, handler)
        except Refusal as refusal:
            return refusal.response()
        except web.HTTPNotFound:
            return answers.not_found().response()

    async def _faulty(
        self, fault: PortalFault, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        match fault.kind:
            case Kind.TOO_MANY:
                raise answers.too_many(fault.retry_after)
            case Kind.HANG:
                await hang()
            case Kind.LIE:
                await handler(request)
            case Kind.FAIL:
                pass
        raise Refusal(500, "10007", "Unexpected error", "The stand-in was told to fail.")

    async def _list_numbers(self, request: web.Request) -> web.Response:
        digits = request.query.get("filter[phone_number]", "")
        found = [
            one
            for one in self.account.numbers.values()
            # Telnyx: "Non-numerical characters will result in no values being returned."
            if not digits or (digits.isdecimal() and digits in str(one["phone_number"]))
        ]
        return answers.page(request, found)

    async def _number(self, request: web.Request) -> web.Response:
        return answers.item(one_of(self.account.numbers, request.match_info["id"]))

    async def _change_number(self, request: web.Request) -> web.Response:
        there = one_of(self.account.numbers, request.match_info["id"])
        return answers.item(self.account.save_number(there, await _sent(request)))

    async def _deliveries(self, request: web.Request) -> web.Response:
        status = request.query.get("filter[status][eq]")
        since = request.query.get("filter[started_at][gte]", "")
        found = [
            one
            for one in self.account.deliveries
            if status in (None, one["status"]) and str(one["started_at"]) >= since
        ]
        return answers.page(request, found)

    async def _balance(self, request: web.Request) -> web.Response:
        money = self.account.balance
        return answers.item(
            {
                "record_type": "balance",
                "balance": money,
                "credit_limit": "0.00",
                "available_credit": money,
                "pending": "0.00",
                "currency": "USD",
            }
        )

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"}, headers=HEADERS)

    async def _state(self, request: web.Request) -> web.Response:
        account = self.account
        return web.json_response(
            {
                "stand-in": "not Telnyx",
                "profiles": list(account.profiles.values()),
                "connections": [without_secret(one) for one in account.connections.values()],
                "fqdns": list(account.fqdns.values()),
                "phone_numbers": list(account.numbers.values()),
            },
            headers=HEADERS,
        )

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            self.faults.order(_FAULT.validate_json(await request.read()))
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=400, headers=HEADERS)
        return web.Response(status=204)

    async def _buy(self, request: web.Request) -> web.Response:
        try:
            wanted = BoughtNumber.model_validate_json(await request.read())
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=400, headers=HEADERS)
        return answers.item(self.account.buy(wanted.phone_number, status=wanted.status), 201)


@asynccontextmanager
async def serve_portal(
    portal: TelnyxPortal, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Listen until the block is left; gives the address for TELNYX_API_URL.

    Raises StackError when the port is taken.
    """
    # Cancelled with the client, or a request that was told to hang would stay for ever.
    runner = web.AppRunner(
        portal.application(), handler_cancellation=True, shutdown_timeout=0.25, access_log=None
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise StackError(
                f"Telnyx's stand-in cannot listen on {host}:{port} ({error.strerror}): free that "
                "port or choose another"
            ) from None
        yield f"http://{host}:{runner.addresses[0][1]}/v2"
    finally:
        await runner.cleanup()


def _add_shelf(app: web.Application, path: str, account: Account, name: str, save: Save) -> None:
    """List, create, read, change and delete one kind of thing."""

    def shelf() -> dict[str, Item]:
        found = getattr(account, name)
        assert isinstance(found, dict)
        return found

    async def listed(request: web.Request) -> web.Response:
        found = [without_secret(one) for one in shelf().values() if _passes(request, one)]
        return answers.page(request, found)

    async def create(request: web.Request) -> web.Response:
        # The password is shown in full once, to who has just sent it.
        return answers.item(save(None, await _sent(request)), 201)

    async def read(request: web.Request) -> web.Response:
        return answers.item(without_secret(one_of(shelf(), request.match_info["id"])))

    async def change(request: web.Request) -> web.Response:
        there = one_of(shelf(), request.match_info["id"])
        return answers.item(without_secret(save(there, await _sent(request))))

    async def delete(request: web.Request) -> web.Response:
        there = one_of(shelf(), request.match_info["id"])
        return answers.item(without_secret(account.remove(shelf(), there)))

    app.router.add_get(f"/v2/{path}", listed)
    app.router.add_post(f"/v2/{path}", create)
    app.router.add_get(f"/v2/{path}/{{id}}", read)
    app.router.add_patch(f"/v2/{path}/{{id}}", change)
    app.router.add_delete(f"/v2/{path}/{{id}}", delete)


def _passes(request: web.Request, one: Item) -> bool:
    """Whether it passes every `filter[…]`: equal, or containing the text in any case."""
    for key, wanted in request.query.items():
        if not key.startswith("filter["):
            continue
        field, _, how = key.removeprefix("filter[").removesuffix("]").partition("][")
        value = str(one.get(field, ""))
        if wanted.casefold() not in value.casefold() if how == "contains" else wanted != value:
            return False
    return True


async def _sent(request: web.Request) -> dict[str, JsonValue]:
    try:
        return _OBJECT.validate_json(await request.read())
    except ValidationError:
        raise Refusal(400, "10015", "Bad Request", "The body is no JSON object.") from None
