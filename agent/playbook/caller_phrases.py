"""Reading the word lists of prompts/caller_phrases/, with errors that name file, line and fix."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from agent.domain.lexicon import Entry, Lexicon, entries
from agent.domain.word_classes import WordClass
from agent.edited_files.text import read_text
from agent.edited_files.yaml_file import read_yaml
from agent.errors import PlaybookError

_FIX = "write every class once, as name: >- and its entries parted by commas"


def load_lexicon(path: Path) -> Lexicon:
    """The words of one language; the file is named after it.

    Raises PlaybookError naming the file, the line and the fix.
    """
    shown = f"{path.parent.name}/{path.name}"
    text = read_text(path, shown, missing="add a file for each language", error=PlaybookError)
    written = read_yaml(text, shown, error=PlaybookError)
    try:
        lists = _LISTS.validate_python(written.values)
    except ValidationError as error:
        where = error.errors()[0]["loc"][:1]
        name = str(where[0]) if where else "the file"
        problem = f"{name} is not a list of words, or no class at all"
        raise PlaybookError(shown, written.line_of(where), problem, _FIX) from None
    for kind in WordClass:
        if kind not in lists:
            raise PlaybookError(shown, 1, f"has no list '{kind}'", _FIX)
    read: list[Entry] = []
    for kind, words in lists.items():
        for entry in filter(None, (part.strip() for part in words.split(","))):
            try:
                read += entries(kind, entry)
            except ValueError as error:
                problem = f"{kind}: {entry!r} is {error}"
                line = written.line_of((kind.value,))
                raise PlaybookError(shown, line, problem, "correct the entry") from None
    return Lexicon(path.stem, tuple(dict.fromkeys(read)))


def load_lexicons(prompts_dir: Path) -> tuple[Lexicon, ...]:
    """Every language under prompts/caller_phrases/: callers mix them. Raises PlaybookError."""
    found = tuple(load_lexicon(path) for path in sorted(prompts_dir.glob("caller_phrases/*.yaml")))
    if not found:
        raise PlaybookError(
            "caller_phrases", 1, "has no word lists", "add a file for each language"
        )
    return found


_LISTS = TypeAdapter(dict[WordClass, str])
