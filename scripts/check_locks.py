"""Do requirements/*.lock still say what pyproject.toml asks for? Needs no network."""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

KNOWN_BAD = frozenset({("telnyx", "4.87.1"), ("telnyx", "4.87.2")})
"""Releases that must never be installed: credential stealers on the index in March 2026."""

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)(?P<rest>.*)$")


@dataclass(frozen=True, slots=True)
class Pin:
    """One `name==version` of a lock; a name can have several, for different Pythons."""

    name: str
    version: str
    hashes: int


def read_lock(text: str) -> list[Pin]:
    """The pins of a lock file, in its order. Raises ValueError on a line of any other kind."""
    pins: list[Pin] = []
    for line in _logical_lines(text):
        found = _PIN.match(line)
        if found is None:
            raise ValueError(f"not a pin: {line[:60]!r}")
        name = canonicalize_name(found["name"])
        pins.append(Pin(name, found["version"], found["rest"].count("--hash=sha256:")))
    return pins


def problems_of(pins: list[Pin], wanted: list[Requirement]) -> Iterator[str]:
    """What is wrong with a lock that should satisfy `wanted`, one sentence each."""
    for pin in pins:
        if not pin.hashes:
            yield f"{pin.name}=={pin.version} has no hash"
        if (pin.name, pin.version) in KNOWN_BAD:
            yield f"{pin.name}=={pin.version} is a known-bad release: never install it"
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        versions = [pin.version for pin in pins if pin.name == name]
        if not versions:
            yield f"{name} of pyproject.toml is missing"
        for version in versions:
            if not requirement.specifier.contains(version, prereleases=True):
                yield f"{name}=={version} is not {requirement.specifier} as in pyproject.toml"


def requirements_of(pyproject: str, *extras: str) -> list[Requirement]:
    """The project's dependencies and those of `extras`, from the text of pyproject.toml."""
    project = tomllib.loads(pyproject)["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def check(root: Path) -> list[str]:
    """Every problem of the locks under `root`, with the file's name first."""
    pyproject = (root / "pyproject.toml").read_text()
    found: list[str] = []
    locked: dict[str, list[Pin]] = {}
    for name, extras in (("prod.lock", ()), ("dev.lock", ("local", "dev"))):
        try:
            locked[name] = read_lock((root / "requirements" / name).read_text())
        except (OSError, ValueError) as error:
            found.append(f"requirements/{name}: {error}")
            continue
        wanted = requirements_of(pyproject, *extras)
        found += [f"requirements/{name}: {line}" for line in problems_of(locked[name], wanted)]
    if len(locked) == 2:
        developed = {(pin.name, pin.version) for pin in locked["dev.lock"]}
        found += [
            f"requirements/prod.lock: {pin.name}=={pin.version} is not what dev.lock tests"
            for pin in locked["prod.lock"]
            if (pin.name, pin.version) not in developed
        ]
    return found


def main() -> int:
    """Print the problems; 1 if there are any."""
    found = check(ROOT)
    for line in found:
        print(line)
    if found:
        print("write the locks anew: make lock")
    return 1 if found else 0


def _logical_lines(text: str) -> Iterator[str]:
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield stripped


if __name__ == "__main__":
    sys.exit(main())
