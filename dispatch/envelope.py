"""Encrypt one push for one browser: RFC 8291 over RFC 8188 (aes128gcm), as a single record.

An entry is all that can be known before there is anything to say: the sender's public key, salt,
content key and nonce. Sealing is then one AES call. A (key, nonce) must never seal two different
plaintexts, so an entry is used for one message and thrown away.
"""

import hmac
import os
from dataclasses import dataclass
from hashlib import blake2b

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dispatch.agreement import POINT_BYTES, agree, scalar_from

RECORD_SIZE = 4096
TAG_BYTES = 16
SALT_BYTES = 16
# Salt, record size, length of the key id, key id.
HEADER_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES
DELIMITER = b"\x02"  # RFC 8188, section 2: the last record ends with 2
OVERHEAD_BYTES = HEADER_BYTES + len(DELIMITER) + TAG_BYTES
# A push service need not take more than 4,096 bytes (RFC 8030, 7.2).
LARGEST_PLAINTEXT_BYTES = 4096 - OVERHEAD_BYTES

_KEY_INFO = b"WebPush: info\x00"
_CONTENT_KEY_INFO = b"Content-Encoding: aes128gcm\x00\x01"
_NONCE_INFO = b"Content-Encoding: nonce\x00\x01"
HEADER_MIDDLE = RECORD_SIZE.to_bytes(4, "big") + bytes([POINT_BYTES])


@dataclass(frozen=True, slots=True)
class Entry:
    """What seals one message for one browser, once."""

    sender_public: bytes
    salt: bytes
    content_key: bytes
    nonce: bytes


def fresh_entry(p256dh: bytes, auth: bytes) -> Entry:
    """Return an entry from a new random key pair and salt."""
    return entry_from(scalar_from(os.urandom(48)), os.urandom(SALT_BYTES), p256dh, auth)


def derived_entry(secret: bytes, plaintext: bytes, padded_bytes: int, p256dh: bytes, auth: bytes) -> Entry:
    """Return the entry that *secret* gives for this message to this browser: always the same.

    After a crash the worker that takes over sends the same bytes again (promise 2) without their
    having been stored. Key pair and salt depend on the whole message and the whole receiver, so no
    two messages share them; without *secret* they cannot be told from random ones.
    """
    if len(secret) < 32:
        raise ValueError("the secret that messages are derived from must have 32 bytes or more")
    # Points, secrets and the size have fixed lengths, so the parts cannot run into each other.
    message = b"".join((p256dh, auth, padded_bytes.to_bytes(4, "big"), plaintext))
    # Keyed BLAKE2b is a pseudo-random function (RFC 7693, 2.9); HMAC would take three calls here.
    random = blake2b(message, key=secret[:64], person=b"shirase-envelope", digest_size=64).digest()
    return entry_from(scalar_from(random[:48]), random[48:], p256dh, auth)


def entry_from(scalar: bytes, salt: bytes, p256dh: bytes, auth: bytes) -> Entry:
    """Return the entry of a given private key and salt (RFC 8291, 3.3 and 3.4)."""
    sender_public, shared = agree(scalar, p256dh)
    # HKDF with outputs of one block at most: each step is one HMAC (RFC 5869).
    keying = hmac.digest(hmac.digest(auth, shared, "sha256"), _KEY_INFO + p256dh + sender_public + b"\x01", "sha256")
    content_key, nonce = content_keys(keying, salt)
    return Entry(sender_public, salt, content_key, nonce)


def content_keys(keying: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Return content key and nonce of the first record (RFC 8188, 2.2 and 2.3)."""
    pseudo_random = hmac.digest(salt, keying, "sha256")
    content_key = hmac.digest(pseudo_random, _CONTENT_KEY_INFO, "sha256")[:16]
    return content_key, hmac.digest(pseudo_random, _NONCE_INFO, "sha256")[:12]


def seal(entry: Entry, plaintext: bytes, padded_bytes: int = 0) -> bytes:
    """Return the body of a push: *plaintext*, zeros up to *padded_bytes*, encrypted."""
    sealed = AESGCM(entry.content_key).encrypt(entry.nonce, record_of(plaintext, padded_bytes), None)
    return b"".join((entry.salt, HEADER_MIDDLE, entry.sender_public, sealed))


def record_of(plaintext: bytes, padded_bytes: int) -> bytes:
    """Return what is encrypted: *plaintext*, the delimiter of the last record, zeros up to the size."""
    if max(len(plaintext), padded_bytes) > LARGEST_PLAINTEXT_BYTES:
        raise ValueError(f"{len(plaintext)} bytes padded to {padded_bytes} do not fit one record")
    return plaintext + DELIMITER + bytes(max(0, padded_bytes - len(plaintext)))


def encrypt(p256dh: bytes, auth: bytes, plaintext: bytes, padded_bytes: int = 0) -> bytes:
    """Return *plaintext* encrypted for one browser, with a fresh key pair and salt."""
    return seal(fresh_entry(p256dh, auth), plaintext, padded_bytes)
