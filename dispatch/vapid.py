"""Say who we are to push services: RFC 8292 tokens, one per origin, signed ahead of their end.

Rotating a key loses every subscription made under it, so each subscription stores which key it
uses, and old keys stay until the last of them is gone.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from dispatch.errors import KeyFileUnsafe
from dispatch.secret_file import read_secret, write_secret

# RFC 8292 allows 24 hours; half of it leaves room for clocks that disagree.
TOKEN_LIFE_SECONDS = 12 * 3600
# Renewed this long before the end, so that a token never ends in a request's way.
RENEW_BEFORE_SECONDS = 3600
# Key numbers from here on are of drills: a push of one lane is never signed for a subscription of the other.
FIRST_DRILL_KEY = 128


def is_drill_key(number: int) -> bool:
    """Say whether key *number* is one of the drill lane."""
    return number >= FIRST_DRILL_KEY


class VapidKey:
    """One key pair of the application server."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        if private.curve.name != "secp256r1":
            raise KeyFileUnsafe("vapid-key", "VAPID takes a P-256 key only")
        self._private = private
        self.public: bytes = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @classmethod
    def load(cls, path: Path) -> "VapidKey":
        """Read a PEM key from a file that only we may read."""
        return cls.read(read_secret(path), str(path))

    @classmethod
    def read(cls, raw: bytes, name: str) -> "VapidKey":
        """Read a PEM key that lies in *name*."""
        try:
            private = load_pem_private_key(raw, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyFileUnsafe("vapid-key", f"{name} holds no private key in PEM form") from None
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise KeyFileUnsafe("vapid-key", f"{name} holds no elliptic-curve key")
        return cls(private)

    @classmethod
    def generate(cls) -> "VapidKey":
        """Return a new key that is in memory only."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_text(self) -> str:
        """Return the public key as browsers want it at sign-up (`applicationServerKey`)."""
        return encode(self.public)

    def pem(self) -> bytes:
        """Return the private key for its file."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def token(self, origin: str, subject: str, expires_at: int) -> str:
        """Return a signed JWT for *origin* (RFC 8292, 2)."""
        head = encode(_json({"typ": "JWT", "alg": "ES256"}))
        claims = encode(_json({"aud": origin, "exp": expires_at, "sub": subject}))
        signed = f"{head}.{claims}"
        r, s = decode_dss_signature(self._private.sign(signed.encode(), ec.ECDSA(SHA256())))
        # JWS wants the two numbers side by side (RFC 7518, 3.4), not the DER that libraries return.
        return f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def generate_key_file(path: Path) -> VapidKey:
    """Write a new key to *path* (mode 0600) and return it; an existing file is never replaced."""
    key = VapidKey.generate()
    write_secret(path, key.pem())
    return key


def keys_of_lanes(live: Path, drill: Path | None) -> dict[int, VapidKey]:
    """Return the keys by number: the live one, and that of drills where there is one."""
    return {0: VapidKey.load(live), **({} if drill is None else {FIRST_DRILL_KEY: VapidKey.load(drill)})}


class Vapid:
    """Authorization headers for push services, signed once per origin and half a day."""

    def __init__(self, keys: Mapping[int, VapidKey], subject: str) -> None:
        if not subject.startswith(("mailto:", "https://")) or subject in ("mailto:", "https://"):
            # Apple answers 403 without it; the others cannot reach us when we hurt them.
            raise ValueError("the VAPID subject must be a mailto: or https: address of ours")
        live = {pair.public for number, pair in keys.items() if not is_drill_key(number)}
        if any(is_drill_key(number) and pair.public in live for number, pair in keys.items()):
            # One key for both would make every subscriber of drills one of what is real, and the other way round.
            raise KeyFileUnsafe("drill-key", "the key of drills is the live key: make another with `shirase keys`")
        self._keys = dict(keys)
        self._subject = subject
        self._headers: dict[tuple[str, int], tuple[float, str]] = {}

    def has(self, number: int) -> bool:
        """Say whether key *number* is loaded."""
        return number in self._keys

    def authorization(self, origin: str, now: float, key: int = 0) -> str:
        """Return the Authorization header for *origin*, valid for another hour at least."""
        cached = self._headers.get((origin, key))
        if cached is not None and now < cached[0]:
            return cached[1]
        if key not in self._keys:
            raise KeyFileUnsafe("vapid-key-unknown", f"no VAPID key number {key} is loaded")
        expires_at = int(now) + TOKEN_LIFE_SECONDS
        pair = self._keys[key]
        header = f"vapid t={pair.token(origin, self._subject, expires_at)}, k={pair.public_text}"
        self._headers[origin, key] = (expires_at - RENEW_BEFORE_SECONDS, header)
        return header


def encode(raw: bytes) -> str:
    """Return base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
