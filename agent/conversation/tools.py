"""What the agent can do besides talking. The model asks; this code decides.

Every argument is checked against a model, every refusal is said in words that the language model
can tell the caller, and nothing here takes a telephone number, a price or another person's data.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from livekit.agents import RunContext, StopResponse, ToolError, function_tool
from livekit.agents.llm import RawFunctionTool
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from agent.conversation.ending import Ending
from agent.conversation.live_call import LiveCall
from agent.conversation.opt_out import OptOutTalk
from agent.conversation.person import PersonTransfer
from agent.domain.calls import EventKind
from agent.domain.languages import Language, language
from agent.errors import Refused, Unavailable
from agent.playbook.answers import answers_model

TRANSFER_TOOL = "transfer_to_person"
"""The tool's name: code calls it too, where the caller asks for a person."""
_CALENDAR_SECONDS = 5.0
_SLOTS_OFFERED = 4
_CALLBACK_DAYS = 60

LocalTime = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$")]
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
Tool = RawFunctionTool[Any, Awaitable[str]]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _None(_Arguments):
    pass


class _Booking(_Arguments):
    starts_at: LocalTime = Field(description="One of the times from list_slots, as written there")


class _Callback(_Arguments):
    at: LocalTime = Field(description="Local time at which the caller wants to be called back")


class _Transfer(_Arguments):
    reason: Annotated[str, StringConstraints(max_length=200)] = ""


class _End(_Arguments):
    reason: Literal["finished", "not_interested", "wrong_number"]


def build_tools(
    call: LiveCall, ending: Ending, opt_out: OptOutTalk, person: PersonTransfer
) -> list[Tool]:
    """The tools that this call's playbook allows."""
    tools = Tools(call, ending, opt_out, person)
    offered = [
        _tool("opt_out", "The caller does not want to be called again.", _None, tools.opt_out),
        _tool(
            "end_call",
            "Say goodbye and hang up: everything is settled, the caller is not interested, or it "
            "is a wrong number.",
            _End,
            tools.end_call,
        ),
        _tool(
            "agree_callback",
            "Promise to call the caller back at a time that the caller named.",
            _Callback,
            tools.agree_callback,
        ),
    ]
    if call.playbook.questions:
        offered.append(
            _tool(
                "save_answers",
                "Keep what the caller answered. Only what the caller really said.",
                answers_model(call.playbook.questions),
                tools.save_answers,
            )
        )
    if call.playbook.appointment is not None and call.calendar is not None:
        offered.append(
            _tool("list_slots", "The next free times for an appointment.", _None, tools.list_slots)
        )
        offered.append(
            _tool("book_appointment", "Book a time from list_slots.", _Booking, tools.book)
        )
    if call.playbook.transfer:
        offered.append(
            _tool(
                TRANSFER_TOOL,
                f"Put the caller through to {call.playbook.transfer[0].name}.",
                _Transfer,
                tools.transfer,
            )
        )
    return offered


