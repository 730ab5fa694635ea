"""What the stream processes measure: one class, one registry, every label value present from the start.

A series that is missing and a series that is zero look the same on a dashboard and mean the opposite:
hence all of them are created at zero. Labels are enums, never ids, places or documents.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from alerts.agreement import Disagreement
from alerts.notice import NoticeKind, Phase
from alerts.report import OutcomeKind
from alerts.returned import Verdict
from feeds.errors import FetchReason
from streams.topics import ALL
from streams.version import show_version


class Role(StrEnum):
    """The processes of the pipeline: what `shirase worker ROLE` runs and compose.yaml lists."""

    INGEST = "ingest"
    HAZARDS = "hazards"
    NOTICES = "notices"
    EVACUATION = "evacuation"
    DECIDER = "decider"
    FANOUT = "fanout"
    COLLECT = "collect"
    GAUGES = "gauges"
    CHANNELS = "channels"
    PAGER = "pager"


class Hop(StrEnum):
    """Stretches of the way from a received document to the first accepted push."""

    RECEIVED_TO_CLAIMED = "received-to-claimed"
    CLAIMED_TO_MAPPED = "claimed-to-mapped"
    MAPPED_TO_DRAFTED = "mapped-to-drafted"
    DRAFTED_TO_APPROVED = "drafted-to-approved"
    APPROVED_TO_FIRST_POST = "approved-to-first-post"
    RECEIVED_TO_FIRST_ACCEPTED = "received-to-first-accepted"


class Feed(StrEnum):
    """Sources, as policy names them; whatever else there is counts as OTHER."""

    JMA = "jma"
    CAP = "cap"
    GAUGE = "gauge"
    QZSS = "qzss"
    SUPPLY = "supply"
    FORECAST = "forecast"
    DIS = "dis"
    L_ALERT = "l-alert"
    NIGHT = "night"
    OTHER = "other"


class DeathCause(StrEnum):
    """Classes of dead letters. The exact reason is in the record: as a label it would be unbounded."""

    REFUSED = "refused"  # the input's fault: a stable reason code
    UNEXPECTED = "unexpected"  # ours: an exception nobody named


class HeldBy(StrEnum):
    """Why a draft waits for a person. The exact reason is in the record."""

    POLICY = "policy"
    NO_SIGN = "order-without-independent-sign"  # R9: nothing else says that it is dangerous there
    OTHER = "other"


class MissedBy(StrEnum):
    """What ended a worker before its supervisor started it again."""

    EXIT = "exit"
    STUCK = "stuck"


# What became of a claim on the map of its shard, in the words of `geo.hazard_map`. A reason that geo invents
# later counts as "other" until it is named here; a test compares the two.
CLAIM_REASONS = (
    "new-lineage", "newer-revision", "withdrawn", "withdrawn-before-known", "same-claim", "older-revision",
    "revision-taken", "other",
)  # fmt: skip

ORDER_VERDICTS = (Verdict.RETURNED.value, Verdict.AREAS_DIFFER.value)

# Thresholds of the budget: 0.3 s a draft waits for its shards at most, 2 s the first life-threatening
# POST (promise 5), 5 s a rise or a closure (promises 6 and 13), 10 s a correction (9), 15 s a recovery (8),
# 60 s silence (12).
HOP_BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 60.0)


# The sources of the register as shipped. A deployment's own take their place; they are a closed list too.
SHIPPED_SOURCES = ("jma-regular", "jma-extra", "jma-eqvol", "jma-other")

# How asking a source, or one document of it, ended.
STORED, UNREADABLE, NOT_STORED, GIVEN_UP = "stored", "unreadable", "not-stored", "given-up"
FETCH_OUTCOMES = (STORED, UNREADABLE, NOT_STORED, GIVEN_UP, *(reason.value for reason in FetchReason))


def feed_label(feed: str) -> Feed:
    """Return the label of *feed*; an unknown one is OTHER, so that input cannot make new series."""
    return Feed(feed) if feed in set(Feed) else Feed.OTHER


def cause_of(reason: str) -> DeathCause:
    """Return the class of a dead letter's *reason* code."""
    return DeathCause.UNEXPECTED if reason.startswith("unexpected-") else DeathCause.REFUSED


