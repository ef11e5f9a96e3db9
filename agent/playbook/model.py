"""The playbook: one Markdown file with front matter that says whom the agent speaks for and how.

Front matter holds what code acts on (lines, questions, opening hours, whom a caller may be put
through to); the Markdown below it holds what the model may speak about.
"""

import re
from contextlib import suppress
from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from agent.domain.appointments import Opening, OpeningHours
from agent.domain.calls import Direction
from agent.domain.languages import language
from agent.domain.phone_numbers import kind_of, parse
from agent.errors import Refused
from agent.playbook.spoken_text import why_unspeakable

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]


def _speakable(value: str) -> str:
    if (why := why_unspeakable(value)) is not None:
        raise ValueError(why)
    return value


Spoken = Annotated[Line, AfterValidator(_speakable)]
"""A text that a caller hears."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_WEEKDAYS: tuple[str, ...] = get_args(Weekday)
_HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AnswerType(StrEnum):
    """What kind of value answers a question."""

    YES_NO = "yes_no"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"


class Question(_Part):
    """One thing the agent wants to learn, and what counts as an answer to it."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
    ask: Spoken
    type: AnswerType
    required: bool = False
    min: float | None = None
    max: float | None = None
    choices: tuple[Spoken, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.type is AnswerType.CHOICE) != bool(self.choices):
            raise ValueError("'choices' belongs to type choice, and only to it")
        if (self.min is not None or self.max is not None) and self.type is not AnswerType.NUMBER:
            raise ValueError("'min' and 'max' belong to type number")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("'min' is greater than 'max'")
        return self


class Appointment(_Part):
    """What can be booked and when. Times are local to `time_zone`."""

    name: Spoken
    time_zone: str
    minutes: Annotated[int, Field(ge=5, le=480)]
    lead_hours: Annotated[int, Field(ge=0, le=24 * 30)] = 20
    days_ahead: Annotated[int, Field(ge=1, le=90)] = 14
    open: dict[Weekday, tuple[str, ...]]

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(
                f"unknown time zone {value!r}; write it like Europe/Brussels"
            ) from None
        return value

    @field_validator("open")
    @classmethod
    def _readable_hours(
        cls, value: dict[Weekday, tuple[str, ...]]
    ) -> dict[Weekday, tuple[str, ...]]:
        for ranges in value.values():
            for text in ranges:
                start, end = opening_range(text)
                if start >= end:
                    raise ValueError(f"opening hours {text!r} end before they start")
        return value

    def opening_hours(self) -> OpeningHours:
        """When appointments can be booked, as the calendar reads it."""
        return OpeningHours(
            week={
                _WEEKDAYS.index(day): tuple(Opening(*opening_range(text)) for text in ranges)
                for day, ranges in self.open.items()
            },
            zone=ZoneInfo(self.time_zone),
            slot_minutes=self.minutes,
            lead_minutes=self.lead_hours * 60,
            horizon_days=self.days_ahead,
        )


class TransferTarget(_Part):
    """A person the caller may be put through to."""

    name: Spoken
    number: str

    @field_validator("number")
    @classmethod
    def _dialable(cls, value: str) -> str:
        try:
            number = parse(value)
        except Refused as error:
            raise ValueError(str(error)) from None
        if not kind_of(number).is_ordinary:
            raise ValueError(f"a caller is never put through to a {kind_of(number)} number")
        return number


class Lines(_Part):
    """Sentences that code speaks word for word; the model never writes these."""

    still_there: tuple[Spoken, ...] = Field(min_length=2)
    silence_goodbye: Spoken
    goodbye: Spoken
    opted_out: Spoken
    opted_out_hidden: Spoken
    ask_opt_out: Spoken
    i_am_ai: Spoken
    who_we_are: Spoken
    transferring: Spoken
    no_person: Spoken
    still_here: Spoken
    recording_stopped: Spoken
    cannot_promise: Spoken
    say_again: Spoken
    technical_goodbye: Spoken
    time_is_up: Spoken
    voicemail: Spoken
    briefing: Spoken = "A caller is put through to you by our assistant."
    """For the person, before the summary; the caller does not hear it."""


