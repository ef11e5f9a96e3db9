"""`.env` as PowerShell, Notepad, Excel and copied commands leave it."""

from pathlib import Path

import pytest

from agent.edited_files.env_file import read_env
from agent.errors import FileError, SettingsError
from agent.settings import load_settings

WRITTEN = 'OPENAI_API_KEY="k1"\n\n# ours\nexport PLAYBOOK=mine # the file\nRINGING_SECONDS = 20\n'
MEANT = {"OPENAI_API_KEY": "k1", "PLAYBOOK": "mine", "RINGING_SECONDS": "20"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_it_is_read_as_any_shell_saves_it(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / ".env"
    path.write_bytes(WRITTEN.replace("\n", end).encode(encoding))
    assert read_env(path) == MEANT
    assert load_settings(environ={}, env_file=path).ringing_seconds == 20


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b'A=1\n$env:OPENAI_API_KEY = "k"\n', 2, "a command of a Windows shell"),
        (b"\n\nset A=1\n", 3, "a command of a Windows shell"),
        (b"setx A 1\n", 1, "a command of a Windows shell"),
        (b"A=1\nB: 2\n", 2, "no NAME=value"),
        (b"A=1\nOPENAI_API_KEY\n", 2, "no NAME=value"),
        (b'A=1\nB="2\nC=3\n', 2, "a quote is opened and not closed"),
        ("A=1\nB=“k”\n".encode(), 2, "the quotes are a word processor's"),
        ("A=1\nB=“k\n".encode(), 2, "the quotes are a word processor's"),
        (b"1A=1\n", 1, "'1A' is no name of a variable"),
        (b"A=1\nB=caf\xe9\n", 2, "byte 0xE9 is not UTF-8"),
        (b"A=1\nB=\x00\n", 2, "NUL byte"),
        (b"PK\x03\x04", 1, "a workbook"),
    ],
    ids=range(12),
)
def test_what_cannot_be_read_is_one_line_of_every_command(
    tmp_path: Path, data: bytes, line: int, says: str
) -> None:
    path = tmp_path / ".env"
    path.write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={}, env_file=path)
    assert str(caught.value).startswith(f".env:{line}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_docker_made_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(FileError, match=r"\.env:1: is a folder"):
        read_env(tmp_path / ".env")
    assert read_env(tmp_path / "none") == {}
