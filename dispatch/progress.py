"""How far a fan-out is: which rows of one bucket and push service are done with.

Rows are counted by their place in the frozen order. A record says how many leading rows are final,
which later ones are, and how often the others were tried; whoever takes over sends what is not final.
"""

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping

import numpy as np
import orjson
from numpy.typing import NDArray

from dispatch.errors import ProgressUnreadable

_VERSION = 1
# Far above any bucket, far below what would hurt when a broken record claims it.
_MOST_ROWS = 10_000_000
# Waits stop growing long before.
_MOST_ATTEMPTS = 255
_WINDOW_BITS, _MEMORY_LEVEL = 10, 4


class Progress:
    """The state of one (notice, bucket, origin). Not frozen: it changes with every answer."""

    __slots__ = ("_final", "_finals", "_retries", "leading", "total")

    def __init__(self, total: int) -> None:
        self.total = total
        self.leading = 0
        self._final = bytearray(total)
        self._finals = 0
        self._retries: dict[int, int] = {}

    @property
    def done(self) -> bool:
        """Tell whether every row is final."""
        return self._finals == self.total

    @property
    def finals(self) -> int:
        """Return how many rows are final."""
        return self._finals

    def is_final(self, position: int) -> bool:
        """Tell whether the row at *position* is done with: it must never be sent again."""
        return bool(self._final[position])

    def mark_final(self, position: int) -> None:
        """Note that the row at *position* needs nothing more; noting it twice changes nothing."""
        if self._final[position]:
            return
        self._final[position] = 1
        self._finals += 1
        self._retries.pop(position, None)
        if position == self.leading:
            open_at = self._final.find(0, position)
            self.leading = self.total if open_at < 0 else open_at

    def mark_retry(self, position: int, attempts: int) -> None:
        """Note that the row at *position* was tried *attempts* times and waits for another."""
        if not self._final[position]:
            self._retries[position] = min(attempts, _MOST_ATTEMPTS)

    def attempts(self, position: int) -> int:
        """Return how often the row at *position* was tried before, as far as a record knows."""
        return self._retries.get(position, 0)

    def retries(self) -> Mapping[int, int]:
        """Return position -> attempts of the rows that wait for another try."""
        return dict(self._retries)

    def open_rows(self) -> Iterator[int]:
        """Yield the positions that are not final, in order: all that a take-over sends."""
        position = self._final.find(0, self.leading)
        while position >= 0:
            yield position
            position = self._final.find(0, position + 1)

    def finals_map(self) -> bytes:
        """Return one byte for each row, 1 where it is final."""
        return bytes(self._final)

    @classmethod
    def of_maps(cls, final: bytes, tries: NDArray[np.uint8]) -> "Progress":
        """Return the state in which a row is final where *final* has a 1, and was tried so often."""
        progress = cls(0)
        progress.total = len(final)
        progress._final = bytearray(final)
        progress._finals = final.count(1)
        open_at = final.find(0)
        progress.leading = len(final) if open_at < 0 else open_at
        if tries.any():
            for position in np.flatnonzero((tries > 0) & (np.frombuffer(final, dtype=np.uint8) == 0)).tolist():
                progress._retries[position] = int(tries[position])
        return progress

    def plain(self) -> dict[str, object]:
        """Return the state as JSON can hold it."""
        plain: dict[str, object] = {"total": self.total, "leading": self.leading}
        if self._finals > self.leading:
            plain["later"] = _deflated(self._final[self.leading :])
        if self._retries:
            # As a map like the finals: when a whole push service is away, every row of it waits.
            tries = bytearray(self.total - self.leading)
            for position, attempts in self._retries.items():
                tries[position - self.leading] = min(attempts, _MOST_ATTEMPTS)
            plain["tries"] = _deflated(tries)
        return plain

    @classmethod
    def of_plain(cls, plain: Mapping[str, object]) -> "Progress":
        """Return the state that `plain` wrote; raises ValueError, TypeError or KeyError for another."""
        total, leading = _number(plain["total"], _MOST_ROWS), _number(plain["leading"], _MOST_ROWS)
        if leading > total:
            raise ValueError("more leading rows than rows")
        progress = cls(total)
        progress._final[:leading] = b"\x01" * leading
        later = _inflated(str(plain.get("later", "")), total - leading)
        if later.strip(b"\x00\x01"):
            raise ValueError("not a map of finals")
        progress._final[leading : leading + len(later)] = later
        progress._finals = progress._final.count(1)
        open_at = progress._final.find(0)
        progress.leading = total if open_at < 0 else open_at
        for position, attempts in enumerate(_inflated(str(plain.get("tries", "")), total - leading), leading):
            if attempts:
                progress.mark_retry(position, attempts)
        return progress


def encode(by_origin: Mapping[str, Progress]) -> bytes:
    """Write the progress of one bucket, all push services."""
    plain = {"v": _VERSION, "origins": {origin: progress.plain() for origin, progress in by_origin.items()}}
    return orjson.dumps(plain)


def decode(raw: bytes) -> dict[str, Progress]:
    """Read what `encode` wrote; anything else raises ProgressUnreadable."""
    try:
        plain = orjson.loads(raw)
        if plain["v"] != _VERSION:
            raise ProgressUnreadable("progress-version")
        return {origin: Progress.of_plain(one) for origin, one in plain["origins"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error, zlib.error):
        raise ProgressUnreadable("progress-form") from None


def _number(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError("not a number in range")
    return value


def _deflated(one_byte_each: bytearray) -> str:
    # A small window: `zlib.compress` clears 256 KiB for it each time, which takes longer than the few hundred bytes.
    deflate = zlib.compressobj(1, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
    deflated = deflate.compress(one_byte_each.rstrip(b"\x00")) + deflate.flush()
    return base64.b64encode(deflated).decode()


def _inflated(text: str, most: int) -> bytes:
    if not text:
        return b""
    inflate = zlib.decompressobj()
    inflated = inflate.decompress(base64.b64decode(text, validate=True), most + 1)
    if len(inflated) > most:
        raise ValueError("a map longer than the rows it is of")
    return inflated
