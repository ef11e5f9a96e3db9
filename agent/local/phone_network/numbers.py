"""Phone numbers as LiveKit compares those of trunks (protocol livekit/sip.go, NormalizeNumber).

A copy on purpose: a stand-in that took this from `telephony` could only agree with it in error.
"""

import re


def normalized(number: str) -> str:
    """`+` and digits; what is no number stays as it is.

    >>> normalized("32 2 601 05 00")
    '+3226010500'
    """
    if not re.fullmatch(r"\+?[\d\- ()]+", number):
        return number
    return "+" + re.sub(r"[\- ()+]", "", number)
