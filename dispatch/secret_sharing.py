"""Split a secret so that some of its holders together have it, and fewer of them nothing (Shamir, 1979).

Over GF(2^8) with the polynomial of AES, byte by byte: a share is as long as the secret. Direction of safety: fewer
shares than needed say nothing at all of the secret. Whether shares were right is not known here.
"""

import secrets
from collections.abc import Mapping

MOST_HOLDERS = 255
_AES_POLYNOMIAL = 0x11B


def split(secret: bytes, *, needed: int, holders: int) -> dict[int, bytes]:
    """Return a share for each of *holders* by its number, any *needed* of which make *secret* again."""
    if not 2 <= needed <= holders <= MOST_HOLDERS:
        raise ValueError("two or more are needed, and not more than there are holders")
    found = {number: bytearray() for number in range(1, holders + 1)}
    for byte in secret:
        # A curve of the degree below `needed` that passes through the byte at zero; all else of it is drawn.
        curve = (byte, *secrets.token_bytes(needed - 1))
        for number, share in found.items():
            share.append(_at(curve, number))
    return {number: bytes(share) for number, share in found.items()}


def combine(shares: Mapping[int, bytes]) -> bytes:
    """Return the secret of *shares* by number, as many as were needed; of wrong or too few ones, other bytes."""
    lengths = {len(share) for share in shares.values()}
    if len(lengths) != 1 or not all(1 <= number <= MOST_HOLDERS for number in shares):
        raise ValueError("shares of one secret have one length, and numbers from 1 to 255")
    weights = {number: _weight(number, shares) for number in shares}
    found = bytearray()
    for place in range(lengths.pop()):
        byte = 0
        for number, share in shares.items():
            byte ^= _times(share[place], weights[number])
        found.append(byte)
    return bytes(found)


def _weight(number: int, numbers: Mapping[int, bytes]) -> int:
    """Return Lagrange's weight of *number* at zero."""
    weight = 1
    for other in numbers:
        if other != number:
            weight = _times(weight, _times(other, _inverse(other ^ number)))
    return weight


def _at(curve: tuple[int, ...], x: int) -> int:
    value = 0
    for part in reversed(curve):
        value = _times(value, x) ^ part
    return value


def _times(left: int, right: int) -> int:
    found = 0
    while right:
        if right & 1:
            found ^= left
        left <<= 1
        if left & 0x100:
            left ^= _AES_POLYNOMIAL
        right >>= 1
    return found


def _inverse(value: int) -> int:
    # Every element but zero to the 254th is its inverse.
    found = value
    for _ in range(6):
        value = _times(value, value)
        found = _times(found, value)
    return _times(found, found)
