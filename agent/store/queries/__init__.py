"""SQL, one statement a file, read once when a store's module is imported."""

from pathlib import Path


def query(name: str) -> str:
    """The text of queries/<name>.sql. A missing file fails at import, not in a call."""
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
