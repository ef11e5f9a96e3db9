"""Telnyx's signature over a raw body: the official SDK's own check, and nothing else of the SDK.

    signatures = TelnyxSignatures([settings.telnyx_public_key, ...], now)
    signatures.verify(body, headers)                  # raises RefusedWebhook

Not its client's `webhooks.unwrap`: that of the async client is a coroutine behind a synchronous
type, which believes everything when nobody awaits it.
"""

import base64
import binascii
import importlib
import importlib.util
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType

from agent.domain.webhooks import RefusedWebhook, RejectReason
from agent.errors import SettingsError

SIGNATURE_HEADER = "telnyx-signature-ed25519"
TIMESTAMP_HEADER = "telnyx-timestamp"
TOLERANCE_SECONDS = 300
_KEY_BYTES = 32
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{86}==")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class TelnyxSignatures:
    """Checks signatures with one public key, or with two while they are rotated."""

    def __init__(self, keys: Sequence[str], now: Callable[[], datetime]) -> None:
        """`keys` as the portal shows them. Raises SettingsError for what is no key."""
        self._keys = [_checked_key(key) for key in keys]
        self._now = now
        self._sdk = _official_check()

    def verify(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Raises RefusedWebhook unless `body` was signed by Telnyx within the tolerance.

        `headers` have lower-case names. Stricter than the SDK in what a timestamp and a signature
        look like, so that one delivery has one form only.
        """
        if not self._keys:
            raise RefusedWebhook(RejectReason.NOT_SET_UP)
        signature, timestamp = headers.get(SIGNATURE_HEADER), headers.get(TIMESTAMP_HEADER)
        if not signature or not timestamp:
            raise RefusedWebhook(RejectReason.NO_SIGNATURE)
        if not _TIMESTAMP.fullmatch(timestamp):
            raise RefusedWebhook(RejectReason.BAD_TIMESTAMP)
        if abs(int(self._now().timestamp()) - int(timestamp)) > TOLERANCE_SECONDS:
            raise RefusedWebhook(RejectReason.TOO_OLD_OR_NEW)
        signed = {SIGNATURE_HEADER: signature, TIMESTAMP_HEADER: timestamp}
        if not _SIGNATURE.fullmatch(signature) or not any(
            self._signed_with(key, body, signed) for key in self._keys
        ):
            raise RefusedWebhook(RejectReason.BAD_SIGNATURE)

    def _signed_with(self, key: str, body: bytes, headers: Mapping[str, str]) -> bool:
        try:
            self._sdk.verify_webhook_signature(body, headers, key)
        except self._sdk.WebhookVerificationError:
            return False
        except UnicodeDecodeError:  # the SDK wants text; Telnyx signs nothing else
            return False
        return True


def _official_check() -> ModuleType:
    """`telnyx.lib.webhook_verification`, by its file: 0.03 s and no memory to speak of.

    To import it by its name runs the whole SDK: 3 s and 90 MiB on two cores. The module stands by
    itself; should a later SDK change that, loading it fails here, at the start of the process.
    """
    package = importlib.util.find_spec("telnyx")
    assert package is not None
    assert package.submodule_search_locations
    file = Path(package.submodule_search_locations[0]) / "lib" / "webhook_verification.py"
    spec = importlib.util.spec_from_file_location("telnyx_webhook_verification", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    importlib.import_module("nacl.signing")  # which it would do at the first webhook
    return module


def _checked_key(key: str) -> str:
    try:
        raw = base64.b64decode(key.strip(), validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise SettingsError(
            "TELNYX_PUBLIC_KEY (or TELNYX_PUBLIC_KEY_OLD) is not a public key: copy it from "
            "Telnyx's portal, API Keys, Public Key"
        )
    return key.strip()
