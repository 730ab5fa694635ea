"""Passes for shelter staff: what a QR code at one shelter carries, good for that shelter and one event (R17).

No account: the pass names event and shelter and is signed with the event's own key (HMAC-SHA256). It dies with the
event, whose key is then taken away, and by its own time in any case. Nothing in it is secret but the signature.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api.http.errors import ApiError
from dispatch.secret_file import read_secret

KEY_BYTES = 32
# A QR code of this length is read from a wet sheet by an old phone; 128 bits cannot be guessed.
_SIGNATURE_BYTES = 16
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class GatePass:
    """One shelter in one event, until *expires* (seconds since 1970)."""

    event: str
    shelter: str
    name: str
    ward: str
    expires: int


def issue(key: bytes, gate: GatePass) -> str:
    """Return the token of *gate*, fit for a path."""
    if len(key) < KEY_BYTES:
        raise ValueError(f"an event's key has {KEY_BYTES} bytes or more")
    plain = [gate.event, gate.shelter, gate.name, gate.ward, gate.expires]
    said = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return f"{_text(said)}.{_text(_signature(key, said))}"


def opened(keys: Mapping[str, bytes], token: str, at: float) -> GatePass:
    """Return what *token* is good for; raises ApiError 404 for one that we never made, 410 where its event is over."""
    said, signature = _parts(token)
    gate = _read(said)
    key = keys.get(gate.event)
    if key is None:
        # Its key is gone, so whether it was ours cannot be told any more, and need not be.
        raise ApiError(410, "event-over", "This code's event is over", "Ask the ward for a new one.")
    if not hmac.compare_digest(_signature(key, said), signature):
        raise ApiError(404, "pass-unknown", "This code is none of ours")
    if at >= gate.expires:
        raise ApiError(410, "event-over", "This code's event is over", "Ask the ward for a new one.")
    return gate


def keys_in(folder: Path) -> dict[str, bytes]:
    """Return the keys of the events that are on: one file each, mode 0600, named EVENT.key."""
    return {path.stem: read_secret(path) for path in sorted(folder.glob("*.key"))}


def _parts(token: str) -> tuple[bytes, bytes]:
    said, dot, signature = token.partition(".")
    if not dot or len(token) > _LONGEST:
        raise ApiError(404, "pass-unknown", "This code is none of ours")
    try:
        return _bytes(said), _bytes(signature)
    except (ValueError, binascii.Error):
        raise ApiError(404, "pass-unknown", "This code is none of ours") from None


def _read(said: bytes) -> GatePass:
    try:
        event, shelter, name, ward, expires = json.loads(said)
    except (ValueError, RecursionError):
        raise ApiError(404, "pass-unknown", "This code is none of ours") from None
    texts = (event, shelter, name, ward)
    if not all(isinstance(one, str) for one in texts) or type(expires) is not int or not event or not shelter:
        raise ApiError(404, "pass-unknown", "This code is none of ours")
    return GatePass(event, shelter, name, ward, expires)


def _signature(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, said, "sha256")[:_SIGNATURE_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
