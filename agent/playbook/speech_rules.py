"""Reading prompts/speech_rules/<language>.yaml, and what a playbook allows."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from text_to_num import alpha2digit

from agent.domain.languages import language
from agent.domain.money_talk import amounts_stated
from agent.domain.promises import Claim, claims
from agent.domain.speech_rules import (
    Allowance,
    Amount,
    Grammar,
    Money,
    Person,
    Promises,
    SpeechRules,
    Tongue,
)
from agent.domain.spoken_patterns import Patterns, plain
from agent.edited_files.text import read_text
from agent.edited_files.yaml_file import read_yaml
from agent.errors import PlaybookError
from agent.playbook.instructions import read_prompt
from agent.playbook.model import Playbook

S = TypeVar("S", Grammar, Money, Promises, Person)
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's where it is there, ten times as fast: every job process reads these files."""
_SENTENCE = re.compile(r"(?<=[.!?…])[\"')\]*]*\s+|\n\s*\n|\n(?=[-*] )")
_MARKUP = re.compile(r"[*_`#]+|^\s*[-*] ", re.MULTILINE)


def load_speech_rules(prompts_dir: Path, *texts: Playbook) -> SpeechRules:
    """What sentences of a call with this playbook are checked against, in every language.

    `texts` are the playbook in one or several languages: what it says in one of them may be said
    in all. Raises PlaybookError, also where one of them has no rules.
    """
    folder = prompts_dir / "speech_rules"
    tongues = {path.stem: load_tongue(path) for path in sorted(folder.glob("*.yaml"))}
    for text in texts:
        if text.language not in tongues:
            tongues[text.language] = load_tongue(folder / f"{text.language}.yaml")
    _compare_kinds(folder, list(tongues.values()))
    known = frozenset[str]().union(*(tongue.common for tongue in tongues.values()))
    return SpeechRules(
        tongues=tuple(tongues.values()),
        foreign=_foreign(folder) - known,
        allowed=_together([_allowance(text, tongues[text.language]) for text in texts]),
        say_again=read_prompt(prompts_dir / "say_again.md", "sentence", "reason"),
    )


def load_tongue(path: Path) -> Tongue:
    """The word lists of one language; the file is named after it. Raises PlaybookError."""
    shown = f"{path.parent.name}/{path.name}"
    text = read_text(path, shown, missing="restore the file", error=PlaybookError)
    try:
        # Everything is text to this loader: to others the word "no" is a falsehood.
        read = _File.model_validate(yaml.load(text, Loader=_Loader))  # noqa: S506 (makes text only)
        contractions = {
            short.replace("\u2019", "'"): long for short, long in read.contractions.items()
        }
        return Tongue(
            language=path.stem,
            common=frozenset(plain(" ".join(read.common), {}).split()),
            contractions=contractions,
            digits=_digits(language(path.stem).number_words, read.rewrites),
            grammar=_section(Grammar, read.grammar, contractions),
            money=_section(Money, read.money, contractions),
            promises=_section(Promises, read.promises, contractions),
            person=_section(Person, read.person, contractions),
        )
    except yaml.YAMLError:
        read_yaml(text, shown, error=PlaybookError)  # says what is wrong, and where
        raise
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        line = read_yaml(text, shown, error=PlaybookError).line_of(problem["loc"])
        raise PlaybookError(shown, line, f"'{where}': {message}", "see en.yaml") from None
    except (ValueError, re.error) as error:
        raise PlaybookError(shown, 1, str(error), "see en.yaml") from None


def _foreign(folder: Path) -> frozenset[str]:
    """The words of foreign.txt; lines with # are remarks."""
    path = folder / "foreign.txt"
    shown = f"{folder.name}/{path.name}"
    lines = read_text(path, shown, missing="restore the file", error=PlaybookError).splitlines()
    return frozenset(
        word for line in lines if not line.startswith("#") for word in plain(line, {}).split()
    )


def sentences_of(text: str) -> list[str]:
    """The sentences of a playbook's text, without its markup."""
    pieces = (_MARKUP.sub("", piece) for piece in _SENTENCE.split(text))
    return [" ".join(piece.split()) for piece in pieces if piece.strip()]


