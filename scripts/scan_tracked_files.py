"""Secrets and package registries' hosts in tracked files, as `file:line: what`; 1 if there are any.

The hosts are asked of the clients on this machine (pip, uv, npm, go) when this runs: written down
here, they would be what it looks for.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_SECRETS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")),
    ("an OpenAI-style key", re.compile(r"\bsk-[A-Za-z0-9_-]{20,}")),
    ("a Telnyx key", re.compile(r"\bKEY0[0-9A-Za-z]{20,}")),
    ("a cloud access key", re.compile(r"\bAKIA[0-9A-Z]{16}\b")),
    ("a forge token", re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{30,}|glpat-[A-Za-z0-9_-]{20,})")),
    ("a signed token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[\w-]{10,}")),
    (
        "a password in a URL",
        re.compile(r"\b[a-z][a-z0-9+]*://[^\s:/@\"']+:(?P<value>[^\s@/\"']+)@"),
    ),
    (
        "a value given to a secret's name",
        re.compile(
            r"(?i)(password|passwd|secret|token|api_?key)[\"']?\s*[:=]\s*"
            r"(?P<quote>[\"'])(?P<value>[^\"'\s]{6,})(?P=quote)"
        ),
    ),
    (
        "a value given to a secret's variable",
        re.compile(
            r"^\s*(export\s+)?[A-Z_]*(PASSWORD|SECRET|TOKEN|API_KEY)=(?P<value>[^\"'\s]{6,})\s*$"
        ),
    ),
)
"""Kinds of secrets that this project handles, and the usual ones. `value` may be a placeholder."""

_PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|your[_-]|changeme|[$<{%]|^(local|dev|test|demo)[_-]|^password$"
    r"|^\.\.\.|^(.)\2*$"
)

_HOST = re.compile(r"(?i)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_URL_HOST = re.compile(r"(?i)https?://(?:[^@/\s'\"]*@)?([^/:\s'\",|]+)")
_CLIENT_VARIABLE = re.compile(
    r"(?i)(UV|PIP|POETRY|PDM|NPM_CONFIG|GO)\w*(INDEX|REGISTRY|PROXY|SUMDB)"
)
_UV_SETTINGS = (Path("/etc/uv/uv.toml"), Path("~/.config/uv/uv.toml").expanduser())


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be in a tracked file. It does not hold the text that was found."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def scan(root: Path, hosts: Iterable[str]) -> list[Finding]:
    """Findings in the files that git tracks under `root`, in the order of path and line."""
    registry = _any_of(hosts)
    found: list[Finding] = []
    for path in tracked_files(root):
        text = _text_of(root / path)
        if text is not None:
            found += scan_text(path, text, registry)
    return found


def scan_text(path: str, text: str, registry: re.Pattern[str] | None) -> Iterator[Finding]:
    """Findings in one file's text; `registry` matches the hosts that must not be named."""
    for number, line in enumerate(text.splitlines(), start=1):
        if registry is not None and registry.search(line):
            yield Finding(path, number, "names a package registry's host")
        for what, pattern in _SECRETS:
            if any(_is_real(found) for found in pattern.finditer(line)):
                yield Finding(path, number, f"looks like {what}")


def tracked_files(root: Path) -> list[str]:
    """What git tracks under `root`, relative to it. Raises OSError if it is no repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if listed.returncode:
        raise OSError(f"git ls-files failed: {listed.stderr.decode(errors='replace').strip()}")
    return sorted(filter(None, listed.stdout.decode().split("\0")))


def registry_hosts() -> frozenset[str]:
    """Hosts that this machine's package clients would ask, by their defaults and their settings."""
    from agent.settings import read_environment

    netlocs = "from pip._internal.models.index import PyPI as p, TestPyPI as t\n"
    netlocs += "print(p.netloc, p.file_storage_domain, t.netloc, t.file_storage_domain)"
    bare = [
        _output(sys.executable, "-c", netlocs),
        _output("go", "env", "GOPROXY", "GOSUMDB"),
    ]
    settings = [
        _output(sys.executable, "-m", "pip", "config", "list"),
        _output("npm", "config", "get", "registry"),
        *(_text_of(path) or "" for path in _UV_SETTINGS),
        *(
            value
            for name, value in read_environment(env_file=None).items()
            if _CLIENT_VARIABLE.match(name)
        ),
    ]
    words = [word for text in bare for word in re.split(r"[\s,|]+", text)]
    hosts = {host.lower() for text in settings + words for host in _URL_HOST.findall(text)}
    hosts |= {word.lower() for word in words}
    return frozenset(host for host in hosts if _HOST.fullmatch(host))


def main() -> int:
    """Scan this checkout and print what was found; 2 if no client could name a registry."""
    hosts = registry_hosts()
    if not hosts:
        print("no package client named its registry: pip is missing from this environment")
        return 2
    found = scan(ROOT, hosts)
    for finding in found:
        print(finding)
    return 1 if found else 0


def _any_of(hosts: Iterable[str]) -> re.Pattern[str] | None:
    names = sorted(hosts)
    if not names:
        return None
    return re.compile(rf"(?i)(?<![\w-])(?:{'|'.join(re.escape(name) for name in names)})(?![\w-])")


def _is_real(found: re.Match[str]) -> bool:
    """False for a placeholder. Patterns without a `value` have no placeholders."""
    value = found.groupdict().get("value")
    return value is None or not _PLACEHOLDER.search(value)


def _text_of(path: Path) -> str | None:
    """The file's text; None if it is not there, not a file of its own, or binary."""
    if path.is_symlink() or not path.is_file():
        return None
    content = path.read_bytes()
    return None if b"\0" in content[:8192] else content.decode(errors="replace")


def _output(*command: str) -> str:
    """What a client prints; empty if it is not installed, refuses, or hangs."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout if ran.returncode == 0 else ""


if __name__ == "__main__":
    sys.exit(main())
