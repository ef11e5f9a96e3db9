"""The phone network's own HTTP, under /phone-network/: place a call, set what a number does.

GET  /phone-network/healthz
GET  /phone-network/calls
POST /phone-network/calls              {"caller": …, "callee": …, "scenario": …} -> JSON lines
PUT  /phone-network/numbers/{number}   a NumberBehaviour
PUT  /phone-network/transfers/{target} a TargetBehaviour
"""

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

import aiohttp
from aiohttp import web
from pydantic import JsonValue, TypeAdapter, ValidationError

from agent.errors import CallError
from agent.local.phone_network.behaviours import (
    Answers,
    Behaviour,
    CredentialsRefused,
    Handler,
    NeverAnswers,
    NoSuchCarrier,
    Refuses,
    TransferAccepted,
    TransferBehaviour,
    TransferDead,
    TransferRefused,
)
from agent.local.phone_network.control_models import (
    Line,
    NumberAnswers,
    NumberBehaviour,
    NumberDoes,
    NumberRefuses,
    PlaceCall,
    TargetBehaviour,
    view,
)
from agent.local.phone_network.network import PhoneNetwork
from agent.local.phone_network.upstream import Upstream
from agent.local.phones.phone import Phone
from agent.local.scenarios.scenario import Scenario, find_scenario

log = logging.getLogger(__name__)

_LAST_WORDS_SECONDS = 30.0
"""What a customer may take to make their result of a call that is over."""

_READER_CHECK_SECONDS = 0.5


class RunCustomer(Protocol):
    """`agent.local.customers.customer.run_customer`: plays a scenario on a phone, to its result."""

    def __call__(
        self, phone: Phone, scenario: Scenario, speech_url: str, on_event: Callable[[object], None]
    ) -> Awaitable[object]: ...


def default_customer() -> RunCustomer:
    """Imported when the first customer is wanted: the speech parts behind it are heavy."""
    return cast(
        "RunCustomer", importlib.import_module("agent.local.customers.customer").run_customer
    )


