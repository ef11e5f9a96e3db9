"""The closed sets of a call's end: the disposition, and the reason that tells the rest."""

from enum import StrEnum


class Disposition(StrEnum):
    """Why a call ended; a closed set."""

    CONVERTED = "converted"
    QUALIFIED = "qualified"
    CALLBACK = "callback"
    NOT_INTERESTED = "not_interested"
    DO_NOT_CALL = "do_not_call"
    TRANSFERRED = "transferred"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    INVALID_NUMBER = "invalid_number"
    WRONG_NUMBER = "wrong_number"
    HUNG_UP = "hung_up"
    FAILED = "failed"


class Reason(StrEnum):
    """What a disposition alone does not say. NONE where it says everything."""

    NONE = ""

    CRASHED = "crashed"
    """Our process died or raised."""
    NO_AGENT = "no_agent"
    """No agent was there to take the call."""
    PROVIDER_DOWN = "provider_down"
    """Speech or language model failed, and the call came to nothing."""
    MAX_DURATION = "max_duration"
    TRUNK_BUSY = "trunk_busy"
    """The carrier's channel or rate limit: try again soon; nobody was rung."""
    TRUNK_MISCONFIGURED = "trunk_misconfigured"
    """The carrier refuses us (credentials, permissions, codecs): a person must look."""
    NOT_ALLOWED = "not_allowed"
    """A rule forbade the call at the last moment (opt-out, limits): nobody was rung."""
    STOPPED = "dialling_stopped"
    """Dialling was stopped by hand or the trunk pauses: nobody was rung."""
    CARRIER_ERROR = "carrier_error"
    """The carrier failed in another way (SIP 5xx and what we do not know)."""
    UNEXPLAINED = "unexplained"
    """Answered and ended, and nobody reported why."""

    SAID_SO = "said_so"
    NO_RESULT = "no_result"
    OPERATOR = "operator"
    """One of us ended the running call from outside."""
    SILENCE = "silence"
    WHILE_RINGING = "while_ringing"
    DURING_DISCLOSURE = "during_disclosure"
    MID_CONVERSATION = "mid_conversation"
    ON_HOLD = "on_hold"
    """While waiting for the person whom they were to be put through to."""
