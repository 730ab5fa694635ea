"""What each lineage says now, what its residents were told, and the difference between the two.

No broker and no clock: the agent that owns a board feeds it snapshots and its own earlier commands,
and asks for what is due. Because the board is rebuilt from those two logs, a crash between two
sends heals at the next comparison, and a draft that was already made is made again with the same id.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.cap import Severity
from alerts.claim import HazardSnapshot, Lane, Provenance, Release, Standing
from alerts.composed import composed
from alerts.help_words import with_help
from alerts.languages.known import LANGUAGES
from alerts.notice import ENDS, Notice, NoticeKind, NoticePart, Recipients
from alerts.order_words import is_order
from alerts.place import Shard
from alerts.policy import SignRule
from alerts.river_stage import RiverStage
from alerts.theme import Audience
from alerts.wording import PartFacts
from geo.cells import split_by_shard, union
from geo.change import NOTHING_TOLD, Change, Difference, Partition, Told, difference, partition_of
from geo.help_lines import NO_HELP_LINES, HelpLines
from geo.inhibition import inhibited
from geo.sign import independent_sign
from streams.digest import approval_digest
from streams.notices.edit import told_within
from streams.notices.going import Shown, going, picture_at, shown, stations_shown
from streams.payloads import Command, Draft, Verb

# A shard that is slow must not hold back the others' warning; the missing part follows as a revision.
COMPLETE_WAIT_SECONDS = 0.3
# While snapshots wait unread the missing shards are most likely among them: to draft without them would
# make more work of the same document, which makes the waiting longer. Past this, it goes out all the same.
BACKLOG_WAIT_SECONDS = 3.0
_LONGEST_DOUBLING = 5
# Partitions kept beyond the newest of each lineage, before those that nobody needs are let go.
_SPARE_PARTITIONS = 64
# Whoever is sent one of these lanes is sent the other too; a drill and a canary are heard by nobody else.
_HEARD_TOGETHER = ({Lane.LIFE_SAFETY, Lane.ROUTINE}, {Lane.DRILL}, {Lane.CANARY})

_SEVERITY_DANGER = {
    Severity.EXTREME: 5.0,
    Severity.SEVERE: 3.5,
    Severity.MODERATE: 2.0,
    Severity.UNKNOWN: 2.0,  # never ranked last for being unknown (CAP rule 11)
    Severity.MINOR: 1.0,
}


@dataclass(slots=True)
class _Document:
    """One document's claims as they arrive, shard by shard."""

    provenance: Provenance
    shards: int
    standings: dict[Shard, Standing] = field(default_factory=dict)
    since: float = 0.0
    drafted: int = 0  # how often it was drafted without all of its shards

    @property
    def complete(self) -> bool:
        return len(self.standings) >= self.shards


@dataclass(slots=True)
class _Lineage:
    """A thread of documents: what holds in each shard, and what was said about it."""

    current: dict[Shard, Standing] = field(default_factory=dict)
    pending: dict[int, _Document] = field(default_factory=dict)
    told: Told = NOTHING_TOLD
    lane: Lane = Lane.LIFE_SAFETY
    audience: Audience = Audience.PUBLIC
    notice_revision: int = 0
    decided_revision: int = -1  # newest document revision that was decided with all of its shards
    waiting: dict[str, Draft] = field(default_factory=dict)  # before a person, by digest
    rivers: dict[str, RiverStage] = field(default_factory=dict)  # as people were shown them last, by station

    def proposed(self, notice: Notice) -> Draft | None:
        """Return the draft of which *notice* is an edit: the same revision of the same document."""
        this = notice.document, notice.revision
        return next((one for one in self.waiting.values() if (one.notice.document, one.notice.revision) == this), None)


