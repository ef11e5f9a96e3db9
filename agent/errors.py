"""The one error tree. The command line prints any of these as one line and exits non-zero.

CallError                  base: catch it only at a process's edge
├── Misconfigured          a person must change something; the message says what
│   ├── SettingsError      an environment variable is missing or malformed
│   │   └── LiveKitKeyRefused  LiveKit does not accept our key (LiveKitUnavailable, too)
│   ├── PlaybookError      a file under prompts/ is broken: file, line, fix
│   ├── ScenarioError      a simulated customer's file is broken: file, line, fix
│   ├── TrunkMisconfigured the carrier refuses us: credentials, permissions, codecs
│   ├── PortalError        Telnyx's portal needs a person: key, account, number
│   └── StackError         a part of the local stack cannot start
├── Unavailable            nothing is wrong with the request: try again later
│   ├── DatabaseUnavailable
│   ├── LiveKitUnavailable
│   ├── HalfProvisioned    a service failed between two steps: run it again
│   ├── TelnyxUnavailable  Telnyx's API does not answer, or asks us to wait too long
│   ├── TrunkBusy          the carrier takes no more calls now: channel or rate limit
│   └── TrunkDown          the carrier does not answer at all
└── Refused                a rule says no; asking again will not help
    ├── RoomInUse          the wished room belongs to another call
    └── IdempotencyConflict  the key was used for another request
"""


class CallError(Exception):
    """Base of every error this project raises on purpose. The message says what to change."""

    exit_code = 1


class Misconfigured(CallError):
    """A person must change a file, a setting or an installation before this can work."""

    exit_code = 2


class SettingsError(Misconfigured):
    """An environment variable is missing or malformed; the message names it."""


class FileError(Misconfigured):
    """A hand-written file is broken.

    >>> str(FileError("prompts/demo.md", 7, "unknown key 'greting'", "rename it to 'greeting'"))
    "prompts/demo.md:7: unknown key 'greting'; rename it to 'greeting'"
    """

    def __init__(self, path: str, line: int, problem: str, fix: str) -> None:
        super().__init__(f"{path}:{line}: {problem}; {fix}")
        self.path = path
        self.line = line
        self.problem = problem
        self.fix = fix

    def __reduce__(self) -> tuple[type["FileError"], tuple[str, int, str, str]]:
        return type(self), (self.path, self.line, self.problem, self.fix)


class PlaybookError(FileError):
    """A playbook under prompts/ cannot be used."""


class ScenarioError(FileError):
    """A simulated customer's scenario cannot be used."""


class StackError(Misconfigured):
    """A part of the local stack cannot start; the message says what to install or free."""


class Unavailable(CallError):
    """A part we depend on does not answer now. Trying again later can succeed."""

    exit_code = 3


class DatabaseUnavailable(Unavailable):
    """Postgres cannot be reached, or refused to take the write."""


class LiveKitUnavailable(Unavailable):
    """LiveKit cannot be reached, or refuses what we ask."""


class LiveKitKeyRefused(SettingsError, LiveKitUnavailable):
    """LiveKit does not accept our key, or the key may not do what we ask.

    A setting to a person who starts something, an outage to whoever was running already.
    """


class HalfProvisioned(Unavailable):
    """A service failed while trunks or connections were written; the message says what is done."""


class Refused(CallError):
    """A rule says no. `str(error)` is the reason, fit to be told to a person or to the model."""


class RoomInUse(Refused):
    """The wished room belongs to another call."""


class IdempotencyConflict(Refused):
    """An idempotency key was used before, for a request with another body."""


class TrunkMisconfigured(Misconfigured):
    """The carrier refuses us, not the callee: a person must look at trunk or account."""


class PortalError(Misconfigured):
    """Telnyx's API will not do it until a person changes something: key, account, number."""


class TelnyxUnavailable(Unavailable):
    """Telnyx's API cannot be reached, fails, or asks us to wait longer than we have."""


class TrunkBusy(Unavailable):
    """The carrier's channel or rate limit: nobody was rung, try again soon."""


class TrunkDown(Unavailable):
    """Nothing came back from the carrier: nobody was rung."""
