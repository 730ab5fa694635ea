"""The residents' state as files, for any web server elsewhere: what is left when API, broker or cloud are gone (R22).

Each page says up to when it was current. A file is replaced at once and never half written. JSON and pages
have the same paths as on the API, so that a proxy can fall back to the folder.
"""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

import orjson

from alerts.wording import JAPAN
from api.drawing.style import PAGE
from api.http.reader import Freshness
from api.live.board import SHARDS, LiveBoard
from api.live.body import Body
from api.live.whole_map import WholeMap

# What a page has in the place of "checked at".
_MARK = b"<!--checked-->"
# Below this the header of gzip eats what it saves.
_WORTH_IT_BYTES = 300


@dataclass(slots=True)
class StaticExport:
    """A folder that follows a board. *front* writes the first page, *script* is what it loads."""

    folder: Path
    board: LiveBoard
    front: Callable[[datetime], str]
    script: str
    whole_map: WholeMap | None = None
    """The map of the city, to which the first page leads."""
    _written: dict[str, str] = field(default_factory=dict)

    def write(self, fresh: Freshness, now: datetime) -> int:
        """Write what changed and the time up to which all of it was current; return how many files."""
        self.board.refresh(now)
        current = now - timedelta(seconds=fresh.age_seconds or 0.0)
        bodies = self.board.answers.bodies
        written = sum(self._write_body(path, body, current) for path, body in bodies.items())
        self._put("index.html", self.front(now).encode())
        self._put("refresh.js", self.script.encode())
        self._put("here/index.html", _contents(self.board.place_names(), current))
        if self.whole_map is None:
            return written + 3
        drawn = self.whole_map.drawn()
        self._put("map.svg", drawn.svg)
        self._put("map-night.svg", drawn.night)
        stamp = f"・{current.astimezone(JAPAN):%m/%d %H:%M:%S} 現在の写し".encode()
        self._put("map/plain/index.html", drawn.page.replace(_MARK, stamp))
        return written + 6

    def _write_body(self, path: str, body: Body, current: datetime) -> bool:
        if path == SHARDS:
            said = orjson.loads(body.raw)
            self._put(path[1:], orjson.dumps({**said, "current_at": current}))
            return True
        if path.startswith("/here/"):
            # Also when it says the same: how old it may be is all that a reader of a copy asks first.
            stamp = f"・{current.astimezone(JAPAN):%m/%d %H:%M:%S} 現在の写し".encode()
            self._put(f"{path[1:]}/index.html", body.raw.replace(_MARK, stamp))
            return True
        if self._written.get(path) == body.etag:
            return False
        self._put(path[1:], body.raw)
        self._written[path] = body.etag
        return True

    def _put(self, name: str, content: bytes) -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, content)
        if len(content) >= _WORTH_IT_BYTES:
            _replace(target.with_name(f"{target.name}.gz"), gzip.compress(content, 6, mtime=0))


def _replace(target: Path, content: bytes) -> None:
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(target)


def _contents(names: Mapping[str, tuple[str, ...]], current: datetime) -> bytes:
    """Return the page that leads to the shards by the names of their places."""
    rows = "".join(
        f'<li><a href="/here/{shard}/">{escape("、".join(places[:12]) or shard)}</a></li>'
        for shard, places in sorted(names.items(), key=lambda pair: pair[1])
    )
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>ここ、いま - 知らせ</title><style>{PAGE}</style></head><body><header><h1>ここ、いま</h1>"
        f'<span class="soft">{current.astimezone(JAPAN):%m/%d %H:%M:%S} 現在の写し</span></header>'
        f'<main><section><h2>地域をえらぶ</h2><ul class="notices">{rows}</ul></section></main></body></html>'
    ).encode()
