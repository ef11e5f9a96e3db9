"""Telnyx's signature is checked by the official SDK's own function, and by nothing else of it."""

import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from agent.domain.webhooks import RefusedWebhook, RejectReason
from agent.errors import SettingsError
from agent.settings import ROOT
from agent.telephony.telnyx_signatures import TelnyxSignatures
from tests.webhooks import Leg, Telnyx

_TAKES_ONE = """
import sys
from datetime import UTC, datetime
from agent.telephony.telnyx_signatures import TelnyxSignatures
from tests.webhooks import Leg, Telnyx

account, body = Telnyx(), Leg().hangup()
signatures = TelnyxSignatures([account.public_key], lambda: datetime.now(UTC))
signatures.verify(body, account.headers(body))
print(sorted(name for name in sys.modules if name.split(".")[0] == "telnyx"))
print(signatures.verify.__globals__["_official_check"]().__file__)
"""


def test_a_webhook_is_verified_without_importing_the_whole_sdk() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _TAKES_ONE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    imported, file = ended.stdout.splitlines()
    assert imported == "[]"
    assert file.endswith("telnyx/lib/webhook_verification.py")


def test_the_sdks_check_decides_also_where_our_own_forms_are_right() -> None:
    account, body = Telnyx(), Leg().hangup()
    signatures = TelnyxSignatures([account.public_key], lambda: datetime.now(UTC))
    signatures.verify(body, account.headers(body))
    with pytest.raises(RefusedWebhook) as refused:
        signatures.verify(body, Telnyx().headers(body))
    assert refused.value.reason is RejectReason.BAD_SIGNATURE


@pytest.mark.parametrize(
    "key", ["", "x", "AAAA", Telnyx().public_key + "AAAA"], ids=["none", "x", "short", "long"]
)
def test_what_is_no_public_key_is_told_at_the_start(key: str) -> None:
    with pytest.raises(SettingsError, match="TELNYX_PUBLIC_KEY"):
        TelnyxSignatures([key], lambda: datetime.now(UTC))


@pytest.mark.parametrize(
    ("age", "believed"), [(300, True), (301, False), (-300, True), (-301, False)]
)
def test_a_timestamp_may_be_three_hundred_seconds_off_and_not_one_more(
    monkeypatch: pytest.MonkeyPatch, age: int, believed: bool
) -> None:
    now = int(time.time())
    monkeypatch.setattr(time, "time", lambda: float(now))  # what the SDK's own check asks
    account, body = Telnyx(), Leg().hangup()
    signatures = TelnyxSignatures([account.public_key], lambda: datetime.fromtimestamp(now, UTC))
    headers = account.headers(body, timestamp=str(now - age))
    if believed:
        signatures.verify(body, headers)
        return
    with pytest.raises(RefusedWebhook) as refused:
        signatures.verify(body, headers)
    assert refused.value.reason is RejectReason.TOO_OLD_OR_NEW


def test_a_rotated_key_is_believed_during_the_overlap_and_not_after() -> None:
    old, new, body = Telnyx(), Telnyx(), Leg().hangup()

    def believed(account: Telnyx, *keys: Telnyx) -> bool:
        known = [each.public_key for each in keys]
        try:
            TelnyxSignatures(known, lambda: datetime.now(UTC)).verify(body, account.headers(body))
        except RefusedWebhook:
            return False
        return True

    assert [believed(account, old) for account in (old, new)] == [True, False]
    assert [believed(account, new, old) for account in (old, new)] == [True, True]
    assert [believed(account, new) for account in (old, new)] == [False, True]
