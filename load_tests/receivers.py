"""Browsers that load tests encrypt for: a few keys made once, used in turn."""

import random

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PEOPLE = 500


def receivers(count: int = PEOPLE) -> list[tuple[bytes, bytes]]:
    """Return *count* (p256dh, auth), the same in every process."""
    rng = random.Random("receivers")
    curve = ec.SECP256R1()
    made: list[tuple[bytes, bytes]] = []
    for _ in range(count):
        key = ec.derive_private_key(rng.getrandbits(255) + 1, curve)
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        made.append((point, rng.randbytes(16)))
    return made
