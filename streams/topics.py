"""The topics: one table, from which brokers are set up and `docs/topics.md` is written.

Keys. A series stays in order (`telegrams`, `reports`); state is keyed by place (`claims`,
`hazards`); sending is keyed uniformly (bucket), because a disaster is local and would queue on one
partition. Data classes: 0 public, 1 operational, 2 pseudonymous; personal data (class 3) is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


class Cleanup(StrEnum):
    """Kafka's `cleanup.policy`."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic and its rules. `retention_hours` None means: as long as the key lives."""

    name: str
    key: str
    partitions: int
    cleanup: Cleanup
    retention_hours: int | None
    max_message_bytes: int
    data_class: int
    readers: tuple[str, ...]
    note: str
    extra: Mapping[str, str] = field(default_factory=dict)


TELEGRAMS = Topic(
    "telegrams", "series", 8, Cleanup.DELETE, 24 * 365, 8_000_000, 0, ("ingest",),
    "raw bytes as received; headers: received-at (ms), receipt id, feed, name; audit and replay",
)  # fmt: skip
REPORTS = Topic(
    "reports", "series", 8, Cleanup.DELETE, 24 * 90, 4_000_000, 0,
    ("console", "replay", "gauges", "residents"),
    "one record per document: its outcome, reason, level, hazard, codes, number of claims",
)  # fmt: skip
CLAIMS = Topic(
    "claims", "shard", 8, Cleanup.DELETE, 24 * 14, 1_000_000, 0, ("hazards",),
    "one per document and shard; carries the number of shards so that completeness can be told",
)  # fmt: skip
HAZARDS = Topic(
    "hazards", "shard", 8, Cleanup.COMPACT, None, 4_000_000, 0, ("notices", "evacuation", "residents", "console"),
    "snapshot per shard with version and digest, never deltas; kept uncompacted for an hour",
    {"min.compaction.lag.ms": str(HOUR_MS)},
)  # fmt: skip
READINGS = Topic(
    "readings", "station", 8, Cleanup.DELETE, 24 * 14, 1_000_000, 0, ("gauges",),
    "what one document says of one station: its description, its readings of stage, rain and flow",
)  # fmt: skip
GAUGES = Topic(
    "gauges", "station", 8, Cleanup.COMPACT, None, 262_144, 0, ("console", "residents"),
    "a station as it stands: level, stage, doubt, when it was heard; the short forecast is for coordinators only (R23)",
)  # fmt: skip
CLOSURES = Topic(
    "closures", "id + source", 4, Cleanup.COMPACT, None, 262_144, 0, ("evacuation", "residents", "console"),
    "one source's newest word on one road; key `heartbeat|SOURCE`: when a source was last heard",
)  # fmt: skip
SHELTERS = Topic(
    "shelters", "id + source", 4, Cleanup.COMPACT, None, 262_144, 0, ("evacuation", "residents", "console"),
    "one source's newest word on one site; heartbeats as on closures",
)  # fmt: skip
INCIDENTS = Topic(
    "incidents", "id + source", 4, Cleanup.COMPACT, None, 262_144, 0, ("residents", "console"),
    "one source's newest word on one incident; heartbeats as on closures",
)  # fmt: skip
CAPS = Topic(
    "caps", "id + source", 4, Cleanup.COMPACT, None, 262_144, 0, ("evacuation", "console"),
    "how many people of another ward a ward takes (R17): its newest word on one line; heartbeats as on closures",
)  # fmt: skip
CROSSINGS = Topic(
    "crossings", "ward line", 4, Cleanup.COMPACT, None, 262_144, 0, ("evacuation", "console"),
    "how many people the plan sends over one line between two wards, and since when; before their notice is drafted",
)  # fmt: skip
PLANS = Topic(
    "plans", "shard", 8, Cleanup.COMPACT, None, 4_000_000, 0,
    ("dispatch", "evacuation", "residents", "console"),
    "what the people of each cell are to do, with version and digest, never deltas; kept uncompacted for an hour, "
    "because a notice names the digest that it is built from",
    {"min.compaction.lag.ms": str(HOUR_MS)},
)  # fmt: skip
EFFECTS = Topic(
    "effects", "fact", 4, Cleanup.COMPACT, None, 262_144, 0, ("evacuation", "console", "replay", "residents"),
    "what a closure, a shelter's state or an order led to: roads blocked, cells and people moved; "
    "key `position`: how far the planner has read and acted",
)  # fmt: skip
PREVIEWS = Topic(
    "previews", "id", 4, Cleanup.DELETE, 1, 1_000_000, 0, ("evacuation", "console"),
    "key `ask|ID`: a closure that nobody has posted yet; `seen|ID`: the planner's answer, whom it would move",
)  # fmt: skip
KEPT_AREAS = Topic(
    "kept-areas", "wards + name", 1, Cleanup.COMPACT, None, 262_144, 0, ("console",),
    "areas that coordinators keep under a name, with the wards whose they are; a tombstone forgets one",
)  # fmt: skip
DRAFTS = Topic(
    "drafts", "draft id", 4, Cleanup.COMPACT, None, 8_000_000, 0, ("console", "replay"),
    "what became of each document at the notices stage: approved, open, held, nothing changed",
)  # fmt: skip
DUTY = Topic(
    "duty", "roster, device, call or pager", 1, Cleanup.COMPACT, None, 16_384, 2, ("pager", "console"),
    "who is on duty, as the console's administrators say; officers' devices, encrypted with a key kept outside Kafka; "
    "calls to oneself; and what the pager goes by",
)  # fmt: skip
PAGES = Topic(
    "pages", "draft id + person + way", 1, Cleanup.COMPACT, None, 16_384, 1, ("pager", "console"),
    "who was called because a draft waits, whether the call was taken, and drafts that nobody decided in time",
)  # fmt: skip
COMMANDS = Topic(
    "commands", "lineage", 4, Cleanup.DELETE, 24 * 90, 8_000_000, 1, ("decider",),
    "create, approve, void; one decider applies them in order, so that a race has one winner",
)  # fmt: skip
NOTICES = Topic(
    "notices", "lineage", 4, Cleanup.DELETE, 24 * 90, 8_000_000, 0,
    ("dispatch", "notices", "evacuation", "channels", "residents", "console"),
    "approved revisions: cells, texts, expiry, digest; of kind 3 the order and, per shard, plan version and digest",
)  # fmt: skip
DRILL_NOTICES = Topic(
    "drill-notices", "lineage", 4, Cleanup.DELETE, 24 * 90, 8_000_000, 0,
    ("dispatch", "channels", "residents", "console"),
    "as `notices`, of drills only: who may write or read drills is a right of its own, and no stage of what is real "
    "reads it",
)  # fmt: skip
SUBSCRIPTIONS = Topic(
    "subscriptions", "subscription id", 16, Cleanup.COMPACT, None, 16_384, 2, ("dispatch", "residents"),
    "the source of truth; values are encrypted with a key kept outside Kafka; a tombstone forgets; keys `roll-N` are "
    "nobody's: they let quiet partitions roll; an id with one byte more is when its owner was last there",
    # A tombstone is a random id and nothing else; a snapshot is gone on with for half of the time that it stays.
    {
        # Rolled within six minutes (`streams.brokers.rolling`), cleaned within ten, old files gone a minute later: 15.
        "max.compaction.lag.ms": str(10 * MINUTE_MS),
        "segment.ms": str(5 * MINUTE_MS),
        "delete.retention.ms": str(14 * 24 * HOUR_MS),
    },
)  # fmt: skip
TOLD = Topic(
    "told", "lineage + revision + bucket and range", 16, Cleanup.COMPACT, None, 4_000_000, 2, ("dispatch",),
    "random 64-bit row numbers in frozen order, the generation that seals them; before the first POST of a range",
)  # fmt: skip
PROGRESS = Topic(
    "progress", "notice + bucket and range + epoch", 16, Cleanup.COMPACT, None, 262_144, 1, ("dispatch", "console"),
    "how far the fan-out is: leading finals per origin, later finals, rows waiting for a retry",
)  # fmt: skip
RECEIPTS = Topic(
    "receipts", "notice + worker", 4, Cleanup.COMPACT, None, 262_144, 1, ("console", "replay", "residents"),
    "counts by outcome, ring, push service and ward of one notice at one worker; the end of its fan-out there",
)  # fmt: skip
OWNERS = Topic(
    "owners", "worker", 1, Cleanup.COMPACT, None, 4_096, 1, ("dispatch",),
    "who owns a share of the buckets, by epoch; read back to its end before the first send",
)  # fmt: skip
CHANNELS = Topic(
    "channels", "lineage + revision + ward + form, or again + form key", 4, Cleanup.COMPACT, None, 16_384, 1,
    ("channels", "console"),
    "where a revision stands in L-Alert, DIS, CAP, on screens, at loudspeakers and webhooks: sent, accepted, failed or "
    "typed by hand, the SHA-256 of what left, whether it corrects and whether it is a drill; questions to send again",
)  # fmt: skip
HEADCOUNTS = Topic(
    "headcounts", "day + worker + workers", 1, Cleanup.DELETE, 24 * 400, 1_000_000, 1, ("console",),
    "people of each ward at the end of a day by when they were last there, and the bytes stored of them; counts only",
)  # fmt: skip
SOURCES = Topic(
    "sources", "source", 1, Cleanup.COMPACT, None, 4_096, 1, ("console", "residents"),
    "when each source last answered, until when it counts as fresh, and how its last round ended",
)  # fmt: skip
AUDIT = Topic(
    "audit", "single", 1, Cleanup.DELETE, None, 65_536, 1, ("console",),
    "hash-chained acts of coordinators; one writer",
)  # fmt: skip
ASKED = Topic(
    "asked-acts", "act", 1, Cleanup.DELETE, 24 * 7, 65_536, 1, ("console",),
    "acts of a command line that are about to be done: the console, which is the trail's one writer, writes them down",
)  # fmt: skip
DEAD_LETTERS = Topic(
    "dead-letters", "topic-partition-offset", 4, Cleanup.DELETE, 24 * 90, 8_000_000, 0, ("console", "replay"),
    "original bytes and a reason code; of subscriptions the reason and length only",
)  # fmt: skip

# Where approved revisions stand, live and practised.
APPROVED: frozenset[str] = frozenset({NOTICES.name, DRILL_NOTICES.name})

# What the planner acts on, in the order in which it reads them at its start.
PLANNER_FOLLOWS: tuple[Topic, ...] = (HAZARDS, CLOSURES, SHELTERS, CAPS, NOTICES)

ALL: tuple[Topic, ...] = (
    TELEGRAMS, REPORTS, CLAIMS, HAZARDS, READINGS, GAUGES, CLOSURES, SHELTERS, INCIDENTS, CAPS, CROSSINGS, PLANS,
    EFFECTS, PREVIEWS, KEPT_AREAS, DRAFTS, DUTY, PAGES, COMMANDS, NOTICES, DRILL_NOTICES,
    SUBSCRIPTIONS, TOLD, PROGRESS, RECEIPTS, OWNERS, CHANNELS, HEADCOUNTS, SOURCES, AUDIT, ASKED, DEAD_LETTERS,
)  # fmt: skip