class NoticeBoard:
    """Compare, per lineage, what should have been told with what was."""

    def __init__(self, sign: SignRule = SignRule(), help_lines: HelpLines = NO_HELP_LINES) -> None:  # noqa: B008 - frozen
        self._sign = sign
        self._help_lines = help_lines
        self._lineages: dict[str, _Lineage] = {}
        # By identity, and the value is kept beside it: an id is given again only when its owner is gone.
        self._partitions: dict[int, tuple[Told, Partition]] = {}
        self._waiting: set[tuple[str, int]] = set()

    def hear(self, snapshot: HazardSnapshot, *, at: float) -> None:
        """Take in what holds in a shard. *at* is monotonic seconds."""
        for standing in snapshot.standings:
            self._hear_standing(snapshot.shard, standing, at)

    def _hear_standing(self, shard: Shard, standing: Standing, at: float) -> None:
        provenance = standing.provenance
        thread = self._lineages.setdefault(provenance.lineage, _Lineage())
        known = thread.current.get(shard)
        if known is not None and known.provenance.revision >= provenance.revision:
            return
        if provenance.revision <= thread.decided_revision:
            thread.current[shard] = standing
            return
        document = thread.pending.get(provenance.revision)
        if document is None:
            document = _Document(provenance, standing.shards, since=at)
            thread.pending[provenance.revision] = document
        document.standings[shard] = standing
        self._waiting.add((provenance.lineage, provenance.revision))

    def remember(self, command: Command) -> None:
        """Take back what this stage itself proposed, before a restart or just now."""
        draft = command.draft
        # Ways (kind 3) are the planner's, and have a lineage of their own.
        if command.verb is Verb.CREATE and draft is not None and draft.notice.kind is not NoticeKind.GO_THERE:
            self._take(draft)

    def _take(self, draft: Draft) -> None:
        thread = self._lineages.setdefault(draft.provenance.lineage, _Lineage())
        if draft.notice.revision < thread.notice_revision:
            return
        thread.notice_revision = draft.notice.revision
        if draft.complete:
            thread.decided_revision = max(thread.decided_revision, draft.provenance.revision)
        if draft.release is Release.AUTOMATIC:
            thread.told, thread.lane = draft.told_after, draft.provenance.lane
            thread.audience = draft.provenance.audience
            thread.rivers |= {river.station: river for river in stations_shown(draft.notice.parts)}
        elif draft.notice.parts:
            thread.waiting[draft.notice.digest] = draft

    def hear_notice(self, notice: Notice) -> None:
        """Take in that a notice has gone out. What a person let go has told people as well: an end must reach them.

        Of what policy releases the board knows already, from its own proposal.
        """
        thread = self._lineages.get(notice.lineage)
        if thread is None:
            return
        draft = thread.waiting.pop(notice.digest, None)
        if draft is not None:
            thread.told, thread.lane = draft.told_after, draft.provenance.lane
            thread.rivers |= {river.station: river for river in stations_shown(notice.parts)}
        elif (draft := thread.proposed(notice)) is not None:
            # Somebody changed it before another let it go.
            del thread.waiting[draft.notice.digest]
            thread.told, thread.lane = told_within(draft, notice), draft.provenance.lane
        elif notice.revision > thread.notice_revision and all(part.phase in ENDS for part in notice.parts):
            # A person ended it: what comes next is told to people who know that it was over.
            thread.told = NOTHING_TOLD
        # A person extended or ended it beside its source: what comes next is a later revision than that.
        thread.notice_revision = max(thread.notice_revision, notice.revision)

    def due(self, *, at: float, unread: bool = False) -> tuple[Draft, ...]:
        """Return a draft for each document that has all its shards, or has waited long enough.

        *unread* says that snapshots are known to wait: then an incomplete document has more patience.
        """
        wait = BACKLOG_WAIT_SECONDS if unread else COMPLETE_WAIT_SECONDS
        drafts: list[Draft] = []
        for lineage, revision in self._in_order_of_arrival():
            thread = self._lineages[lineage]
            document = thread.pending[revision]
            # Each revision for what comes later waits twice as long for company as the one before: a document
            # over thousands of shards on a slow machine makes a handful of revisions, not one a moment.
            if not document.complete and at < document.since + wait * 2 ** min(document.drafted, _LONGEST_DOUBLING):
                continue
            self._waiting.discard((lineage, revision))
            document.since = at
            document.drafted += 1
            for shard, standing in document.standings.items():
                known = thread.current.get(shard)
                if known is None or known.provenance.revision < revision:
                    thread.current[shard] = standing
            drafts += self._drafts(thread, document)
        return tuple(drafts)

    def _drafts(self, thread: _Lineage, document: _Document) -> Iterable[Draft]:
        revision = document.provenance.revision
        if not document.complete:
            # Nothing to decide yet, and nothing to record either: the rest of the document is to come.
            draft = self._draft(thread, document)
            return (draft,) if draft.notice.parts else ()
        del thread.pending[revision]
        drafts = [self._draft(thread, document)]
        for older in sorted(known for known in thread.pending if known < revision):
            # A shard went on to this revision without showing that one: it changes nothing, and that is its end.
            self._waiting.discard((document.provenance.lineage, older))
            passed = thread.pending.pop(older).provenance
            drafts.append(draft_of(passed, (), thread.told, revision=thread.notice_revision, complete=True))
        return drafts

    def _draft(self, thread: _Lineage, document: _Document) -> Draft:
        provenance = document.provenance
        found = self._as_heard(thread, provenance, difference(thread.current, thread.told))
        pictures = shown(thread.current)
        parts = tuple(_parts(provenance, found.changes, pictures, self._help_lines))
        kind = NoticeKind.DANGER_IS_COMING
        if not parts and pictures and document.complete and provenance.release is Release.AUTOMATIC:
            parts = going(provenance, thread.current, thread.told, thread.rivers, LANGUAGES, self._help_lines)
            kind = NoticeKind.HOW_IT_IS_GOING if parts else kind
        revision = thread.notice_revision + 1 if parts else thread.notice_revision
        draft = draft_of(provenance, parts, found.told, kind=kind, revision=revision, complete=document.complete)
        if draft.release is Release.WITH_SIGN:
            draft = self._signed(draft)
        # Taken at once: the lineage's next document is compared with what this draft will have told.
        self._take(draft)
        return draft

    def _signed(self, draft: Draft) -> Draft:
        """Return an order's draft with its release decided by what else holds in its cells (R9).

        Decided once, when the order comes: a warning of another day must not let out what nobody has released.
        """
        order, parts = draft.provenance, draft.notice.parts
        if not any(part.recipients is Recipients.CELLS for part in parts):
            # An end, or no change: it goes to those who were told, and orders nobody to leave.
            return replace(draft, release=Release.AUTOMATIC, reason="order-ended")
        cells = union(*(part.cells for part in parts if part.recipients is Recipients.CELLS))
        standings = self._standings_in(split_by_shard(cells))
        sign = independent_sign(order, cells, standings, self._sign, at=order.received)
        release = Release.AUTOMATIC if sign.found else Release.HOLD
        return replace(draft, release=release, reason=sign.reason)

    def _standings_in(self, shards: Iterable[Shard]) -> Iterable[Standing]:
        """Return the newest that each lineage says in *shards*, drafted or not."""
        for shard in shards:
            for thread in self._lineages.values():
                heard = [one.standings[shard] for one in thread.pending.values() if shard in one.standings]
                if shard in thread.current:
                    heard.append(thread.current[shard])
                if heard:
                    yield max(heard, key=lambda one: one.provenance.revision)

    def _as_heard(self, thread: _Lineage, provenance: Provenance, found: Difference) -> Difference:
        """Return what is *found* as people hear it who were told of the same danger by other sources.

        A draft for a person is whole: what others said may have changed when she reads it.
        """
        if provenance.release is not Release.AUTOMATIC or not found.changes:
            return found
        mates = next(lanes for lanes in _HEARD_TOGETHER if provenance.lane in lanes)
        others = [
            other.told
            for other in self._lineages.values()
            if other is not thread
            and other.told.parts
            and other.lane in mates
            and other.audience is provenance.audience
        ]
        return inhibited(found, thread.told, others, self._partition_of)

    def _partition_of(self, told: Told) -> Partition:
        """Return the partition of what was told, made once: a hundred lineages are looked at for every draft."""
        kept = self._partitions.get(id(told))
        if kept is None or kept[0] is not told:
            kept = self._partitions[id(told)] = told, partition_of(told)
            if len(self._partitions) > 2 * len(self._lineages) + _SPARE_PARTITIONS:
                now = {id(thread.told) for thread in self._lineages.values()}
                self._partitions = {key: one for key, one in self._partitions.items() if key in now}
        return kept[1]

    def _in_order_of_arrival(self) -> list[tuple[str, int]]:
        """Return the waiting documents, oldest first: what is made again after a restart is made in the same order.

        The revisions of a lineage stay in their order, whenever they came.
        """
        latest: dict[str, datetime] = {}
        found: list[tuple[datetime, str, int]] = []
        for lineage, revision in sorted(self._waiting):
            received = self._lineages[lineage].pending[revision].provenance.received
            latest[lineage] = max(received, latest.get(lineage, received))
            found.append((latest[lineage], lineage, revision))
        return [(lineage, revision) for _, lineage, revision in sorted(found)]


