"""Keys in escrow: a deployment's key files in one sealed file, and its key in shares for several people (R22).

A VAPID key that is lost orphans every subscription, and one that is copied lets somebody else speak in our name: no
single person has them outside the machine, and several together always do. The sealed file may lie with the backups.
Its head is open and says of which keys it is, so that it is seen without a share whether they are those in use.
"""

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dispatch.errors import EscrowError
from dispatch.secret_file import read_secret
from dispatch.secret_sharing import MOST_HOLDERS, combine, split

_KEY_BYTES, _NONCE_BYTES, _SUM_BYTES = 32, 12, 4
_MOST_FILES, _MOST_BYTES = 20, 65_536
_SHARE = "SHIRASE1"


@dataclass(frozen=True, slots=True)
class Head:
    """What a sealed file says of itself. `files` are the SHA-256 of each key file by its name."""

    id: str
    made: str
    needed: int
    holders: int
    files: Mapping[str, str]

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "id": self.id,
            "made": self.made,
            "needed": self.needed,
            "holders": self.holders,
            "files": dict(self.files),
        }


def key_files(folder: Path) -> dict[str, bytes]:
    """Return the key files of *folder* by name. Raises EscrowError, and KeyFileUnsafe for one that others can read."""
    paths = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    if not paths or len(paths) > _MOST_FILES or any(path.stat().st_size > _MOST_BYTES for path in paths):
        raise EscrowError(
            "escrow-no-keys", f"{folder} is no folder of keys (`shirase keys`): up to {_MOST_FILES} small files"
        )
    return {path.name: read_secret(path) for path in paths}


def seal(files: Mapping[str, bytes], *, needed: int, holders: int, at: datetime) -> tuple[bytes, tuple[str, ...]]:
    """Return the sealed file of *files* and a share for each holder: any *needed* of them open it."""
    head = Head(secrets.token_hex(4), at.isoformat(), needed, holders, prints_of(files))
    key, nonce = secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
    said = _json(head.plain())
    inner = _json({name: base64.b64encode(raw).decode() for name, raw in sorted(files.items())})
    sealed = AESGCM(key).encrypt(nonce, inner, said)
    body = {"v": 1, "head": head.plain(), "nonce": nonce.hex(), "sealed": base64.b64encode(sealed).decode()}
    shares = split(key, needed=needed, holders=holders)
    return _json(body) + b"\n", tuple(_written(head.id, number, share) for number, share in shares.items())


def head_of(raw: bytes) -> Head:
    """Return what the sealed file *raw* says of itself, unproven until it is opened. Raises EscrowError."""
    return _read(raw)[0]


def open_sealed(raw: bytes, shares: Iterable[str]) -> dict[str, bytes]:
    """Return the key files in *raw*, by name, each proven by the head's sums. Raises EscrowError."""
    head, nonce, sealed = _read(raw)
    given: dict[int, bytes] = {}
    for text in shares:
        identifier, number, share = _share(text)
        if identifier != head.id:
            raise EscrowError(
                "escrow-other-share", f"share {number} is of another escrow ({identifier}, not {head.id})"
            )
        given[number] = share
    if len(given) < head.needed:
        raise EscrowError(
            "escrow-too-few-shares", f"{head.needed} different shares are needed, and {len(given)} are here"
        )
    try:
        inner = AESGCM(combine(given)).decrypt(nonce, sealed, _json(head.plain()))
    except InvalidTag:
        raise EscrowError(
            "escrow-not-opened", "it does not open: the file was changed, or a share is of an older one"
        ) from None
    files = {name: base64.b64decode(text) for name, text in json.loads(inner).items()}
    if prints_of(files) != dict(head.files):
        raise EscrowError("escrow-other-files", "it opens, and its files are not those that its head names")
    return files


def prints_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file: of random keys, from which nothing of them is learnt."""
    return {name: hashlib.sha256(raw).hexdigest() for name, raw in sorted(files.items())}


def differences(head: Head, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the names of files that are not in use as the escrow has them; empty when both are the same."""
    now = prints_of(files)
    return tuple(sorted(name for name in {*now, *head.files} if now.get(name) != head.files.get(name)))


def _written(identifier: str, number: int, share: bytes) -> str:
    """Return a share as it is printed: in groups of four, with a sum that finds a letter that was copied wrongly."""
    text = base64.b32encode(share + _sum(identifier, number, share)).decode().rstrip("=")
    groups = " ".join(text[at : at + 4] for at in range(0, len(text), 4))
    return f"{_SHARE} {identifier} {number} {groups}"


def _share(text: str) -> tuple[str, int, bytes]:
    words = text.split()
    try:
        mark, identifier, number = words[0], words[1].lower(), int(words[2])
        code = "".join(words[3:]).upper()
        raw = base64.b32decode(code + "=" * (-len(code) % 8))
    except (IndexError, ValueError, binascii.Error):
        raise EscrowError("escrow-no-share", "this is no share: it begins with SHIRASE1, an id and a number") from None
    share, check = raw[:-_SUM_BYTES], raw[-_SUM_BYTES:]
    right = mark.upper() == _SHARE and 1 <= number <= MOST_HOLDERS
    if not right or len(share) != _KEY_BYTES or check != _sum(identifier, number, share):
        raise EscrowError("escrow-miscopied", f"share {number} was not copied right: compare it letter by letter")
    return identifier, number, share


def _sum(identifier: str, number: int, share: bytes) -> bytes:
    return hashlib.sha256(f"{identifier} {number} ".encode() + share).digest()[:_SUM_BYTES]


def _read(raw: bytes) -> tuple[Head, bytes, bytes]:
    try:
        plain = json.loads(raw)
        if plain["v"] != 1:
            raise ValueError("another version")
        head = Head(**plain["head"])
        if not 2 <= head.needed <= head.holders <= MOST_HOLDERS:
            raise ValueError("numbers that no escrow has")
        return head, bytes.fromhex(plain["nonce"]), base64.b64decode(plain["sealed"], validate=True)
    except (ValueError, KeyError, TypeError):
        raise EscrowError("escrow-not-sealed", "this is no sealed file of an escrow") from None


def _json(plain: Mapping[str, Any]) -> bytes:
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
