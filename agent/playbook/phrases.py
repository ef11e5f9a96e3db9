"""Reading the phrase lists of prompts/phrases/, with errors that name file, line and fix."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from agent.domain.phrases import Phrase, Phrases, backchannels, phrase
from agent.errors import PlaybookError


def load_phrases(path: Path) -> Phrases:
    """The phrases of one language; the file is named after it.

    Raises PlaybookError naming the file, the line and the fix.
    """
    shown = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lists = _Lists.model_validate(yaml.safe_load(text))
    except OSError as error:
        raise PlaybookError(
            shown, 1, f"cannot be read ({error.strerror})", "add a file for each language"
        ) from None
    except UnicodeDecodeError:
        raise PlaybookError(shown, 1, "is not UTF-8 text", "save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = f"not valid YAML ({error.problem})"
        raise PlaybookError(shown, line, problem, 'write one phrase a line, as - "…"') from None
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(str(part) for part in first["loc"]) or "the file"
        problem = f"{where}: {first['msg'].removeprefix('Value error, ')}"
        line = _line(node, first["loc"])
        raise PlaybookError(shown, line, problem, 'write lists of phrases as - "…"') from None
    return Phrases(
        language=path.stem,
        opt_out=_read(lists.opt_out),
        not_opt_out=_read(lists.not_opt_out),
        other_channel=_read(lists.other_channel),
        negation=frozenset(lists.negation),
        robot=_read(lists.robot),
        not_robot=_read(lists.not_robot),
        backchannel=backchannels(lists.backchannel),
        goodbye=_read(lists.goodbye),
    )


def load_all_phrases(prompts_dir: Path) -> dict[str, Phrases]:
    """Every language under prompts/phrases/, by its two-letter code. Raises PlaybookError."""
    return {path.stem: load_phrases(path) for path in sorted(prompts_dir.glob("phrases/*.yaml"))}


class _Lists(BaseModel):
    """A phrase file as written."""

    model_config = ConfigDict(extra="forbid", strict=True)

    opt_out: list[str]
    not_opt_out: list[str]
    other_channel: list[str]
    negation: list[str]
    robot: list[str]
    not_robot: list[str]
    backchannel: list[str]
    goodbye: list[str]

    @field_validator("*")
    @classmethod
    def _readable(cls, texts: list[str]) -> list[str]:
        for text in texts:
            try:
                phrase(text)
            except ValueError as error:
                raise ValueError(f"{text!r} is {error}") from None
        return texts


def _read(texts: list[str]) -> tuple[Phrase, ...]:
    return tuple(phrase(text) for text in texts)


def _line(node: yaml.Node | None, where: tuple[int | str, ...]) -> int:
    """The line of the file on which the value at `where` stands, counted from 1."""
    for part in where:
        if isinstance(node, yaml.MappingNode):
            found = [value for key, value in node.value if key.value == part]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            found = node.value[part : part + 1]
        else:
            break
        if not found:
            break
        node = found[0]
    return node.start_mark.line + 1 if node is not None else 1