class Control:
    """Give `add_to` an application, before the front door takes the other paths."""

    def __init__(
        self,
        network: PhoneNetwork,
        upstream: Upstream,
        session: aiohttp.ClientSession,
        *,
        speech_url: str,
        customer: Callable[[], RunCustomer] = default_customer,
    ) -> None:
        self._network = network
        self._upstream = upstream
        self._session = session
        self._speech_url = speech_url
        self._customer = customer

    def add_to(self, app: web.Application) -> None:
        """All paths begin with /phone-network/."""
        app.router.add_get("/phone-network/healthz", self._healthz)
        app.router.add_get("/phone-network/calls", self._calls)
        app.router.add_post("/phone-network/calls", self._place)
        app.router.add_put("/phone-network/numbers/{number}", self._number)
        app.router.add_put("/phone-network/transfers/{target}", self._target)

    async def _healthz(self, request: web.Request) -> web.Response:
        try:
            timeout = aiohttp.ClientTimeout(total=2)
            async with self._session.get(self._upstream.url, timeout=timeout) as answer:
                ready = answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            ready = False
        return web.json_response({"livekit": ready}, status=200 if ready else 503)

    async def _calls(self, request: web.Request) -> web.Response:
        views = [view(phone).model_dump(mode="json") for phone in self._network.calls]
        return web.json_response(views)

    async def _number(self, request: web.Request) -> web.Response:
        adapter: TypeAdapter[NumberAnswers | NumberRefuses | NumberDoes] = TypeAdapter(
            NumberBehaviour
        )
        try:
            behaviour = self._behaviour(adapter.validate_json(await request.read()))
        except ValueError as error:  # pydantic's too
            return _bad_request(error)
        self._network.on_outbound(request.match_info["number"], behaviour)
        return web.Response(status=204)

    async def _target(self, request: web.Request) -> web.Response:
        try:
            wanted = TargetBehaviour.model_validate_json(await request.read())
            behaviour: TransferBehaviour
            match wanted.does:
                case "accepts":
                    behaviour = TransferAccepted()
                case "refuses":
                    behaviour = TransferRefused(wanted.code, wanted.words)
                case "never_answers":
                    behaviour = TransferDead()
        except ValueError as error:
            return _bad_request(error)
        self._network.on_transfer(request.match_info["target"], behaviour)
        return web.Response(status=204)

    def _behaviour(self, wanted: NumberAnswers | NumberRefuses | NumberDoes) -> Behaviour:
        match wanted:
            case NumberAnswers():
                handler = self.plays(wanted.scenario) if wanted.scenario else None
                return Answers(wanted.after, handler, wanted.rings)
            case NumberRefuses():
                return Refuses(wanted.code, wanted.words, wanted.after)
            case NumberDoes(does="never_answers"):
                return NeverAnswers()
            case NumberDoes(does="no_such_carrier"):
                return NoSuchCarrier()
            case NumberDoes():
                return CredentialsRefused()

    def plays(self, scenario: str) -> Handler:
        """A customer of that scenario on the phone. Raises ScenarioError when it cannot be used."""
        found = find_scenario(scenario)

        async def handler(phone: Phone) -> None:
            await self._customer()(phone, found, self._speech_url, lambda event: None)

        return handler

    async def _place(self, request: web.Request) -> web.StreamResponse:
        try:
            wanted = PlaceCall.model_validate_json(await request.read())
        except ValidationError as error:
            return _bad_request(error)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        lines: asyncio.Queue[Line | None] = asyncio.Queue()
        call = asyncio.create_task(self._call(wanted, lines), name="customer calls")
        try:
            await response.prepare(request)
            while _is_read(request):
                try:
                    line = await asyncio.wait_for(lines.get(), _READER_CHECK_SECONDS)
                except TimeoutError:
                    continue
                if line is None:
                    break
                await response.write(line.model_dump_json(exclude_none=True).encode() + b"\n")
        except ConnectionResetError:
            log.info("reader_went_away")
        finally:
            # The reader went away, or the call is over: nobody stays on the phone for nobody.
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        return response

    async def _call(self, wanted: PlaceCall, lines: "asyncio.Queue[Line | None]") -> None:
        phone: Phone | None = None
        customer: asyncio.Task[object] | None = None
        try:
            play = self._customer()
            scenario = (
                find_scenario(wanted.scenario)
                if isinstance(wanted.scenario, str)
                else Scenario.model_validate(wanted.scenario)
            )
            phone = await self._network.place_call(
                caller=wanted.caller,
                callee=wanted.callee,
                ringing_timeout=wanted.ringing_timeout,
            )
            lines.put_nowait(Line(line="ringing", call=view(phone)))

            def on_event(event: object) -> None:
                lines.put_nowait(Line(line="event", event=_as_json(event)))

            customer = asyncio.ensure_future(play(phone, scenario, self._speech_url, on_event))
            result = await self._result(phone, customer)
            await phone.hang_up()
            lines.put_nowait(Line(line="result", event=_as_json(result)))
        except CallError as error:
            lines.put_nowait(Line(line="error", message=str(error)))
        except Exception as error:  # a customer's bug: told to who placed the call, and logged
            log.exception("customer_failed")
            lines.put_nowait(Line(line="error", message=f"{type(error).__name__}: {error}"))
        finally:
            if customer is not None:
                customer.cancel()
                await asyncio.gather(customer, return_exceptions=True)
            if phone is not None:
                await phone.hang_up()
                lines.put_nowait(Line(line="ended", call=view(phone)))
            lines.put_nowait(None)

    async def _result(self, phone: Phone, customer: "asyncio.Task[object]") -> object:
        """The customer's result, while the call lasts or within some seconds of its end."""
        over = asyncio.create_task(phone.wait_ended(None))
        try:
            await asyncio.wait([customer, over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        return await asyncio.wait_for(customer, _LAST_WORDS_SECONDS)


def _as_json(value: object) -> JsonValue:
    """A dataclass or a pydantic model as JSON would have it."""
    adapter: TypeAdapter[object] = TypeAdapter(type(value))
    return cast("JsonValue", adapter.dump_python(value, mode="json"))


def _is_read(request: web.Request) -> bool:
    """Whether somebody still reads the answer."""
    return request.transport is not None and not request.transport.is_closing()


def _bad_request(error: ValueError) -> web.Response:
    return web.json_response({"error": str(error)}, status=400)
