"""Which sources have gone silent: said aloud, because silence reads as calm (R10)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from api.live.words import silent
from streams.payloads import SourceRecord


def sources_said(records: Iterable[SourceRecord], at: datetime) -> tuple[list[dict[str, Any]], datetime | None]:
    """Return each source with when it last answered and, once it is silent, the sentence; and the next edge."""
    found: list[dict[str, Any]] = []
    edges: list[datetime] = []
    for record in sorted(records, key=lambda record: record.source):
        quiet = at > record.fresh_until
        if not quiet:
            edges.append(record.fresh_until)
        found.append(
            {
                "source": record.source,
                "owner": record.owner,
                # While it answers its time moves each minute and says nothing new; it would wake every page.
                "since": record.answered if quiet else None,
                "silent": quiet,
                "texts": silent(record.owner or record.source, record.answered) if quiet else None,
            }
        )
    return found, min(edges, default=None)