class StreamMetrics:
    """Counters and times of acceptance, the Faust apps, the decider and their supervisor."""

    def __init__(self, registry: CollectorRegistry) -> None:
        show_version(registry)
        self._documents = Counter(
            "ingest_documents_total", "Documents by feed and by how they ended.", ("feed", "outcome"), registry=registry
        )
        self._hops = Histogram(
            "hop_seconds",
            "Time from one stage of a document's way to the next.",
            ("hop",),
            buckets=HOP_BUCKETS_SECONDS,
            registry=registry,
        )
        self._dead_letters = Counter(
            "dead_letters_total",
            "Records put aside, by the topic they came from.",
            ("topic", "cause"),
            registry=registry,
        )
        self._lag = Gauge(
            "lag_records", "Records of a topic that a role has not handled yet.", ("role", "topic"), registry=registry
        )
        self._claims = Counter(
            "claims_total", "Claims folded into hazard maps, by what they changed.", ("reason",), registry=registry
        )
        self._notices = Counter(
            "notices_total",
            "Parts of approved notices, by kind and by what changed.",
            ("kind", "phase"),
            registry=registry,
        )
        self._returned = Counter(
            "orders_returned_total",
            "Orders that came again by another way, and those that did so with other areas.",
            ("verdict",),
            registry=registry,
        )
        self._held = Counter(
            "drafts_held_total", "Drafts that wait for a person, by what holds them.", ("cause",), registry=registry
        )
        self._plans = Counter("plans_total", "Plans of shards that were published.", registry=registry)
        self._planning = Histogram(
            "planning_seconds",
            "Time from new facts to a new plan of all cells.",
            buckets=HOP_BUCKETS_SECONDS,
            registry=registry,
        )
        self._rerouted = Histogram(
            "reroute_seconds",
            "Time from the reception of a fact or an order to the proposal of the ways that it changes.",
            buckets=HOP_BUCKETS_SECONDS,
            registry=registry,
        )
        self._restarts = Counter(
            "worker_restarts_total", "Workers started again by their supervisor.", ("role", "cause"), registry=registry
        )
        self._progress = Gauge(
            "worker_progress_timestamp_seconds",
            "Unix time at which a role last moved on.",
            ("role",),
            registry=registry,
        )
        for feed in Feed:
            for outcome in OutcomeKind:
                self._documents.labels(feed.value, outcome.value)
        for hop in Hop:
            self._hops.labels(hop.value)
        for topic in ALL:
            for death in DeathCause:
                self._dead_letters.labels(topic.name, death.value)
            for role in _readers(topic.readers):
                self._lag.labels(role.value, topic.name)
        for reason in CLAIM_REASONS:
            self._claims.labels(reason)
        for verdict in ORDER_VERDICTS:
            self._returned.labels(verdict)
        for cause in HeldBy:
            self._held.labels(cause.value)
        for kind in NoticeKind:
            for phase in Phase:
                self._notices.labels(_kind_label(kind), phase.value)
        for role in Role:
            self._progress.labels(role.value)
            for missed in MissedBy:
                self._restarts.labels(role.value, missed.value)

    def document(self, feed: str, outcome: str) -> None:
        """Count one settled document. A word that is no outcome is an error, not a new series."""
        self._documents.labels(feed_label(feed).value, OutcomeKind(outcome).value).inc()

    def claim(self, reason: str) -> None:
        """Count one claim by what it changed."""
        self._claims.labels(reason if reason in CLAIM_REASONS else "other").inc()

    def hop(self, hop: Hop, seconds: float) -> None:
        """Record how long *hop* took. Clocks of two machines may disagree: below zero counts as zero."""
        self._hops.labels(hop.value).observe(max(0.0, seconds))

    def hop_since(self, hop: Hop, began_ms: bytes | None, now: float) -> None:
        """Record how long *hop* took by the stamp of the stage before; a record without one is not measured."""
        if began_ms is not None and began_ms.isdigit():
            self.hop(hop, now - int(began_ms) / 1000)

    def dead_letter(self, topic: str, reason: str) -> None:
        """Count one record put aside for *reason*."""
        self._dead_letters.labels(topic, cause_of(reason).value).inc()

    def lag(self, role: Role, topic: str, records: int) -> None:
        """Set how many records of *topic* wait for *role*."""
        self._lag.labels(role.value, topic).set(records)

    def planned(self, seconds: float, plans: int) -> None:
        """Record one planning that changed something, and how many shards have a new plan."""
        self._planning.observe(seconds)
        self._plans.inc(plans)

    def rerouted(self, received_ms: bytes | None, now: float) -> None:
        """Record how long a fact took to become changed ways (promise 6: 5 s)."""
        if received_ms is not None and received_ms.isdigit():
            self._rerouted.observe(max(0.0, now - int(received_ms) / 1000))

    def notice_part(self, kind: NoticeKind, phase: Phase) -> None:
        """Count one part of an approved notice."""
        self._notices.labels(_kind_label(kind), phase.value).inc()

    def order_returned(self, reason: str) -> None:
        """Count a document that says an order again; other reasons are none of it (R16)."""
        if reason in ORDER_VERDICTS:
            self._returned.labels(reason).inc()

    def draft_held(self, reason: str) -> None:
        """Count one draft that is held for *reason*: the alarm of R9 listens for one of them."""
        known = HeldBy.POLICY if reason == "held-by-policy" else HeldBy.OTHER
        self._held.labels(HeldBy.NO_SIGN.value if reason == HeldBy.NO_SIGN.value else known.value).inc()

    def restarted(self, role: Role, cause: MissedBy, times: int = 1) -> None:
        """Count restarts by the supervisor, which tells a worker at its start how many there were."""
        self._restarts.labels(role.value, cause.value).inc(times)

    def progressed(self, role: Role, at_unix_seconds: float) -> None:
        """Note that *role* moved on: silence is what the alarm listens for (promise 12)."""
        self._progress.labels(role.value).set(at_unix_seconds)


