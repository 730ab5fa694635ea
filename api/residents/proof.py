"""Who may change a subscription, and that its browser is real, without keeping either in a database.

The token is 256 random bits that only the phone has. The subscription's id is a hash of it, so that
whoever holds the token owns the subscription, and nothing on our side could be stolen and used. The
proof goes out inside a push that the phone shows: only a browser that the push service reaches can
send it back. It is a MAC over the address and keys, so that a proof for one browser is none for another.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from dispatch.subscription import ID_BYTES

TOKEN_BYTES = 32
PROOF_BYTES = 16
SECRET_BYTES = 32


def new_token() -> bytes:
    """Return a random 256-bit token."""
    return secrets.token_bytes(TOKEN_BYTES)


def id_of(token: bytes) -> bytes:
    """Return the id of the subscription that *token* owns: a hash, so that the id does not give the token away."""
    return hashlib.sha256(b"shirase subscription\x00" + token).digest()[:ID_BYTES]


@dataclass(frozen=True, slots=True)
class Proofs:
    """Makes and checks proofs with one secret; every process of a deployment has the same."""

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) < SECRET_BYTES:
            raise ValueError(f"the sign-up secret must have {SECRET_BYTES} bytes or more")

    def proof_of(self, identifier: bytes, endpoint: str, p256dh: bytes, auth: bytes) -> bytes:
        """Return what the push to this browser carries. The parts before the address have fixed lengths."""
        return self._mac(b"proof", identifier + p256dh + auth + endpoint.encode())[:PROOF_BYTES]

    def holds(self, proof: bytes, identifier: bytes, endpoint: str, p256dh: bytes, auth: bytes) -> bool:
        """Say whether *proof* came back from this browser; in constant time."""
        return hmac.compare_digest(proof, self.proof_of(identifier, endpoint, p256dh, auth))

    def row_of(self, identifier: bytes) -> int:
        """Return the row number: the same at every change, so that a correction finds whom the alert reached.

        Without the secret it cannot be told from a random one, and `told` says nothing about an id.
        """
        return int.from_bytes(self._mac(b"row", identifier)[:8], "big")

    def _mac(self, purpose: bytes, message: bytes) -> bytes:
        return hmac.digest(self.secret, purpose + b"\x00" + message, "sha256")
