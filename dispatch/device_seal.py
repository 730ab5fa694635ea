"""Officers' devices at rest: sealed under a key of their own, so that a copy of the topic calls nobody.

Bound to the account and to the device's id: one moved to somebody else's name does not open.
"""

import base64
import hmac
import json
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dispatch.errors import SubscriptionUnreadable
from dispatch.web_push import Device

KEY_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class DeviceSeal:
    """Seals and opens with one secret; the console and the pager have the same."""

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) < KEY_BYTES:
            raise ValueError(f"the duty key must have {KEY_BYTES} bytes or more")

    def seal(self, person: str, identifier: str, device: Device) -> str:
        """Return *device* as text that only the secret opens."""
        plain = json.dumps([device.endpoint, _text(device.p256dh), _text(device.auth)]).encode()
        nonce = os.urandom(_NONCE_BYTES)
        return _text(nonce + self._cipher().encrypt(nonce, plain, _bound(person, identifier)))

    def open(self, person: str, identifier: str, sealed: str) -> Device:
        """Return the device; raises `SubscriptionUnreadable` for one that was edited, moved or sealed otherwise."""
        try:
            raw = _bytes(sealed)
            plain = self._cipher().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(person, identifier))
            endpoint, p256dh, auth = json.loads(plain)
            return Device(endpoint, _bytes(p256dh), _bytes(auth))
        except (InvalidTag, ValueError, TypeError):
            raise SubscriptionUnreadable("sealed-tag") from None

    def _cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(self.secret, b"officers' devices at rest", "sha256"))


def _bound(person: str, identifier: str) -> bytes:
    return json.dumps([person, identifier]).encode()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
