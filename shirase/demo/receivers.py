"""The keys of the synthetic receivers: made from a seed, kept in files that anybody can decrypt with.

`receivers.npz` holds, row by row in the order of the registry: `token` (n, t) raw bytes whose
base64url text is the last part of the endpoint, `private` (n, 32) the P-256 scalar, big-endian,
`public` (n, 64) the point without its leading 04, `auth` (n, 16). Up to 10,000 receivers there is
`receivers.json.gz` as well, the same as text, one JSON object a line, for tools that read no numpy.

These are keys of nobody: a real receiver's private key never leaves its browser.
"""

import gzip
import hashlib
import json
import multiprocessing
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from numpy.typing import NDArray

from shirase.errors import ReceiversUnreadable

TEXT_LIMIT = 10_000
# RFC 8030 asks for addresses that cannot be guessed; 16 bytes are 22 characters of base64url.
TOKEN_BYTES = 16
# From here on a second process pays for its start (0.4 s) on 2 cores.
_PARALLEL_FROM = 20_000
_CHUNK = 10_000
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_CURVE = ec.SECP256R1()

U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Receiver:
    """What a browser keeps: enough to decrypt what was sent to its endpoint."""

    token: str
    private_key: ec.EllipticCurvePrivateKey
    p256dh: bytes  # 65 bytes, uncompressed
    auth: bytes


class Receivers:
    """All receivers of one synthetic snapshot, found by the token of their endpoint."""

    def __init__(self, token: U8, private: U8, public: U8, auth: U8) -> None:
        self.token = token
        self.private = private
        self.public = public
        self.auth = auth

    def __len__(self) -> int:
        return len(self.token)

    def token_text(self, row: int) -> str:
        """Return the token of *row* as it stands in its endpoint."""
        return _text(self.token[row].tobytes())

    def of(self, token: str) -> Receiver | None:
        """Return the receiver whose endpoint ends in *token*, or None when there is none."""
        try:
            row = self._row_of.get(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        except ValueError:
            return None
        return None if row is None else self.at(row)

    def at(self, row: int) -> Receiver:
        """Return the receiver of *row* of the snapshot."""
        scalar = int.from_bytes(self.private[row].tobytes(), "big")
        key = ec.derive_private_key(scalar, _CURVE)
        return Receiver(self.token_text(row), key, b"\x04" + self.public[row].tobytes(), self.auth[row].tobytes())

    @cached_property
    def _row_of(self) -> dict[bytes, int]:
        return {token.tobytes(): row for row, token in enumerate(self.token)}

    def save(self, folder: Path) -> None:
        """Write the files named at the top, readable by their owner only."""
        with os.fdopen(_private_file(folder / "receivers.npz"), "wb") as file:
            np.savez(file, token=self.token, private=self.private, public=self.public, auth=self.auth)
        if len(self) <= TEXT_LIMIT:
            with gzip.open(os.fdopen(_private_file(folder / "receivers.json.gz"), "wb"), "wt", 1) as lines:
                for row in range(len(self)):
                    lines.write(json.dumps(self._plain(row)) + "\n")

    def _plain(self, row: int) -> dict[str, str]:
        return {
            "token": self.token_text(row),
            "private": _text(self.private[row].tobytes()),
            "p256dh": _text(b"\x04" + self.public[row].tobytes()),
            "auth": _text(self.auth[row].tobytes()),
        }

    @classmethod
    def load(cls, folder: Path) -> "Receivers":
        """Read the receivers of the snapshot in *folder*."""
        path = folder / "receivers.npz"
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(arrays["token"], arrays["private"], arrays["public"], arrays["auth"])
        except (OSError, ValueError, KeyError) as error:
            raise ReceiversUnreadable(
                f"{path} does not hold receivers' keys; make them with: shirase subscribers synth --out {folder}"
            ) from error


def make(
    count: int, seed: int, token_bytes: int = TOKEN_BYTES, progress: Callable[[int, int], None] | None = None
) -> Receivers:
    """Return *count* receivers made from *seed*: the same bytes on every machine, on any number of cores.

    *progress* is told how many of how many are done.
    """
    starts = range(0, count, _CHUNK)
    work = [(seed, start, min(count, start + _CHUNK)) for start in starts]
    if count >= _PARALLEL_FROM and (os.cpu_count() or 1) > 1:
        # Spawned, not forked: the caller may hold threads of librdkafka.
        with multiprocessing.get_context("spawn").Pool(min(len(work), os.cpu_count() or 1)) as pool:
            pieces = _counted(pool.imap(_pairs, work), count, progress)
    else:
        pieces = _counted(map(_pairs, work), count, progress)
    pairs = np.frombuffer(b"".join(pieces), dtype=np.uint8).reshape(count, 96)
    random = np.random.default_rng([seed, 11])
    token = random.integers(0, 256, (count, token_bytes), dtype=np.uint8)
    auth = random.integers(0, 256, (count, 16), dtype=np.uint8)
    return Receivers(token, pairs[:, :32].copy(), pairs[:, 32:].copy(), auth)


def _counted(pieces: Iterable[bytes], count: int, progress: Callable[[int, int], None] | None) -> list[bytes]:
    made = []
    for number, piece in enumerate(pieces, start=1):
        made.append(piece)
        if progress is not None:
            progress(min(count, number * _CHUNK), count)
    return made


def _pairs(piece: tuple[int, int, int]) -> bytes:
    seed, start, end = piece
    made = []
    for row in range(start, end):
        digest = hashlib.sha512(f"shirase receiver {seed} {row}".encode()).digest()
        # 512 bits reduced to 256: what the modulus favours is beyond noticing.
        scalar = int.from_bytes(digest, "big") % (_ORDER - 1) + 1
        public = ec.derive_private_key(scalar, _CURVE).public_key()
        made.append(scalar.to_bytes(32, "big"))
        made.append(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:])
    return b"".join(made)


def _private_file(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
