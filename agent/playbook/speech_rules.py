"""Reading prompts/speech_rules/<language>.yaml, and the amounts a playbook allows."""

from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from text_to_num import alpha2digit

from agent.domain.languages import language
from agent.domain.promises import SpeechRules, amounts_in
from agent.edited_files.text import read_text
from agent.edited_files.yaml_file import read_yaml
from agent.errors import PlaybookError
from agent.playbook.model import Playbook


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    promises: tuple[str, ...]
    refusing: tuple[str, ...]
    human_claims: tuple[str, ...]

    @field_validator("*")
    @classmethod
    def _comparable(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if word != word.lower():
                raise ValueError(f"write it in lower case: {word}")
        return words


def load_speech_rules(prompts_dir: Path, playbook: Playbook) -> SpeechRules:
    """What sentences of a call with this playbook are checked against. Raises PlaybookError."""
    path = prompts_dir / "speech_rules" / f"{playbook.language}.yaml"
    shown = f"{prompts_dir.name}/speech_rules/{path.name}"
    text = read_text(path, shown, missing="restore the file", error=PlaybookError)
    written = read_yaml(text, shown, error=PlaybookError)
    try:
        words = _File.model_validate(written.values)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        line = written.line_of(problem["loc"])
        raise PlaybookError(shown, line, f"'{where}': {message}", "see en.yaml") from None
    # Its own threshold leaves numbers up to three in words: "two euros" is a price too.
    digits = partial(alpha2digit, lang=language(playbook.language).number_words, threshold=0)
    return SpeechRules(
        allowed_amounts=amounts_in(playbook.body, digits),
        promise_words=words.promises,
        refusing_words=words.refusing,
        human_claims=words.human_claims,
        digits=digits,
    )
