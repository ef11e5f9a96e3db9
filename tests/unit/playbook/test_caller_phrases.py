"""Word lists of prompts/caller_phrases/: all read at once, mistakes named by file and line."""

from pathlib import Path

import pytest

from agent.domain.lexicon import entries
from agent.domain.word_classes import WordClass
from agent.errors import PlaybookError
from agent.playbook.caller_phrases import load_lexicon, load_lexicons
from agent.settings import ROOT

ENGLISH = ROOT / "prompts" / "caller_phrases" / "en.yaml"


def test_every_language_is_read_whatever_the_playbook_speaks() -> None:
    assert {lexicon.language for lexicon in load_lexicons(ROOT / "prompts")} >= {
        *("en", "fr", "nl", "de")
    }


def test_a_folder_without_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="no word lists"):
        load_lexicons(tmp_path)


@pytest.mark.parametrize("text", ["", "[stop|]", "stop [calling", "~ call", "call ~"])
def test_an_entry_that_would_be_found_everywhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"entry|bracket"):
        list(entries(WordClass.STOP, text))


def test_an_entry_may_hold_alternatives_gaps_and_stems() -> None:
    read = [entry.parts for entry in entries(WordClass.REMOVE, "[take|get] [me|] ~ off* it")]
    assert read == [
        ("take", "me", "~", "off*", "it"),
        ("take", "~", "off*", "it"),
        ("get", "me", "~", "off*", "it"),
        ("get", "~", "off*", "it"),
    ]


def test_a_broken_list_names_file_line_and_fix(tmp_path: Path) -> None:
    path = tmp_path / "en.yaml"
    good = ENGLISH.read_text(encoding="utf-8")
    line = good[: good.index("\nstop: >-")].count("\n") + 2

    path.write_text(good.replace("\nstop: >-\n", "\nstop: >-\n  [call,\n"))
    with pytest.raises(PlaybookError, match=rf"en\.yaml:{line}: stop: '\[call'.*correct"):
        load_lexicon(path)
    path.write_text(good.replace("\nstop: >-\n", "\nstopp: >-\n"))
    with pytest.raises(PlaybookError, match=rf"en\.yaml:{line}: stopp is not"):
        load_lexicon(path)
    begin, end = good.index("\nstop: >-"), good.index("\nforbid: >-")
    path.write_text(good[:begin] + good[end:])
    with pytest.raises(PlaybookError, match="has no list 'stop'"):
        load_lexicon(path)
    path.write_text("stop: [")
    with pytest.raises(PlaybookError, match="not valid YAML"):
        load_lexicon(path)
    with pytest.raises(PlaybookError, match="there is no such file; add a file for each language"):
        load_lexicon(tmp_path / "xx.yaml")
