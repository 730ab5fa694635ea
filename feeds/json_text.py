"""Build JSON from strangers: depth and size are checked before anything is built.

The standard reader takes NaN, 1e999, the last of two equal keys and half of a surrogate pair without a
word. Each of them means two readers who understand two things, so each is refused with its reason.
"""

import codecs
import json
import math
import re
from dataclasses import dataclass
from typing import Any

from feeds.errors import JsonError


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """How large a document may be."""

    max_bytes: int = 4 * 1024 * 1024
    max_depth: int = 32
    max_number_characters: int = 40


DEFAULT_LIMITS = JsonLimits()

# The closing quote may be missing: an open text must not be begun again at each of its quotes.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_json(raw: bytes, limits: JsonLimits = DEFAULT_LIMITS) -> Any:
    """Return what *raw* says, or raise `JsonError` with a stable reason.

    UTF-8 only, with or without a byte order mark. Numbers are finite, keys of an object differ, and every
    text can be written again.
    """
    if len(raw) > limits.max_bytes:
        raise JsonError("too-large", f"{len(raw)} bytes, the limit is {limits.max_bytes}")
    content = raw.removeprefix(codecs.BOM_UTF8)
    if not content.strip():
        raise JsonError("empty", "no bytes")
    _check_depth(content, limits.max_depth)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError("encoding", f"byte {error.start} is not UTF-8") from None

    def integer(digits: str) -> int:
        if len(digits) > limits.max_number_characters:
            raise JsonError("json-number", f"a number of {len(digits)} characters")
        return int(digits)

    def decimal(digits: str) -> float:
        if len(digits) > limits.max_number_characters:
            raise JsonError("json-number", f"a number of {len(digits)} characters")
        number = float(digits)
        if not math.isfinite(number):
            raise JsonError("json-number", f"{digits[:40]} is not finite")
        return number

    try:
        built = json.loads(
            text, object_pairs_hook=_object, parse_int=integer, parse_float=decimal, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        raise JsonError("json-malformed", f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    if _SURROGATE.search(content):
        _check_texts(built)
    return built


def _check_depth(content: bytes, max_depth: int) -> None:
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", content)):
        depth += 1 if bracket.group() in (b"[", b"{") else -1
        if depth > max_depth:
            raise JsonError("json-too-deep", f"more than {max_depth} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonError("json-duplicate-key", twice[:80].encode("utf-8", "replace").decode())
    return found


def _constant(name: str) -> Any:
    raise JsonError("json-number", f"{name} is not a number")


def _check_texts(built: Any) -> None:
    """Refuse half of a surrogate pair: no file, topic or page could hold it."""
    waiting = [built]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.keys())
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and not _can_be_written(value):
            raise JsonError("json-lone-surrogate", "a text holds half of a surrogate pair")


def _can_be_written(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
