"""Waiting for a fact about other processes, with a deadline."""

import asyncio
import time
from collections.abc import Callable


async def until(fact: Callable[[], bool], *, timeout: float = 15.0) -> None:
    """Return when `fact` holds; fail after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not fact():
        assert time.monotonic() < deadline, f"not so after {timeout:g} s"
        await asyncio.sleep(0.02)
