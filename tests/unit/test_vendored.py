"""Others' files are those that vendor.toml lists, to the byte."""

from pathlib import Path

from scripts.vendored import ROOT, faults, listed

_LIST = """
[[file]]
package = "a-package"
version = "1.0.0"
licence = "MIT"
source = "dist/a.js"
path = "vendor/a.js"
sha256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
"""


def test_the_repositorys_own_files_are_as_listed() -> None:
    assert faults(ROOT) == []
    assert {each.licence for each in listed(ROOT)} <= {"Apache-2.0", "MIT", "MPL-2.0"}


def test_a_changed_a_missing_and_an_unlisted_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "vendor.toml").write_text(_LIST)
    assert faults(tmp_path) == ["vendor/a.js: not the file of a-package 1.0.0: run `make vendor`"]
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "a.js").write_text("a")
    assert faults(tmp_path) == []
    (tmp_path / "vendor" / "a.js").write_text("b")
    (tmp_path / "vendor" / "b.js").write_text("b")
    assert len(faults(tmp_path)) == 2
