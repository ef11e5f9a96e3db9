"""How a call ended and why: evidence in, exactly one disposition out."""

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
