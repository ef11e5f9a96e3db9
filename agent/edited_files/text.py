"""From the bytes of a file that a person edits to its text: encodings, line ends, what is no text.

>>> decode(b"\xff\xfeH\x00i\x00", "notes.md")
'Hi'
"""

import codecs
import re
import stat
from pathlib import Path

from agent.errors import FileError

MAX_BYTES = 1024 * 1024
"""Of a settings file, a playbook, a scenario: nobody writes more by hand."""

Error = type[FileError]
Where = tuple[int | str, ...]
"""The way to a value in a file: keys, and positions in lists."""


def read_text(
    path: Path,
    shown: str | None = None,
    *,
    missing: str = "check the name, or take it from git",
    error: Error = FileError,
    max_bytes: int = MAX_BYTES,
) -> str:
    """The text of a file, lines ended by `\\n`; `missing` is the remedy when there is none.

    Raises `error` naming the file as `shown`, the line and what to do.
    """
    shown = shown or str(path)
    data = read_bytes(path, shown, missing=missing, error=error, max_bytes=max_bytes)
    return decode(data, shown, error=error)


def read_bytes(
    path: Path,
    shown: str | None = None,
    *,
    missing: str,
    error: Error = FileError,
    max_bytes: int = MAX_BYTES,
) -> bytes:
    """What a file holds. Raises `error` as `read_text` does."""
    shown = shown or str(path)
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise error(shown, 1, "is a folder, not a file", "remove it and put the file there")
        if not stat.S_ISREG(about.st_mode):
            raise error(shown, 1, "is no ordinary file", "put an ordinary file there")
        if about.st_size > max_bytes:
            raise too_large(shown, about.st_size, max_bytes, error)
        return path.read_bytes()
    except FileNotFoundError:
        raise error(shown, 1, "there is no such file", missing) from None
    except PermissionError:
        raise error(
            shown, 1, "may not be read by this user", "give it to the user who runs this, or chmod"
        ) from None
    except OSError as failure:
        raise error(
            shown, 1, f"cannot be read ({failure.strerror})", "check the path and the disk"
        ) from None


def decode(data: bytes, shown: str, *, table: bool = False, error: Error = FileError) -> str:
    """The text of these bytes: UTF-8, or UTF-16 and UTF-32 where the bytes say so themselves.

    A `table` may also be in Windows-1252, which is what Excel's CSV is in western Europe; any
    other text would show wrong letters to a caller, so it is refused. Raises `error`.
    """
    for magic, what, remedy in _NO_TEXT:
        if data.startswith(magic):
            raise error(shown, 1, f"is {what}, not text", remedy)
    encoding = _by_mark(data) or _by_zeros(data) or "utf-8"
    if encoding.startswith("utf-16") and (other := _ASCII.search(data)) is not None:
        line = _line_at(data[: other.start()].replace(b"\0", b"").decode("latin-1"))
        raise error(shown, line, "is half UTF-16 and half UTF-8", "save it as UTF-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as failure:
        if encoding != "utf-8":
            line = _line_at(data[: failure.start].decode(encoding, errors="ignore"))
            raise error(shown, line, f"is broken {encoding.upper()}", "save it as UTF-8") from None
        text = _windows_1252(data, failure.start, shown, table=table, error=error)
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if (zero := text.find("\0")) >= 0:
        raise error(
            shown, _line_at(text[:zero]), "holds a NUL byte, so it is no text", "save it as UTF-8"
        )
    return text


def too_large(shown: str, size: int, limit: int, error: Error = FileError) -> FileError:
    """The error for a file beyond `limit` bytes."""
    return error(
        shown, 1, f"has {size:,} bytes, {limit:,} are read", "split it, or check that it is the one"
    )


def _by_mark(data: bytes) -> str | None:
    """What the byte order mark says. UTF-32's begins like UTF-16's, so it is looked for first."""
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
        (codecs.BOM_UTF8, "utf-8-sig"),
    ):
        if data.startswith(mark):
            return encoding
    return None


def _by_zeros(data: bytes) -> str | None:
    """UTF-16 without a mark: in western text every other byte is 0, always on the same side."""
    head = data[:4096]
    if len(data) % 2 or len(head) < 4:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    most = len(head) // 2 * 0.7
    if even == 0 and odd >= most:
        return "utf-16-le"
    if odd == 0 and even >= most:
        return "utf-16-be"
    return None


def _windows_1252(data: bytes, bad: int, shown: str, *, table: bool, error: Error) -> str:
    line = data[:bad].count(b"\n") + 1
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = None
    if table and text is not None and b"\0" not in data:
        return text
    letter = data[bad : bad + 1].decode("cp1252", errors="replace")
    looks = f" (in Windows-1252 it would be {letter!r})" if text is not None else ""
    raise error(shown, line, f"byte 0x{data[bad]:02X} is not UTF-8{looks}", "save it as UTF-8")


def _line_at(before: str) -> int:
    return before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


_ASCII = re.compile(rb"[\t\n\r\x20-\x7e]{4}")
"""In UTF-16 a 0 stands beside each of these: four in a row were appended by another shell."""

_NO_TEXT = (
    (b"PK\x03\x04", "a workbook, a document or an archive", "save it as text or CSV, in UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Office file", "save it as text or CSV, in UTF-8"),
    (b"%PDF", "a PDF", "save it as text, in UTF-8"),
    (b"{\\rtf", "rich text", "save it as plain text, in UTF-8 (TextEdit: Format, Make Plain Text)"),
    (b"\x1f\x8b", "compressed", "unpack it"),
)
