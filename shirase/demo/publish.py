"""Put the subscribers of a packed snapshot onto the `subscriptions` topic, sealed."""

import time
from collections.abc import Callable, Iterator

from alerts.place import Cell
from dispatch.columns import NO_QUIET_HOURS, Flag
from dispatch.registry import Registry
from dispatch.subscription import Place, QuietHours, Role, SealKeys, Subscription
from dispatch.terms import unpacked
from streams.brokers.client import Producer
from streams.topics import SUBSCRIPTIONS

_BATCH = 5000
_STORED_WITHIN_SECONDS = 120.0


def publish_subscribers(
    registry: Registry, bootstrap: str, keys: SealKeys, progress: Callable[[str, int, int], None]
) -> None:
    """Send every row of *registry* and return when all are stored."""
    with Producer(bootstrap) as producer:
        for start in range(0, registry.count, _BATCH):
            rows = range(start, min(start + _BATCH, registry.count))
            producer.send_all(
                SUBSCRIPTIONS.name, _sealed(registry, keys, rows), time.monotonic() + _STORED_WITHIN_SECONDS
            )
            progress("subscriptions", rows.stop, registry.count)


def _sealed(registry: Registry, keys: SealKeys, rows: range) -> Iterator[tuple[bytes, bytes]]:
    for row in rows:
        subscription = subscription_at(registry, row)
        yield subscription.id, keys.seal(subscription)


def subscription_at(registry: Registry, row: int) -> Subscription:
    """Return *row* of a packed snapshot as the value that the topic carries."""
    columns = registry.columns
    first, last = int(columns.place_offset[row]), int(columns.place_offset[row + 1])
    quiet = int(columns.quiet_start[row])
    return Subscription(
        id=registry.id_of(row),
        row=int(columns.row_number[row]),
        endpoint=registry.endpoint(row),
        p256dh=registry.p256dh(row),
        auth=registry.auth(row),
        language=registry.language_of(row),
        places=tuple(
            Place(
                Cell(int(columns.place_cell[at])),
                Role(int(columns.place_role[at])),
                int(columns.place_min_level[at]),
                unpacked(int(columns.place_terms[at])),
            )
            for at in range(first, last)
        ),
        quiet_hours=None if quiet == NO_QUIET_HOURS else QuietHours(quiet, int(columns.quiet_end[row])),
        drill=bool(columns.flags[row] & Flag.DRILL),
        canary=bool(columns.flags[row] & Flag.CANARY),
        ward=registry.ward_of(row),
        vapid_key=int(columns.vapid_key[row]),
        seen=int(columns.seen[row]),
    )