def draft_of(
    provenance: Provenance,
    parts: tuple[NoticePart, ...],
    told_after: Told,
    *,
    revision: int,
    complete: bool,
    kind: NoticeKind = NoticeKind.DANGER_IS_COMING,
) -> Draft:
    """Return the draft that says *parts*; the same facts always give the same draft id."""
    notice = Notice(
        lineage=provenance.lineage,
        revision=revision,
        kind=kind,
        lane=provenance.lane,
        document=provenance.document,
        feed=provenance.feed,
        issuer=provenance.issuer,
        sent=provenance.sent,
        received=provenance.received,
        expires=provenance.expires,
        audience=provenance.audience,
        parts=parts,
        digest="",
        approved_by="",
        approved_at=provenance.received,
    )
    notice = replace(notice, digest=approval_digest(notice))
    name = f"{provenance.lineage}|{provenance.document}|{provenance.revision}|{complete}|{notice.digest}"
    return Draft(
        draft=hashlib.sha256(name.encode()).hexdigest()[:24],
        provenance=provenance,
        complete=complete,
        release=provenance.release,
        notice=notice,
        told_after=told_after,
    )


def _parts(
    provenance: Provenance, changes: tuple[Change, ...], pictures: tuple[Shown, ...], help_lines: HelpLines
) -> Iterable[NoticePart]:
    ladder = sorted({_danger(change) for change in changes}, reverse=True)
    for change in sorted(changes, key=_danger, reverse=True):
        key = change.after or change.before
        if key is None:  # a cancel of something that told nobody selects nobody
            continue
        facts = PartFacts(
            phase=change.phase,
            level=key.level,
            severity=key.severity,
            hazards=key.hazards,
            area_names=key.area_names,
            # What other sources hold is not said in this one's name.
            issuer="" if change.by_others else provenance.issuer,
            sent=provenance.sent,
            expires=provenance.expires,
            partial=key.partial,
            headline="",
        )
        picture = None if change.after is None or change.by_others else picture_at(pictures, change.cells)
        texts = tuple(composed(facts, language, key.events, picture) for language in LANGUAGES)
        # Whoever orders people to leave says whom they may ask; a warning is its agency's.
        ordered = is_order(key.events)
        lines = help_lines.of_issuer(provenance.issuer) if ordered else ()
        yield NoticePart(
            rank=ladder.index(_danger(change)),
            phase=change.phase,
            recipients=change.recipients,
            level=key.level,
            severity=key.severity,
            hazards=key.hazards,
            area_names=key.area_names,
            cells=change.cells,
            texts=tuple(with_help(text, lines) for text in texts) if ordered else texts,
            picture=picture,
            help_lines=lines,
        )


def _danger(change: Change) -> float:
    """Return how dangerous it is for the people of *change* now; an end is the least urgent."""
    if change.after is None:
        return 0.0
    level = float(change.after.level) if change.after.level is not None else 0.0
    return max(level, _SEVERITY_DANGER[change.after.severity])
