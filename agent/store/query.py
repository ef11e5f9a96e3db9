"""SQL statements: one a file below queries/, with parameters by name.

    _CLAIM = query("attempts/claim")                       # read once, at import
    rows = await connection.fetch(*_CLAIM(dialler_id=mine, limit=3, trunk="telnyx"))

In the file a parameter is `:limit`; Postgres gets `$2`. A cast (`::text`), a string and a comment
are left alone.
"""

import re
from dataclasses import dataclass
from pathlib import Path

QUERIES = Path(__file__).parent / "queries"

# What comes first wins: a colon inside a string, a quoted name or a comment is no parameter, nor is
# one of a cast, of `:=` or of an array's slice (`days[first:last]`).
_TOKENS = re.compile(
    r"""
      --[^\n]*
    | /\*.*?\*/
    | (?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | (?<![\w$])(?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag)
    | ::
    | (?<![\w$])(?P<position>\$\d+)
    | (?<![\w\])]):(?P<name>[a-z_][a-z0-9_]*)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement. Called with its parameters it gives what asyncpg's methods take.

    `text` is what Postgres gets, `parameters` are the names of $1, $2, … in it.
    """

    name: str
    text: str
    parameters: tuple[str, ...]

    def __call__(self, **values: object) -> tuple[str, *tuple[object, ...]]:
        """The text and its arguments in order. Raises TypeError: a name is missing or unknown."""
        if values.keys() != set(self.parameters):
            missing = sorted(set(self.parameters) - values.keys())
            unknown = sorted(values.keys() - set(self.parameters))
            raise TypeError(f"{self.name}.sql: missing {missing}, unknown {unknown}")
        return self.text, *(values[name] for name in self.parameters)


def query(name: str) -> Query:
    """The statement in queries/<name>.sql. A missing file or a `$1` in it fails at import."""
    return parse(name, (QUERIES / f"{name}.sql").read_text(encoding="utf-8"))


def parse(name: str, sql: str) -> Query:
    """A statement with `:parameters`. Raises ValueError for one by number."""
    positions: dict[str, int] = {}

    def numbered(token: re.Match[str]) -> str:
        if token["position"]:
            raise ValueError(f"{name}.sql: write a name instead of {token['position']}")
        parameter = token["name"]
        if not parameter:
            return token[0]
        return f"${positions.setdefault(parameter, len(positions) + 1)}"

    text = _TOKENS.sub(numbered, sql)
    return Query(name, text, tuple(positions))
