"""Bytes of files that people edit: understood where it is certain, else one line with a remedy."""

import os
from pathlib import Path

import pytest

from agent.edited_files.text import decode, read_text
from agent.errors import FileError, PlaybookError

WRITTEN = 'company: Énergie\nprice: "6 900 €"\n'


@pytest.mark.parametrize(
    "data",
    [
        WRITTEN.encode(),
        WRITTEN.encode("utf-8-sig"),
        WRITTEN.encode("utf-16"),
        b"\xfe\xff" + WRITTEN.encode("utf-16-be"),
        WRITTEN.encode("utf-16-le"),
        WRITTEN.encode("utf-16-be"),
        WRITTEN.encode("utf-32"),
        WRITTEN.replace("\n", "\r\n").encode(),
        WRITTEN.replace("\n", "\r").encode(),
        WRITTEN.replace("\n", "\r\n").encode("utf-16"),
    ],
    ids=range(10),
)
def test_whatever_an_editor_saved_the_text_is_the_same(data: bytes) -> None:
    assert decode(data, "notes.yaml") == WRITTEN


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"a: 1\nb: caf\xe9\n", 2, "byte 0xE9 is not UTF-8 (in Windows-1252 it would be 'é')"),
        (b"a: 1\r\n\r\nb: \x81\xe9\r\n", 3, "byte 0x81 is not UTF-8; save it as UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "holds a NUL byte"),
        # `echo B=2 >> .env` in PowerShell, onto a file in UTF-8.
        (b"A=1\n" + "B=2\r\n".encode("utf-16-le"), 1, "half UTF-16 and half UTF-8"),
        ("A=1\n".encode("utf-16") + b"B=2\nC=3\n", 2, "half UTF-16 and half UTF-8"),
        (b"A=1\n# ours, in UTF-8\n" + "B=2\r\n".encode("utf-16-le"), 3, "holds a NUL byte"),
        ("a: é\n".encode("utf-16") + b"\x00", 2, "broken UTF-16"),
        (b"PK\x03\x04....", 1, "a workbook, a document or an archive"),
        (b"\xd0\xcf\x11\xe0....", 1, "an old Office file"),
        (b"%PDF-1.7", 1, "a PDF"),
        (b"{\\rtf1\\ansi", 1, "rich text"),
    ],
    ids=range(11),
)
def test_what_is_no_text_is_one_line_with_its_place(data: bytes, line: int, says: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        decode(data, "prompts/mine.md", error=PlaybookError)
    assert str(caught.value).startswith(f"prompts/mine.md:{line}: ")
    assert says in str(caught.value)
    assert caught.value.fix


def test_only_a_table_may_be_in_windows_1252() -> None:
    assert decode("naam;€\r\nRené;1".encode("cp1252"), "list.csv", table=True) == "naam;€\nRené;1"
    with pytest.raises(FileError, match=r"list\.csv:1: byte 0x80"):
        decode("naam;€".encode("cp1252"), "list.csv")
    with pytest.raises(FileError, match="0x81"):
        decode(b"\x81;\xe9", "list.csv", table=True)


def test_what_is_no_file_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file; take it from git"):
        read_text(tmp_path / "no.md", missing="take it from git")
    with pytest.raises(FileError, match="is a folder, not a file"):
        read_text(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="no ordinary file"):
        read_text(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"a" * 11)
    with pytest.raises(FileError, match="has 11 bytes, 10 are read"):
        read_text(tmp_path / "large", max_bytes=10)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(FileError, match="cannot be read"):
        read_text(tmp_path / "loop")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_somebody_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("a")
    (tmp_path / "theirs").chmod(0)
    with pytest.raises(FileError, match="may not be read by this user"):
        read_text(tmp_path / "theirs")
