"""The scan finds what must not be committed, on a repository of its own, and only that."""

import subprocess
from pathlib import Path

import pytest

from scripts import scan_tracked_files
from scripts.scan_tracked_files import Finding, registry_hosts, scan

HOSTS = frozenset({"packages.example.org"})


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def track(repo: Path, name: str, text: str) -> None:
    path = repo / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    subprocess.run(["git", "add", "--force", name], cwd=repo, check=True)


def test_a_registry_host_is_reported_with_its_file_and_line(repo: Path) -> None:
    track(repo, "docs/install.md", "one\npip install -i https://packages.example.org/simple x\n")
    assert scan(repo, HOSTS) == [Finding("docs/install.md", 2, "names a package registry's host")]


def test_a_host_that_only_contains_a_registrys_name_is_not_one(repo: Path) -> None:
    track(repo, "a.txt", "my-packages.example.org\npackages-example-org\npackages.example.org-x\n")
    assert scan(repo, HOSTS) == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("-----BEGIN " + "RSA PRIVATE KEY-----", "a private key"),
        ("key: sk-" + "a1B2" * 8, "an OpenAI-style key"),
        ("KEY0" + "1A2B3C4D" * 4, "a Telnyx key"),
        ("AKIA" + "ABCD1234EFGH5678", "a cloud access key"),
        ("ghp_" + "a1B2c3" * 6, "a forge token"),
        (
            "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiJtZSIsIm4iOjF9." + "c2lnbmF0dXJl",
            "a signed token",
        ),
        ("DATABASE_URL=postgresql://bob:" + "hunter22@db/calls", "a password in a URL"),
        ('{"auth_password": ' + '"hunter22"}', "a value given to a secret's name"),
        ("TELNYX_SIP_" + "PASSWORD=hunter22", "a value given to a secret's variable"),
    ],
)
def test_every_kind_of_secret_is_found(repo: Path, line: str, what: str) -> None:
    track(repo, "config", f"# a comment\n{line}\n")
    assert Finding("config", 2, f"looks like {what}") in scan(repo, HOSTS)


@pytest.mark.parametrize(
    "line",
    [
        '"auth_password": "example-password"',
        '"auth_password": "${TELNYX_SIP_PASSWORD}"',
        "TELNYX_API_KEY=",
        "LIVEKIT_API_SECRET=your_livekit_api_secret",
        'API_KEY = "local-key"',
        "postgresql://user:password@host:5432/database",
        "POSTGRES_PASSWORD=xxxxxxxx",
        "postgresql://agent:${POSTGRES_PASSWORD}@postgres/calls",
        "livekit_api_secret: str | None = None",
        "secret = settings.livekit_api_secret",
    ],
)
def test_a_placeholder_is_no_secret(repo: Path, line: str) -> None:
    track(repo, "config", line + "\n")
    assert scan(repo, HOSTS) == []


def test_untracked_binary_and_vanished_files_are_left_alone(repo: Path) -> None:
    (repo / "untracked.txt").write_text("packages.example.org")
    track(repo, "gone.txt", "packages.example.org")
    (repo / "gone.txt").unlink()
    track(repo, "voice.wav", "RIFF\0packages.example.org")
    assert scan(repo, HOSTS) == []


def test_a_finding_does_not_repeat_the_secret(repo: Path) -> None:
    secret = "sk-" + "z9Y8" * 8
    track(repo, "config", secret)
    assert secret not in "".join(map(str, scan(repo, HOSTS)))


def test_a_folder_without_git_is_an_error_not_a_clean_result(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="git ls-files failed"):
        scan(tmp_path, HOSTS)


def test_the_hosts_come_from_the_clients_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:example@mirror.example.net:8443/simple")
    hosts = registry_hosts()
    assert "mirror.example.net" in hosts
    assert len(hosts) > 1, "pip's own defaults are missing"
    assert not any(host.startswith(("global.", "localhost")) for host in hosts)


def test_the_program_exits_1_and_prints_what_it_found(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scan_tracked_files, "ROOT", repo)
    monkeypatch.setattr(scan_tracked_files, "registry_hosts", lambda: HOSTS)
    assert scan_tracked_files.main() == 0
    track(repo, "a.txt", "packages.example.org")
    assert scan_tracked_files.main() == 1
    assert capsys.readouterr().out == "a.txt:1: names a package registry's host\n"
