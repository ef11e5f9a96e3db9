"""Others' JavaScript in this repository, as vendor.toml lists it.

python -m scripts.vendored          # do the files have the hashes written there? 1 if not
python -m scripts.vendored get      # `make vendor`: get them by npm, write the hashes anew
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = "vendor.toml"


@dataclass(frozen=True, slots=True)
class Vendored:
    """One file. `source`: where it is in its npm package; `path`: where it is here."""

    package: str
    version: str
    licence: str
    source: str
    path: str
    sha256: str


def listed(root: Path) -> list[Vendored]:
    """What vendor.toml says. Raises TypeError for an entry that says less, or more."""
    return [Vendored(**entry) for entry in tomllib.loads((root / LIST).read_text())["file"]]


def faults(root: Path) -> list[str]:
    """Files that are not as listed, and files beside them that are not listed; in words."""
    files = listed(root)
    found = [
        f"{each.path}: not the file of {each.package} {each.version}: run `make vendor`"
        for each in files
        if _hash(root / each.path) != each.sha256
    ]
    known = {root / each.path for each in files}
    folders = {path.parent for path in known}
    strangers = {path for folder in folders for path in folder.glob("*")} - known
    return found + [f"{path.relative_to(root)}: not in {LIST}" for path in sorted(strangers)]


def get(root: Path) -> None:
    """Fetch every listed file from where this machine's npm is told to, and note its hash."""
    text = (root / LIST).read_text()
    for each in listed(root):
        body, licence = _packed(each)
        if licence != each.licence:
            raise SystemExit(
                f"{each.package} {each.version} is under {licence}, not {each.licence}"
            )
        (root / each.path).parent.mkdir(parents=True, exist_ok=True)
        (root / each.path).write_bytes(body)
        text = text.replace(each.sha256, hashlib.sha256(body).hexdigest())
    (root / LIST).write_text(text)


def _packed(each: Vendored) -> tuple[bytes, str]:
    """The file and the licence that its package names."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{each.package}@{each.version}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as packed:
            file = packed.extractfile(f"package/{each.source}")
            about = packed.extractfile("package/package.json")
            assert file is not None, f"{each.source} is no file"
            assert about is not None, "an npm package has its package.json"
            return file.read(), str(json.load(about)["license"])


def _hash(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def main(arguments: list[str]) -> int:
    """The command."""
    if arguments == ["get"]:
        get(ROOT)
    found = faults(ROOT)
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
