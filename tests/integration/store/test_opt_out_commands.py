"""`opt-outs` on the command line: a list of numbers from a file."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agent.cli import context, opt_outs
from agent.errors import CallError, FileError
from agent.settings import Settings, load_settings


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, dsn: str) -> "Run":
    return Run(monkeypatch, dsn)


class Run:
    """Runs a command against a database, for an installation with a French number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
        def settings() -> Settings:
            environ = {"DATABASE_URL": dsn, "PHONE_NUMBER": "+33478000000"}
            return load_settings(environ=environ, env_file=None)

        for module in (context, opt_outs):
            monkeypatch.setattr(module, "settings", settings)

    def __call__(self, *arguments: str) -> Result:
        result = CliRunner().invoke(opt_outs.app, arguments)
        if isinstance(result.exception, CallError):
            raise result.exception
        return result


def test_a_list_is_imported_with_our_own_country(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("Nom;Portable\nRené;04 78 12 34 56\nZoé;O478123456\n".encode("cp1252"))
    dry = run("import", str(path), "--dry-run")
    assert "1 number, nothing was added" in dry.stdout
    assert "line 2: +33478123456" in dry.stdout
    assert "+33" not in run().stdout
    ran = run("import", str(path))
    assert ran.exit_code == 1
    assert "column 'Portable': 2 rows" in ran.stdout
    assert "1 number, 1 of them new" in ran.stdout
    assert "line 3: 'O478123456': 'O' is a letter" in ran.stderr
    assert "+33478123456" in run().stdout
    assert "1 number, 0 of them new" in run("import", str(path), "--country", "fr").stdout


def test_a_list_that_is_not_understood_adds_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "crm.csv"
    path.write_text("Record ID,First Name\n27123456,Jan\n")
    with pytest.raises(FileError, match=r"crm\.csv:1: no heading is known"):
        run("import", str(path))
    with pytest.raises(FileError, match="there is no such file"):
        run("import", str(tmp_path / "none.csv"))
    assert "+33" not in run().stdout
