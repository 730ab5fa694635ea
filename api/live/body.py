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
    """What an answer says: a JSON object, or a page that is written already.

    `edge` is when it will say something else without any news: a fact that grows old.
    """

    said: Mapping[str, Any] | str
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


def renewed(before: Body | None, content: Content, media_type: str, at: datetime) -> Body:
    """Return *before* where *content* says the same, so that nobody fetches it again; else a new body."""
    name = _digest(content)
    if before is not None and before.digest == name:
        return Body(before.raw, before.gzipped, name, before.etag, media_type, before.facts_at, content.edge)
    return _body(content, media_type, at, name)


def _body(content: Content, media_type: str, at: datetime, name: str) -> Body:
    if isinstance(content.said, str):
        raw = content.said.encode()
    else:
        raw = _aged(content.said, content.facts_at, at)
    # Without the time of making: the same bytes give the same bytes.
    gzipped = gzip.compress(raw, _LEVEL, mtime=0) if len(raw) >= _WORTH_IT_BYTES else None
    # Weak: the same bytes may leave compressed.
    return Body(raw, gzipped, name, f'W/"{name}"', media_type, content.facts_at, content.edge)


def _aged(said: Mapping[str, Any], facts_at: datetime | None, at: datetime) -> bytes:
    age = None if facts_at is None else max(0, int((at - facts_at).total_seconds()))
    return orjson.dumps({**said, "as_of": at, "facts_at": facts_at, "age_seconds": age})


def _digest(content: Content) -> str:
    said = content.said
    raw = said.encode() if isinstance(said, str) else orjson.dumps({**said, "facts_at": content.facts_at})
    return hashlib.sha256(raw).hexdigest()[:24]
