"""How many calls this worker takes at once: an exact cap, not a load average.

The framework's load threshold is sampled twice a second and CPU noise can fill an idle worker; two
calls inside one sample would both be let in. Here a place is taken before anything is awaited.
"""

from livekit.agents import JobRequest

_CALL_IDS = set[str]


class Admission:
    """Places for calls. One event loop only, so taking a place cannot be interrupted."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._asked: _CALL_IDS = set()
        self._running: _CALL_IDS = set()

    def running(self, job_ids: set[str]) -> None:
        """Which jobs run now, as the framework knows them."""
        self._running = job_ids

    @property
    def taken(self) -> int:
        """Calls running or being started."""
        return len(self._asked | self._running)

    @property
    def load(self) -> float:
        """Between 0 (idle) and 1 (full), for LiveKit's choice among workers."""
        return min(1.0, self.taken / self.places)

    async def answer(self, request: JobRequest, running: set[str]) -> bool:
        """Accept the job if a place is free, else reject it so that another worker is asked."""
        self.running(running)
        if self.taken >= self.places:
            await request.reject(terminate=False)  # the default gives the call up altogether
            return False
        self._asked.add(request.id)
        try:
            await request.accept()
        finally:
            # By now the job is among the running ones, or will never run.
            self._asked.discard(request.id)
        return True