class _File(BaseModel):
    """A file as written. The sections' keys are the fields of their classes in the domain."""

    model_config = ConfigDict(extra="forbid")

    common: tuple[str, ...]
    contractions: dict[str, str] = {}
    rewrites: dict[str, str] = {}
    """Regular expressions for number words that the library does not read, and in other words."""
    grammar: dict[str, tuple[str, ...]]
    money: dict[str, tuple[str, ...]]
    promises: dict[str, tuple[str, ...] | dict[str, tuple[str, ...]]]
    person: dict[str, tuple[str, ...]]


def _section(
    of: type[S],
    written: Mapping[str, tuple[str, ...] | dict[str, tuple[str, ...]]],
    contractions: dict[str, str],
) -> S:
    """The patterns of a section, a list or lists by kind for each field. Raises ValueError."""
    known = {field.name: field.type is Patterns for field in fields(of)}
    if unknown := written.keys() - known.keys():
        raise ValueError(f"unknown key '{min(unknown)}' in '{of.__name__.lower()}'")
    values: dict[str, Any] = {}
    for name, is_list in known.items():
        lists = written.get(name)
        if lists is None or isinstance(lists, dict) is is_list:
            raise ValueError(f"'{of.__name__.lower()}.{name}' is missing or written another way")
        values[name] = (
            {key: Patterns(each, contractions) for key, each in lists.items()}
            if isinstance(lists, dict)
            else Patterns(lists, contractions)
        )
    return of(**values)


def _digits(code: str, rewrites: dict[str, str]) -> Callable[[str], str]:
    expressions = [(re.compile(find, re.IGNORECASE), said) for find, said in rewrites.items()]
    # Its own threshold leaves numbers up to three in words: "two euros" is a price too.
    to_digits: Callable[[str], str] = partial(alpha2digit, lang=code, threshold=0)

    def digits(text: str) -> str:
        for expression, said in expressions:
            text = expression.sub(said, text)
        return to_digits(text)

    return digits


def _compare_kinds(folder: Path, tongues: Sequence[Tongue]) -> None:
    """Kinds of promise and things have the same keys in every language: that is how what a playbook
    says in one of them may be said in another."""
    first, *others = tongues
    for other in others:
        for name in ("things", "benefits"):
            expected = set(getattr(first.promises, name))
            different = expected ^ set(getattr(other.promises, name))
            if different:
                raise PlaybookError(
                    f"{folder.name}/{other.language}.yaml",
                    1,
                    f"promises.{name} has other keys than {first.language}.yaml: "
                    f"{', '.join(sorted(different))}",
                    "give every language the same keys",
                )


def _allowance(playbook: Playbook, tongue: Tongue) -> Allowance:
    stated: set[Amount] = set()
    asked: set[Amount] = set()
    promised: set[Claim] = set()
    own: set[str] = set()
    for text in _said(playbook):
        for sentence in sentences_of(text):
            stated |= amounts_stated(sentence, tongue)
            promised |= claims(sentence, tongue)
            own.add(sentence)
    for question in playbook.questions:
        for text in (question.ask, *question.choices):
            asked |= amounts_stated(text, tongue)
            own |= set(sentences_of(text))
    own |= {sentence for limit in playbook.limits for sentence in sentences_of(limit)}
    return Allowance(
        stated=frozenset(stated),
        asked=frozenset(asked - stated),
        claims=frozenset(promised),
        sentences=frozenset(plain(sentence, {}).strip("¦ ") for sentence in own),
    )


def _together(allowances: Sequence[Allowance]) -> Allowance:
    stated = frozenset[Amount]().union(*(each.stated for each in allowances))
    return Allowance(
        stated=stated,
        asked=frozenset[Amount]().union(*(each.asked for each in allowances)) - stated,
        claims=frozenset[Claim]().union(*(each.claims for each in allowances)),
        sentences=frozenset[str]().union(*(each.sentences for each in allowances)),
    )


def _said(playbook: Playbook) -> Iterator[str]:
    yield playbook.body
    yield from (playbook.disclosure, playbook.short_disclosure or "")
    yield from (playbook.greeting, playbook.outbound_greeting or "")
    for line in playbook.lines.model_dump().values():
        yield from [line] if isinstance(line, str) else line
    if playbook.appointment is not None:
        yield playbook.appointment.name
    yield from (target.name for target in playbook.transfer)
