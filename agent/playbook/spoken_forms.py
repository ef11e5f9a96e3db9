"""Reading prompts/spoken_forms/<language>.yaml: how what is written in signs is said."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from agent.domain.languages import language
from agent.domain.spoken_forms import Clock, Currency, Forms, PhoneStyle
from agent.edited_files.text import read_text
from agent.edited_files.yaml_file import read_yaml
from agent.errors import PlaybookError


class _File(BaseModel):
    """A file as written."""

    model_config = ConfigDict(extra="forbid")

    numbers: str
    ordinal: str
    ordinal_after: dict[str, str] = {}
    one: str
    decimal: str
    minus: str
    plus: str
    percent: str
    per: str
    to: str
    currencies: dict[str, tuple[str, str, str, str]]
    currency_words: dict[str, str]
    units: dict[str, tuple[str, str]]
    signs: dict[str, str]
    corrections: dict[str, str] = {}
    address: dict[str, str]
    phone: PhoneStyle
    zero: str
    day_first: str
    day_ordinal: bool
    date: str
    day_of_month: str
    clock: Clock


def load_forms(prompts_dir: Path, code: str) -> Forms:
    """The spoken forms of a language. Raises PlaybookError naming file, line and fix."""
    path = prompts_dir / "spoken_forms" / f"{code}.yaml"
    shown = f"{prompts_dir.name}/spoken_forms/{path.name}"
    text = read_text(path, shown, missing="restore the file", error=PlaybookError)
    written = read_yaml(text, shown, error=PlaybookError)
    try:
        file = _FILE.validate_python(written.values)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        line = written.line_of(problem["loc"])
        raise PlaybookError(shown, line, f"'{where}': {problem['msg']}", "see en.yaml") from None
    values = {name: getattr(file, name) for name in _File.model_fields}
    values["currencies"] = {sign: Currency(*words) for sign, words in file.currencies.items()}
    return Forms(**values, months=language(code).months)


_FILE = TypeAdapter(_File)
