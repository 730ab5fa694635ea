"""Check the sender's VAPID token (RFC 8292), with our own eyes: no code is shared with the sender."""

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

LONGEST_SECONDS = 24 * 3600  # RFC 8292, 2: no more than 24 hours from the request
KEPT_TOKENS = 4096
HEADER = re.compile(r"vapid\s+(.*)", re.IGNORECASE | re.DOTALL)
BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class VapidRefusal:
    """Why a token was refused, and the status for it: 401 without one, 403 with a wrong one."""

    status: int
    reason: str


class VapidChecker:
    """Check tokens and remember the good ones: a signature costs 100 times a lookup."""

    def __init__(self, required_key: str = "") -> None:
        self._required_key = required_key
        self._expires: dict[tuple[str, str], float] = {}

    def check(self, authorization: str | None, origin: str, now: float) -> VapidRefusal | None:
        """Return why this header does not authorise a push to *origin* at *now* (epoch seconds), or None."""
        if not authorization:
            return VapidRefusal(401, "vapid-missing")
        expires = self._expires.get((authorization, origin))
        if expires is None:
            found = self._verify(authorization, origin)
            if isinstance(found, VapidRefusal):
                return found
            expires = found
            if len(self._expires) >= KEPT_TOKENS:
                self._expires.clear()
            self._expires[authorization, origin] = expires
        # The clock is looked at again each time: a remembered token still expires.
        if expires <= now:
            return VapidRefusal(403, "vapid-expired")
        if expires > now + LONGEST_SECONDS:
            return VapidRefusal(403, "vapid-exp-too-far")
        return None

    def _verify(self, authorization: str, origin: str) -> float | VapidRefusal:
        scheme = HEADER.fullmatch(authorization.strip())
        if scheme is None:
            return VapidRefusal(401, "vapid-scheme")
        given: dict[str, str] = {}
        for part in scheme.group(1).split(","):
            name, _, value = part.strip().partition("=")
            given[name.lower()] = value.strip().strip('"')
        token, key_text = given.get("t", ""), given.get("k", "")
        if not token or not key_text:
            return VapidRefusal(401, "vapid-parameters")
        if self._required_key and key_text != self._required_key:
            return VapidRefusal(403, "vapid-other-key")
        try:
            head, claims, signature = token.split(".")
            key_bytes, signed = _decode(key_text), f"{head}.{claims}".encode()
            if json.loads(_decode(head)).get("alg") != "ES256":
                return VapidRefusal(403, "vapid-algorithm")
            raw = _decode(signature)
            if len(raw) != 64 or len(key_bytes) != 65:
                return VapidRefusal(403, "vapid-length")
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key_bytes)
            key.verify(
                encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])), signed, ec.ECDSA(SHA256())
            )
            said = json.loads(_decode(claims))
        except InvalidSignature:
            return VapidRefusal(403, "vapid-signature")
        except (ValueError, AttributeError, RecursionError):
            return VapidRefusal(403, "vapid-malformed")
        return _claims(said, origin)


def _claims(said: object, origin: str) -> float | VapidRefusal:
    if not isinstance(said, dict):
        return VapidRefusal(403, "vapid-malformed")
    if said.get("aud") != origin:
        return VapidRefusal(403, "vapid-audience")
    contact = said.get("sub")
    if not isinstance(contact, str) or not contact.startswith(("mailto:", "https:")):
        return VapidRefusal(403, "vapid-subject")
    expires = said.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        return VapidRefusal(403, "vapid-exp-missing")
    return float(expires)


def _decode(text: str) -> bytes:
    # JWS allows no padding; Python's decoder would pass over characters that do not belong.
    if not BASE64URL.fullmatch(text):
        raise ValueError("not base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
