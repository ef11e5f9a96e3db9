"""How often a client may ask: a moving window for each subject, one over all, one for the unknown.

In Redis where there is one, so that several API processes count together; else, and while Redis is
away, in this process's memory. What protects people and money is not here but in Postgres.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from agent.api.problems import Problem

log = structlog.get_logger(__name__)

_FAILED_TOKENS_PER_MINUTE = 30
"""From one address, which may be a proxy's: beyond that a bad token is answered 429 instead of 401.
A good token from there still counts."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Requests a minute: of one subject, and of all subjects together."""

    per_subject: int
    overall: int


class RateLimiter:
    """Counts, and refuses with 429 and Retry-After."""

    def __init__(self, limits: RateLimits, redis_url: str | None = None) -> None:
        self._subject = RateLimitItemPerMinute(limits.per_subject)
        self._overall = RateLimitItemPerMinute(limits.overall)
        self._failures = RateLimitItemPerMinute(_FAILED_TOKENS_PER_MINUTE)
        memory = MovingWindowRateLimiter(MemoryStorage())
        self._memory = memory
        self._shared = MovingWindowRateLimiter(_redis(redis_url)) if redis_url else memory

    async def count(self, subject: str) -> None:
        """Count a request of a known client. Raises Problem 429."""
        await self._take(self._subject, "subject", subject)
        await self._take(self._overall, "overall")

    async def count_failure(self, address: str) -> None:
        """Count a request with a bad token. Raises Problem 429."""
        await self._take(self._failures, "failures", address)

    async def _take(self, item: RateLimitItem, *key: str) -> None:
        limiter = self._memory if key[0] == "failures" else self._shared
        try:
            allowed = await limiter.hit(item, *key)
        except StorageError as error:
            log.warning("rate_limits_in_memory", error=type(error).__name__)
            limiter = self._memory
            allowed = await limiter.hit(item, *key)
        if not allowed:
            raise await self._refused(limiter, item, key)

    async def _refused(
        self, limiter: MovingWindowRateLimiter, item: RateLimitItem, key: Sequence[str]
    ) -> Problem:
        try:
            frees_at = (await limiter.get_window_stats(item, *key)).reset_time
        except StorageError:
            frees_at = time.time() + 1
        wait = max(1, round(frees_at - time.time() + 0.5))
        return Problem(
            429,
            "too-many-requests",
            f"try again in {wait} s",
            headers={"Retry-After": str(wait)},
        )


def _redis(url: str) -> Storage:
    return RedisStorage(
        f"async+{url}",
        implementation="redispy",
        wrap_exceptions=True,
        socket_timeout=1,
        socket_connect_timeout=1,
    )
