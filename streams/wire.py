"""Wire formats: our frozen values as JSON with a version, written by orjson and checked when read.

Every record is ``{"v": 1, "t": <type>, "d": <value>}``. Reading checks each field against the type;
a record of an unknown version, of another type or with a wrong field is refused with a reason, never
half read (promise 14: poison is isolated, its neighbours are not delayed).
"""

from typing import Any, TypeVar

import msgspec
import orjson

from streams.dead_letters import Refused

WIRE_VERSION = 1
# orjson refuses integers above 64 bits and passes enums, aware datetimes and dataclasses as they are.
_OPTIONS = orjson.OPT_NON_STR_KEYS

T = TypeVar("T")


class WireError(Refused):
    """Refuse a record that is not what its topic carries; it goes aside with this reason."""


def encode(value: object) -> bytes:
    """Return *value* (a frozen dataclass) as a versioned JSON record."""
    return orjson.dumps({"v": WIRE_VERSION, "t": type(value).__name__, "d": value}, option=_OPTIONS)


def decode(kind: type[T], record: bytes | None) -> T:
    """Return the value of type *kind* in *record*.

    Raises:
        WireError: ``wire-empty``, ``wire-malformed``, ``wire-version-unknown``, ``wire-type`` or
            ``wire-field``.
    """
    # A tombstone is not a record of this kind; the caller tests for None where tombstones may come.
    if record is None or len(record) == 0:
        raise WireError("wire-empty", f"expected a {kind.__name__}")
    try:
        envelope: Any = orjson.loads(record)
    except orjson.JSONDecodeError as error:
        raise WireError("wire-malformed", str(error)) from error
    # By type too: in JSON true is no number, in Python it equals 1.
    if not isinstance(envelope, dict) or type(envelope.get("v")) is not int or envelope["v"] != WIRE_VERSION:
        raise WireError("wire-version-unknown", f"expected version {WIRE_VERSION}")
    if envelope.get("t") != kind.__name__:
        raise WireError("wire-type", f"expected {kind.__name__}")
    try:
        return msgspec.convert(envelope.get("d"), kind)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise WireError("wire-field", str(error)) from error