def _readers(names: tuple[str, ...]) -> tuple[Role, ...]:
    """Return the roles among a topic's readers; the topic table calls the fan-out by its package."""
    roles = {role.value: role for role in Role} | {"dispatch": Role.FANOUT}
    return tuple(roles[name] for name in names if name in roles)


def _kind_label(kind: NoticeKind) -> str:
    return kind.name.lower().replace("_", "-")


class CollectMetrics:
    """What is known of each source: when it answered, until when it counts as fresh, and how requests ended."""

    def __init__(self, registry: CollectorRegistry, sources: Sequence[str] = SHIPPED_SOURCES) -> None:
        self._fetches = Counter(
            "source_fetches_total",
            "Requests to a source and for its documents, by how they ended.",
            ("source", "outcome"),
            registry=registry,
        )
        self._answered = Gauge(
            "source_answered_timestamp_seconds",
            "Unix time at which a source last answered; 0 before the first answer.",
            ("source",),
            registry=registry,
        )
        self._fresh_until = Gauge(
            "source_fresh_until_timestamp_seconds",
            "Unix time from which a source counts as silent unless it answers: its interval and its grace.",
            ("source",),
            registry=registry,
        )
        for source in sources:
            self._answered.labels(source)
            self._fresh_until.labels(source)
            for outcome in FETCH_OUTCOMES:
                self._fetches.labels(source, outcome)

    def expects(self, source: str, fresh_until: datetime) -> None:
        """Set until when *source* may take for its first answer."""
        self._fresh_until.labels(source).set(fresh_until.timestamp())

    def answered(self, source: str, at: datetime, fresh_until: datetime) -> None:
        """Note that *source* answered; what is new in it or not does not matter here."""
        self._answered.labels(source).set(at.timestamp())
        self._fresh_until.labels(source).set(fresh_until.timestamp())

    def fetched(self, source: str) -> None:
        """Count one document that was stored."""
        self._fetches.labels(source, STORED).inc()

    def missed(self, source: str, reason: str, *, given_up: bool) -> None:
        """Count one listed document that was not there."""
        self._fetches.labels(source, GIVEN_UP if given_up else _fetch_outcome(reason)).inc()

    def failed(self, source: str, reason: str) -> None:
        """Count one round in which *source* itself gave nothing usable."""
        self._fetches.labels(source, _fetch_outcome(reason)).inc()


class SecondSourceMetrics:
    """What the satellite says beside the internet feed, and when it was last heard."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._differ = Gauge(
            "second_source_disagreement_records",
            "Dangers about which the satellite and the internet feed differ for longer than either lags.",
            ("kind",),
            registry=registry,
        )
        self._heard = Gauge(
            "second_source_heard_timestamp_seconds",
            "Unix time at which the satellite was last heard; 0 where no receiver is set up.",
            registry=registry,
        )
        for kind in Disagreement:
            self._differ.labels(kind.value)

    def heard(self, at: datetime) -> None:
        """Note that a sentence of the satellite was settled."""
        self._heard.set(at.timestamp())

    def disagree(self, kind: Disagreement, dangers: int) -> None:
        """Set about how many dangers the two differ in this way."""
        self._differ.labels(kind.value).set(dangers)


def _fetch_outcome(reason: str) -> str:
    """Return the label of *reason*: what a reader says about an index would be an unbounded list."""
    return reason if reason in FETCH_OUTCOMES else UNREADABLE
