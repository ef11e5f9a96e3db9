"""The guard over the whole test suite, this process and those that it starts."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.settings import ROOT
from tests.network_guard.loopback_only import REPORT, refuse_the_rest


class Attempts:
    """Hosts that were tried to be reached since `take` was last called."""

    def __init__(self, report: Path) -> None:
        self._report = report
        self._taken = 0

    def take(self) -> list[str]:
        """The new ones, in order; they are nobody's fault any more."""
        hosts = self._report.read_text().splitlines()
        new, self._taken = hosts[self._taken :], len(hosts)
        return new


@pytest.fixture(scope="session", autouse=True)
def refused_attempts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attempts]:
    """Refuse from the first test on, also in every Python process that tests start."""
    report = tmp_path_factory.mktemp("network-guard") / "attempts"
    report.touch()
    report.chmod(0o666)
    paths = [str(ROOT), str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(REPORT, str(report))
        patch.setenv("PYTHONPATH", os.pathsep.join(paths))
        refuse_the_rest(report)
        yield Attempts(report)


@pytest.fixture(autouse=True)
def nobody_leaves_the_machine(refused_attempts: Attempts) -> Iterator[None]:
    """Fails the test in which something tried, whatever it did with the refusal."""
    yield
    tried = refused_attempts.take()
    assert not tried, f"tried to reach {', '.join(tried)}: tests reach this machine only"
