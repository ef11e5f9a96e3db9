"""The locks hold what pyproject.toml asks for, and the check notices when they do not."""

import shutil
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from scripts.check_locks import KNOWN_BAD, ROOT, Pin, check, problems_of, read_lock


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_locks_of_this_checkout_are_fresh() -> None:
    assert check(ROOT) == []


def test_a_new_dependency_without_a_new_lock_is_noticed(checkout: Path) -> None:
    pyproject = checkout / "pyproject.toml"
    pyproject.write_text(
        pyproject.read_text().replace("dependencies = [", 'dependencies = [\n "never-locked~=1.0",')
    )
    assert {
        "requirements/prod.lock: never-locked of pyproject.toml is missing",
        "requirements/dev.lock: never-locked of pyproject.toml is missing",
    } <= set(check(checkout))


def test_a_version_that_pyproject_no_longer_allows_is_noticed() -> None:
    pins = [Pin("asyncpg", "0.32.0", 2)]
    assert list(problems_of(pins, [Requirement("asyncpg~=0.33")])) == [
        "asyncpg==0.32.0 is not ~=0.33 as in pyproject.toml"
    ]


@pytest.mark.parametrize(("name", "version"), sorted(KNOWN_BAD))
def test_a_known_bad_release_is_refused(name: str, version: str) -> None:
    (problem,) = problems_of([Pin(name, version, 3)], [])
    assert "known-bad" in problem


def test_a_pin_without_a_hash_is_refused() -> None:
    pins = read_lock(
        "rich==15.0.0 \\\n    --hash=sha256:aa\nstructlog==26.1.0 ; python_version > '3'\n"
    )
    assert list(problems_of(pins, [])) == ["structlog==26.1.0 has no hash"]


@pytest.mark.parametrize(
    "line", ["--index-url https://host.example/simple", "rich>=15", "-r x.txt"]
)
def test_a_lock_holds_pins_and_nothing_else(line: str, checkout: Path) -> None:
    with (checkout / "requirements" / "dev.lock").open("a") as lock:
        lock.write(line + "\n")
    assert f"requirements/dev.lock: not a pin: {line!r}" in check(checkout)


def test_what_ships_is_the_version_that_was_tested(checkout: Path) -> None:
    path = checkout / "requirements" / "prod.lock"
    pins = {pin.name: pin.version for pin in read_lock(path.read_text())}
    path.write_text(path.read_text().replace(f"rich=={pins['rich']}", "rich==15.0.99"))
    assert "requirements/prod.lock: rich==15.0.99 is not what dev.lock tests" in check(checkout)