class Tools:
    """The tools' code, for one call."""

    def __init__(
        self, call: LiveCall, ending: Ending, opt_out: OptOutTalk, person: PersonTransfer
    ) -> None:
        self._call = call
        self._ending = ending
        self._opt_out = opt_out
        self._person = person

    @property
    def _language(self) -> Language:
        return language(self._call.playbook.language)

    async def save_answers(self, given: BaseModel, context: RunContext[None]) -> str:
        """Keep typed answers; what is not told again stays as it was."""
        saved = {key: value for key, value in given.model_dump().items() if value is not None}
        if not saved:
            raise ToolError("give at least one answer")
        self._read_back_if_unsure(", ".join(saved), *saved)
        for question, value in saved.items():
            self._call.answers[question] = value
            self._call.note(EventKind.ANSWER_SAVED, question=question, value=value)
        missing = [q.id for q in self._call.playbook.questions if q.id not in self._call.answers]
        return f"saved; still open: {', '.join(missing)}" if missing else "saved; all are answered"

    async def list_slots(self, given: _None, context: RunContext[None]) -> str:
        """Free times, one a line, as ISO local time and in words."""
        assert self._call.calendar is not None
        slots = await self._ask(self._call.calendar.free_slots(self._call.now(), _SLOTS_OFFERED))
        if not slots:
            return "no time is free; agree a callback instead"
        said = self._language.said_moment
        return "\n".join(
            f"{slot.starts_at:%Y-%m-%dT%H:%M} = {said(slot.starts_at)}" for slot in slots
        )

    async def book(self, given: _Booking, context: RunContext[None]) -> str:
        """Book; the calendar decides whether the time can be had."""
        assert self._call.calendar is not None
        self._read_back_if_unsure("the time", "booking")
        starts_at = self._local(given.starts_at)
        try:
            booked = await self._ask(
                self._call.calendar.book(self._call.id, starts_at, "", self._call.now())
            )
        except Refused as refusal:
            self._call.note(EventKind.REPLY_BLOCKED, what="book_appointment", why=str(refusal))
            raise ToolError(f"not booked: {refusal}") from None
        self._call.note(
            EventKind.APPOINTMENT_BOOKED,
            urgent=True,
            appointment_id=str(booked.id),
            starts_at=booked.starts_at.isoformat(),
        )
        return f"booked: {self._language.said_moment(starts_at)}"

    async def agree_callback(self, given: _Callback, context: RunContext[None]) -> str:
        """Keep a time to call back, between a minute from now and 60 days ahead."""
        self._read_back_if_unsure("the time", "callback")
        at, now = self._local(given.at), self._call.now()
        if not now < at < now + timedelta(days=_CALLBACK_DAYS):
            why = f"the time must lie ahead, within {_CALLBACK_DAYS} days"
            self._call.note(EventKind.REPLY_BLOCKED, what="agree_callback", why=why)
            raise ToolError(f"not agreed: {why}")
        self._call.note(EventKind.CALLBACK_AGREED, urgent=True, at=at.isoformat())
        return f"agreed: {self._language.said_moment(at)}"

    def _read_back_if_unsure(self, what: str, *about: str) -> None:
        """Raise ToolError where the caller was heard too badly to keep what was understood."""
        unsure = [each for each in about if self._call.certainty.must_ask(each)]
        if unsure:
            raise ToolError(
                f"not kept: the line was unclear. Say back what you understood ({what}), ask "
                "whether it is right, and call this tool again when the caller has confirmed it"
            )

    async def transfer(self, given: _Transfer, context: RunContext[None]) -> str:
        """Hand the caller over to the playbook's person; nobody else can be named."""
        await context.wait_for_playout()
        try:
            await self._person.put_through()
        except Refused as refusal:
            name = self._call.playbook.transfer[0].name
            raise ToolError(
                f"{name} cannot be reached now ({refusal}); say so and offer to call back"
            ) from None
        raise StopResponse

    async def opt_out(self, given: _None, context: RunContext[None]) -> str:
        """Record the opt-out at once, confirm it, hang up."""
        self._opt_out.act("tool")
        raise StopResponse

    async def end_call(self, given: _End, context: RunContext[None]) -> str:
        """Let what is being said finish, say goodbye, hang up."""
        if given.reason == "not_interested":
            self._call.note(EventKind.NOT_INTERESTED)
        elif given.reason == "wrong_number":
            self._call.note(EventKind.WRONG_NUMBER)
        self._ending.conclude(self._call.playbook.lines.goodbye, after=context.speech_handle)
        raise StopResponse

    def _local(self, text: str) -> datetime:
        appointment = self._call.playbook.appointment
        zone = ZoneInfo(appointment.time_zone if appointment else "Europe/Brussels")
        try:
            local = datetime.fromisoformat(text).replace(tzinfo=zone)
            local.astimezone(UTC)  # the year 1 has no UTC
        except (ValueError, OverflowError):
            raise ToolError(f"{text} is not a date; write YYYY-MM-DDTHH:MM") from None
        return local

    async def _ask(self, answer: Awaitable[T]) -> T:
        """Ask the calendar, but never leave the caller waiting for it."""
        try:
            async with asyncio.timeout(_CALENDAR_SECONDS):
                return await answer
        except (TimeoutError, Unavailable):
            raise ToolError("the calendar cannot be reached; agree a callback instead") from None


def _tool(
    name: str,
    description: str,
    model: type[M],
    run: Callable[[M, RunContext[None]], Awaitable[str]],
) -> Tool:
    """A tool whose arguments are parsed into `model` before `run` sees them."""

    async def parse_and_run(raw_arguments: dict[str, object], context: RunContext[None]) -> str:
        try:
            given = model.model_validate(raw_arguments)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(part) for part in problem["loc"]) or name
            raise ToolError(f"{where}: {problem['msg']}") from None
        return await run(given, context)

    schema = model.model_json_schema()
    return function_tool(
        parse_and_run,
        raw_schema={"name": name, "description": description, "parameters": schema},
    )
