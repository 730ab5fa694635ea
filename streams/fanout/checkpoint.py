"""How far one bucket's fan-out is: the value of a `progress` record.

A line of JSON (counts by outcome, by ward and by ring, first and last acceptance), a newline, then the packed
positions of `dispatch.progress`. Counts and positions are written together, so that after a take-over
the receipt still adds up.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from dispatch.errors import ProgressUnreadable
from dispatch.progress import Progress
from dispatch.progress import decode as positions_from
from dispatch.progress import encode as positions_to
from streams.wire import WireError


@dataclass(slots=True)
class Ring:
    """The rows of one rank of danger, and the ends of those that have one."""

    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Checkpoint:
    """What is final in a bucket, and what became of it. `rings` go by rank: 0 is the greatest danger."""

    positions: dict[str, Progress] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    wards: Counter[str] = field(default_factory=Counter)
    first_accepted_ms: int | None = None
    last_accepted_ms: int | None = None
    ward_bytes: Counter[str] = field(default_factory=Counter)
    rings: dict[int, Ring] = field(default_factory=dict)

    def accepted(self, ward: str, at_ms: int) -> None:
        """Count an acceptance."""
        self.wards[ward] += 1
        self.first_accepted_ms = at_ms if self.first_accepted_ms is None else self.first_accepted_ms
        self.last_accepted_ms = at_ms

    def add(self, other: "Checkpoint") -> None:
        """Add the counts of *other*, and take in its moments."""
        self.outcomes.update(other.outcomes)
        self.wards.update(other.wards)
        self.ward_bytes.update(other.ward_bytes)
        for rank, ring in other.rings.items():
            mine = self.rings.setdefault(rank, Ring())
            mine.rows += ring.rows
            mine.outcomes.update(ring.outcomes)
        firsts = [at for at in (self.first_accepted_ms, other.first_accepted_ms) if at is not None]
        lasts = [at for at in (self.last_accepted_ms, other.last_accepted_ms) if at is not None]
        self.first_accepted_ms = min(firsts, default=None)
        self.last_accepted_ms = max(lasts, default=None)


def progress_key(lineage: str, revision: int, bucket: int, epoch: int) -> bytes:
    """Return the key of a `progress` record: readers take the highest epoch."""
    return f"{lineage}|{revision}|{bucket}|{epoch}".encode()


def parse_progress_key(key: bytes) -> tuple[str, int, int, int]:
    """Return lineage, revision, bucket and epoch of a key."""
    try:
        lineage, revision, bucket, epoch = key.decode().rsplit("|", 3)
        return lineage, int(revision), int(bucket), int(epoch)
    except ValueError as error:
        raise WireError("wire-field", "progress key") from error


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return *checkpoint* as bytes."""
    head: Mapping[str, object] = {
        "v": 1,
        "outcomes": checkpoint.outcomes,
        "wards": checkpoint.wards,
        "bytes": checkpoint.ward_bytes,
        "first": checkpoint.first_accepted_ms,
        "last": checkpoint.last_accepted_ms,
        "rings": {str(rank): [ring.rows, ring.outcomes] for rank, ring in checkpoint.rings.items()},
    }
    return orjson.dumps(head) + b"\n" + positions_to(checkpoint.positions)


def decode_checkpoint(value: bytes) -> Checkpoint:
    """Return the checkpoint in *value*; raises `WireError` when it is of another version or broken."""
    head_bytes, separator, positions = value.partition(b"\n")
    try:
        head = orjson.loads(head_bytes)
    except orjson.JSONDecodeError as error:
        raise WireError("wire-malformed", "checkpoint") from error
    if not separator or not isinstance(head, dict) or head.get("v") != 1:
        raise WireError("wire-version-unknown", "checkpoint")
    try:
        return Checkpoint(
            positions=dict(positions_from(positions)),
            outcomes=Counter(dict(head["outcomes"])),
            wards=Counter(dict(head["wards"])),
            first_accepted_ms=head["first"],
            last_accepted_ms=head["last"],
            ward_bytes=Counter(dict(head.get("bytes", {}))),
            rings={
                int(rank): Ring(int(rows), Counter(dict(outcomes)))
                for rank, (rows, outcomes) in dict(head.get("rings", {})).items()
            },
        )
    except (ProgressUnreadable, KeyError, TypeError, ValueError) as error:
        raise WireError("wire-field", "checkpoint") from error
