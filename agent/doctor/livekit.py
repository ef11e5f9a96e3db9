"""LiveKit itself: reached, its clock against ours, Redis behind it."""

from datetime import timedelta

from agent.doctor.findings import Finding, error, ok, unchecked, warning
from agent.telephony.probe import NoSip, ServerAnswer

SKEW_NOTICED = timedelta(seconds=5)
SKEW_FATAL = timedelta(seconds=60)
"""LiveKit's leeway for the times in a token."""


def judge_answer(answer: ServerAnswer) -> list[Finding]:
    """It has answered at all."""
    return [ok("livekit", f"answers in {answer.milliseconds:.0f} ms")]


def judge_clock(answer: ServerAnswer) -> list[Finding]:
    """Its clock against ours: tokens and signatures die with the difference."""
    ahead = answer.clock_ahead
    if ahead is None:
        return [unchecked("clock_skew", "LiveKit does not tell its time")]
    seconds = abs(ahead.total_seconds())
    side = "behind" if ahead > timedelta() else "ahead of"
    says = f"this machine's clock is {seconds:.0f} s {side} LiveKit's"
    remedy = "`timedatectl set-ntp true`, on the machine that is wrong"
    if abs(ahead) > SKEW_FATAL:
        return [error("clock_skew", f"{says}: tokens are refused", remedy)]
    if abs(ahead) > SKEW_NOTICED:
        return [warning("clock_skew", says, remedy)]
    return [ok("clock", "clocks agree")]


def judge_sip(absent: NoSip | None) -> list[Finding]:
    """Whether trunks and rules can be asked for at all."""
    if absent is None:
        return [ok("sip", "SIP ready")]
    if absent.redis:
        says = f"LiveKit has no Redis, so no trunks and no calls by phone ({absent.said})"
        return [error("no_redis", says, "start Redis; `redis: address:` in LiveKit's config")]
    return [error("no_sip", f"LiveKit does not tell its trunks ({absent.said})", "see its log")]
