"""A playbook's questions as a typed model: one field a question, checked before it is kept."""

import functools
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, create_model
from pydantic_core import PydanticCustomError

from agent.playbook.model import AnswerType, Question


@functools.cache
def answers_model(questions: tuple[Question, ...]) -> type[BaseModel]:
    """A model with one optional field a question; unknown fields are refused.

    Making it takes a tenth of a second, so job processes make it before a call comes.
    """
    fields: dict[str, Any] = {
        question.id: (
            _type(question) | None,
            Field(default=None, description=f"Answer to: {question.ask}"),
        )
        for question in questions
    }
    return create_model("Answers", __config__=ConfigDict(extra="forbid"), **fields)


def _type(question: Question) -> Any:
    match question.type:
        case AnswerType.YES_NO:
            return bool
        case AnswerType.NUMBER:
            return Annotated[
                float,
                Field(ge=question.min, le=question.max, allow_inf_nan=False),
                BeforeValidator(_no_bool),
            ]
        case AnswerType.CHOICE:
            return Literal[question.choices]
        case AnswerType.TEXT:
            return Annotated[
                str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)
            ]


def _no_bool(value: object) -> object:
    """A number told as "1200" is a number; a yes is not, though Python counts it as 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "Input should be a valid number")
    return value
