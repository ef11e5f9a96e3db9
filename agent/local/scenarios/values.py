"""The values that scenario files are written with."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, StringConstraints(min_length=1), AfterValidator(_compiles)]
"""A regular expression, searched anywhere in what was recognised, in any case."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
Line = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Seconds = Annotated[float, Field(gt=0, le=300)]
Value = str | bool | int | float


class ScenarioModel(BaseModel):
    """A piece of a scenario: frozen, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
