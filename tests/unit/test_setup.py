"""`scripts/setup` says what it found, does nothing twice, and never takes a half for a whole."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.settings import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup", tmp_path / "scripts")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.lock").write_text("rich==15.0.0 --hash=sha256:00\n")
    return tmp_path


def set_up(checkout: Path, python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["env", f"PYTHON={python}", "bash", "scripts/setup"],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def with_environment(checkout: Path) -> Path:
    """A `.venv` without pip, so that nothing can be installed into it by this test."""
    venv = checkout / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, timeout=60)
    return venv


def test_a_python_that_is_too_old_is_named_with_its_version(checkout: Path) -> None:
    old = checkout / "oldpython"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    ran = set_up(checkout, str(old))
    assert ran.returncode == 2
    assert f"Python 3.11 to 3.14 is needed, found {old} (Python 3.9.2); " in ran.stderr
    assert not (checkout / ".venv").exists()


def test_no_python_at_all_is_said_so(checkout: Path) -> None:
    ran = set_up(checkout, "no-such-python")
    assert ran.returncode == 2
    assert "found none; " in ran.stderr


def test_nothing_is_done_when_the_lock_is_the_one_installed(checkout: Path) -> None:
    shutil.copy(
        checkout / "requirements" / "dev.lock", with_environment(checkout) / "installed.lock"
    )
    ran = set_up(checkout, sys.executable)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_failed_installation_is_tried_again_the_next_time(checkout: Path) -> None:
    venv = with_environment(checkout)
    (venv / "installed.lock").write_text("rich==14.0.0 --hash=sha256:00\n")
    for _ in range(2):
        ran = set_up(checkout, sys.executable)
        assert ran.returncode == 1
        assert "error: pip could not install requirements/dev.lock" in ran.stderr
        assert not (venv / "installed.lock").exists()
