"""Open accepted bodies as a phone would, with code that the sender does not use (http_ece)."""

from dataclasses import dataclass
from typing import Protocol

import http_ece
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from dispatch.stub.errors import EnvelopeUnreadable


@dataclass(frozen=True, slots=True)
class Receiver:
    """The secrets of one subscription: the P-256 private number (32 bytes) and the auth secret (16 bytes)."""

    private: bytes
    auth: bytes


class Receivers(Protocol):
    """Whoever knows the receivers' secrets."""

    def receiver(self, token: str) -> Receiver | None:
        """Return the secrets behind the last part of an endpoint, or None."""
        ...


def open_body(body: bytes, receiver: Receiver) -> bytes:
    """Return the plaintext of a push; raise EnvelopeUnreadable."""
    key = ec.derive_private_key(int.from_bytes(receiver.private), ec.SECP256R1())
    try:
        plain = http_ece.decrypt(body, private_key=key, auth_secret=receiver.auth, version="aes128gcm")
    except (http_ece.ECEException, InvalidTag, ValueError) as error:
        raise EnvelopeUnreadable(f"the receiver cannot open this body: {error}") from error
    assert isinstance(plain, bytes)
    return plain
