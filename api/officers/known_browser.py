"""Browsers in which somebody has signed in before: guesses from elsewhere do not keep her out of hers.

Guesses at one account are slowed for everybody who guesses. If that were all, whoever knows an officer's name could
keep her out for the night of the flood. So a browser that she has used keeps a mark (OWASP calls it a device cookie),
and has tries of its own, which nobody else can use up. The mark signs nobody in.
"""

import base64
import hmac
import secrets

# A year: a duty telephone may lie in its drawer for a season.
MARK_SECONDS = 365 * 24 * 3600
COOKIE = "__Host-shirase-known"
_ID_BYTES, _MAC_BYTES = 12, 16


def mark(key: bytes, name: str, at: int) -> str:
    """Return a new mark for a browser in which *name* has just signed in."""
    body = secrets.token_bytes(_ID_BYTES) + at.to_bytes(8, "big")
    return base64.urlsafe_b64encode(body + _mac(key, name, body)).decode().rstrip("=")


def known_as(key: bytes, name: str, given: str, at: int) -> str | None:
    """Return what limits the tries of a browser that *name* has used, None for any other browser."""
    try:
        raw = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
    except ValueError:
        return None
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(body) != _ID_BYTES + 8 or not hmac.compare_digest(mac, _mac(key, name, body)):
        return None
    if not 0 <= at - int.from_bytes(body[_ID_BYTES:], "big") <= MARK_SECONDS:
        return None
    return body[:_ID_BYTES].hex()


def _mac(key: bytes, name: str, body: bytes) -> bytes:
    return hmac.digest(key, b"known browser\x00" + name.encode() + b"\x00" + body, "sha256")[:_MAC_BYTES]
