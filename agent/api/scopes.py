"""What a token may do. A test holds the table of docs/api.md against the routes."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """A right that a token carries. ADMIN holds all others."""

    CALLS_WRITE = "calls:write"
    """Ask for calls, hang them up."""
    CALLS_READ = "calls:read"
    """Calls with their numbers, transcripts, rooms, trunks, health."""
    RECORDINGS_READ = "recordings:read"
    OPTOUTS_WRITE = "optouts:write"
    """Read and extend the list of numbers that nobody may call."""
    METRICS = "metrics"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: the token's subject, with the scopes that we know of those it names."""

    subject: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether the token allows it."""
        return scope in self.scopes or Scope.ADMIN in self.scopes
