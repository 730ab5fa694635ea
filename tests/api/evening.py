"""An evening over the east of Tokyo: hazards and notices as the pipeline itself makes them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import h3.api.basic_int as h3

from alerts.cap import Certainty, Severity, Urgency
from alerts.claim import Danger, HazardSnapshot, Lane, Provenance, Release, Standing
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice
from alerts.place import Cells, Shard
from geo.cells import compact, split_by_shard
from geo.hazard_map import snapshot
from streams.brokers.client import Record
from streams.deciding.decision import Ledger, decide
from streams.notices.notice_board import NoticeBoard
from streams.payloads import Command, Verb
from streams.topics import HAZARDS, NOTICES
from streams.wire import encode

NINE_PM = datetime(2026, 9, 12, 12, 0, tzinfo=UTC)  # 21:00 in Tokyo
KOTO = (35.672, 139.817)


def around(lat: float, lng: float, rings: int = 6) -> Cells:
    """Return the cells within *rings* of a place."""
    return compact(h3.grid_disk(h3.latlng_to_cell(lat, lng, 9), rings))


def danger(
    cells: Cells,
    *,
    level: Level | None = Level.ALL_LEAVE,
    hazard: HazardKind = HazardKind.FLOOD,
    area_name: str = "江東区",
    severity: Severity = Severity.SEVERE,
    partial: Cells = (),
) -> Danger:
    """Return one danger in *cells*."""
    return Danger(
        hazard=hazard,
        level=level,
        severity=severity,
        urgency=Urgency.UNKNOWN,
        certainty=Certainty.UNKNOWN,
        event="",
        area_name=area_name,
        area_code="",
        cells=cells,
        partial=partial,
    )


def provenance(
    lineage: str = "flood",
    revision: int = 0,
    *,
    sent: datetime = NINE_PM,
    release: Release = Release.AUTOMATIC,
    lane: Lane = Lane.LIFE_SAFETY,
    issuer: str = "気象庁",
    outcome: str = "notice",
) -> Provenance:
    """Return who says it."""
    return Provenance(
        document=f"{lineage}-{revision}",
        lineage=lineage,
        revision=revision,
        feed="jma",
        kind="VXKO50",
        issuer=issuer,
        sent=sent,
        received=sent + timedelta(seconds=2),
        expires=sent + timedelta(hours=3),
        release=release,
        lane=lane,
        outcome=outcome,
    )


class Evening:
    """Documents one after the other, and the records to which they lead."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._maps: dict[Shard, HazardSnapshot] = {}
        self._board = NoticeBoard()
        self._ledger = Ledger()

    def say(self, source: Provenance, dangers: Sequence[Danger], *, approve: bool = True) -> list[Notice]:
        """Put a document on the map and tell what it changes; return the notices."""
        notices = []
        for command in self.drafted(source, dangers):
            draft = command.draft
            assert draft is not None
            decided = decide(self._ledger, command, at=source.received)
            notice = decided.notice
            if decided.record is not None:
                self._ledger.knows(decided.record)
            if notice is None and approve and draft.notice.parts and decided.record is not None:
                approval = Command(Verb.APPROVE, draft.draft, "officer", source.received, digest=draft.notice.digest)
                notice = decide(self._ledger, approval, at=source.received).notice
            if notice is not None:
                self._store(NOTICES.name, notice.lineage.encode(), encode(notice), source.received)
                notices.append(notice)
        return notices

    def drafted(self, source: Provenance, dangers: Sequence[Danger]) -> list[Command]:
        """Put a document on the map and return the drafts that follow."""
        shards: dict[Shard, list[Danger]] = {}
        for one in dangers:
            parts = split_by_shard(one.partial) if one.partial else {}
            for shard, cells in split_by_shard(one.cells).items():
                shards.setdefault(shard, []).append(replace(one, cells=cells, partial=parts.get(shard, ())))
        before = [
            s for s, held in self._maps.items() if any(x.provenance.lineage == source.lineage for x in held.standings)
        ]
        touched = sorted({*shards, *before})
        for shard in touched:
            held = self._maps.get(shard)
            others = [s for s in held.standings if s.provenance.lineage != source.lineage] if held else []
            standing = Standing(source, len(touched), tuple(shards.get(shard, ())))
            made = snapshot(shard, (*others, standing), held.version if held else 0, source.lineage)
            self._maps[shard] = made
            self._store(HAZARDS.name, b"%x" % shard, encode(made), source.received)
            self._board.hear(made, at=0.0)
        return [
            Command(Verb.CREATE, draft.draft, "notices", source.received, draft=draft)
            for draft in self._board.due(at=1.0)
        ]

    def _store(self, topic: str, key: bytes, value: bytes, at: datetime) -> None:
        stored_ms = round(at.timestamp() * 1000)
        self.records.append(Record(topic, 0, len(self.records), key, value, timestamp_ms=stored_ms))
