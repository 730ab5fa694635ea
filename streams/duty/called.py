"""What was called so far, read back at a start: a restart wakes nobody twice for the same thing."""

from streams.brokers.client import read_to_end
from streams.payloads import PageRecord
from streams.topics import PAGES
from streams.wire import decode


def calls_so_far(bootstrap: str) -> dict[bytes, PageRecord]:
    """Return what is on `pages`, by key."""
    found: dict[bytes, PageRecord] = {}
    for record in read_to_end(bootstrap, PAGES.name):
        if record.value is not None:
            found[record.key] = decode(PageRecord, record.value)
    return found


def key_of(draft_id: str, person: str, way: str) -> bytes:
    """Return the key of a call on `pages`."""
    return f"{draft_id}|{person}|{way}".encode()
