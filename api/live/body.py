"""One answer, ready to leave: its bytes, the same compressed, and the names by which a cache knows it."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

# A shard's body is made once and sent a hundred thousand times: the most work for the fewest bytes.
_LEVEL = 9
# Below this the header of gzip eats what it saves.
_WORTH_IT_BYTES = 300


@dataclass(frozen=True, slots=True)
class Content:
    """What an answer says. `edge` is when it will say something else without any news: a fact that grows old."""

    said: Mapping[str, Any]
    facts_at: datetime | None
    edge: datetime | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes, and what is said of them. `digest` names what is said, not when it was made."""

    raw: bytes
    gzipped: bytes | None
    digest: str
    etag: str
    media_type: str
    facts_at: datetime | None
    edge: datetime | None


def body_of(content: Content, media_type: str, at: datetime) -> Body:
    """Return *content* as bytes, made at *at*."""
    return _body(content, media_type, at, _digest(content))


def renewed(before: Body | None, content: Content, media_type: str, at: datetime) -> Body:
    """Return *before* where *content* says the same, so that nobody fetches it again; else a new body."""
    name = _digest(content)
    if before is not None and before.digest == name:
        return Body(before.raw, before.gzipped, name, before.etag, media_type, before.facts_at, content.edge)
    return _body(content, media_type, at, name)


def _body(content: Content, media_type: str, at: datetime, name: str) -> Body:
    age = None if content.facts_at is None else max(0, int((at - content.facts_at).total_seconds()))
    raw = orjson.dumps({**content.said, "as_of": at, "facts_at": content.facts_at, "age_seconds": age})
    # Without the time of making: the same bytes give the same bytes.
    gzipped = gzip.compress(raw, _LEVEL, mtime=0) if len(raw) >= _WORTH_IT_BYTES else None
    # Weak: the same bytes may leave compressed.
    return Body(raw, gzipped, name, f'W/"{name}"', media_type, content.facts_at, content.edge)


def _digest(content: Content) -> str:
    return hashlib.sha256(orjson.dumps({**content.said, "facts_at": content.facts_at})).hexdigest()[:24]