class Playbook(_Part):
    """Everything one kind of call needs to know. `name` is the file's stem."""

    name: str
    body: Line
    company: Spoken
    agent: Spoken
    language: str
    """Of this text; `languages` are all that the call may be held in, the first is the default."""
    languages: tuple[str, ...] = Field(default=(), validate_default=True)
    opening: tuple[str, ...] = ()
    """The languages of the first sentences where nothing is known of the caller."""
    disclosure: Spoken
    short_disclosure: Spoken | None = None
    """What an opening in several languages says in this one, with a question at its end."""
    recording: bool
    greeting: Spoken
    outbound_greeting: Spoken | None = None
    questions: tuple[Question, ...] = ()
    appointment: Appointment | None = None
    transfer: tuple[TransferTarget, ...] = ()
    lines: Lines
    pronunciations: dict[Annotated[str, StringConstraints(min_length=1)], Spoken] = {}
    """Words as they are written, and as the voice is to say them."""
    opt_out_key: bool = False
    silence_seconds: Annotated[float, Field(ge=2, le=60)] = 7
    names: tuple[Line, ...] = ()
    """Products, places and people that callers speak of: told to the recogniser."""
    limits: tuple[Line, ...] = Field(min_length=1)

    # Fields are checked in the order above, so that an error points at the line to change.

    @field_validator("language")
    @classmethod
    def _known_language(cls, value: str) -> str:
        return language(value).code

    @field_validator("languages")
    @classmethod
    def _own_language_among_them(
        cls, value: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        own = info.data.get("language")
        known = tuple(language(each).code for each in value)
        if own is not None and known and own not in known:
            raise ValueError(f"'languages' must contain the language of this file: {own}")
        if len(set(known)) < len(known):
            raise ValueError("a language is named twice")
        return known or ((own,) if own else ())

    @field_validator("opening")
    @classmethod
    def _spoken_here(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        spoken = info.data.get("languages", value)
        if strange := [each for each in value if each not in spoken]:
            raise ValueError(f"'opening' names what 'languages' does not: {', '.join(strange)}")
        return value

    @field_validator("disclosure", "short_disclosure")
    @classmethod
    def _tells_who_speaks(cls, value: str | None, info: ValidationInfo) -> str | None:
        code = info.data.get("language")
        if value is None or code is None:
            return value  # with a wrong language, that is what is reported
        if not language(code).says_ai(value):
            raise ValueError("the disclosure must say that an artificial intelligence speaks")
        company = info.data.get("company", "")
        if company.lower() not in value.lower():
            raise ValueError(f"the disclosure must say for whom it speaks: {company}")
        return value

    @field_validator("recording")
    @classmethod
    def _told(cls, value: bool, info: ValidationInfo) -> bool:
        code = info.data.get("language")
        for name in ("disclosure", "short_disclosure"):
            spoken = info.data.get(name)
            if value and spoken and code and not language(code).says_recorded(spoken):
                raise ValueError(f"recording is true, so the {name} must say that it is recorded")
        return value

    @field_validator("opt_out_key")
    @classmethod
    def _announced(cls, value: bool, info: ValidationInfo) -> bool:
        spoken = (info.data.get(key) for key in ("disclosure", "greeting", "outbound_greeting"))
        if value and not any(re.search(r"\b9\b", text) for text in spoken if text):
            raise ValueError("opt_out_key is true, so the disclosure or a greeting must name key 9")
        return value

    @field_validator("questions")
    @classmethod
    def _told_apart(cls, value: tuple[Question, ...]) -> tuple[Question, ...]:
        ids = [question.id for question in value]
        for each in ids:
            if ids.count(each) > 1:
                raise ValueError(f"two questions have the same id: {each}")
        return value

    @property
    def terms(self) -> tuple[str, ...]:
        """Names that a caller may say and a recogniser does not know by itself."""
        return (self.company, self.agent, *self.names)

    @property
    def required_questions(self) -> tuple[str, ...]:
        """Ids of the questions whose answers make a caller qualified."""
        return tuple(question.id for question in self.questions if question.required)

    def greeting_for(self, direction: Direction) -> str:
        """The line after the disclosure: someone whom we call has asked nothing yet."""
        if direction is Direction.OUTBOUND and self.outbound_greeting is not None:
            return self.outbound_greeting
        return self.greeting

    def spoken_ahead(self) -> tuple[str, ...]:
        """Every line that code speaks word for word: rendered before it is needed."""
        spoken = self.lines
        return (
            self.disclosure,
            *((self.short_disclosure,) if self.short_disclosure else ()),
            self.greeting,
            *((self.outbound_greeting,) if self.outbound_greeting else ()),
            *spoken.still_there,
            spoken.silence_goodbye,
            spoken.goodbye,
            spoken.opted_out,
            spoken.opted_out_hidden,
            spoken.ask_opt_out,
            spoken.i_am_ai,
            spoken.who_we_are,
            spoken.transferring,
            spoken.no_person,
            spoken.still_here,
            spoken.recording_stopped,
            spoken.cannot_promise,
            spoken.say_again,
            spoken.technical_goodbye,
            spoken.time_is_up,
        )


def opening_range(text: str) -> tuple[time, time]:
    """'09:00-12:30' as two times. ValueError if it is not written so."""
    match = _HOURS.fullmatch(text)
    if match is not None:
        h1, m1, h2, m2 = map(int, match.groups())
        with suppress(ValueError):
            return time(h1, m1), time(h2, m2)
    raise ValueError(f"opening hours {text!r}: write them like 09:00-12:30")
