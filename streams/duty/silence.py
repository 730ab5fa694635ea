"""The notice that there is no order yet: who hears it, and the draft that says so (R6).

Pure. It goes only to people of a waiting draft's cells who are under an official warning and under no order: on a
dry day a wrong order that waits tells nobody anything (R9).
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import h3.api.basic_int as h3

from alerts.claim import Lane, Release
from alerts.fact import Confidence
from alerts.hazard import HazardKind
from alerts.help_line import HelpLine
from alerts.help_words import with_help
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import ENDS, Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.notice_source import provenance_of
from alerts.order_words import reads_as_order
from alerts.place import Cells, LatLng, Shard
from alerts.policy import LIFE_SAFETY_LEVEL
from alerts.shelter import ShelterReport, ShelterState
from alerts.silence_words import SilenceFacts, compose_silence
from geo.cells import difference, intersection, split_by_shard, union
from geo.change import NOTHING_TOLD
from geo.help_lines import HelpLines
from streams.digest import approval_digest
from streams.payloads import Draft, DraftRecord

FEED = "silence"
NO_ORDER_YET = "no-order-yet"
_PREFIX = f"{FEED}|"
# The line is true of now; what comes of the draft is told by the draft.
_HOLDS = timedelta(hours=2)
_FURTHEST_SHELTER_KM = 3.0
# Whose warnings are a sign of danger that a draft does not need to be believed for.
_OFFICIAL = frozenset(("jma",))


@dataclass(slots=True)
class Ground:
    """What people have been told, by lineage: where they are warned officially, and where they are ordered to leave."""

    _warned: dict[str, dict[int, Notice]] = field(default_factory=dict)
    _ordered: dict[str, dict[int, Notice]] = field(default_factory=dict)

    def hear(self, notice: Notice) -> None:
        """Take in a notice that went out."""
        if notice.lane is not Lane.LIFE_SAFETY or notice.feed == FEED:
            return
        if notice.kind is not NoticeKind.GO_THERE and any(map(reads_as_order, _texts(notice))):
            self._ordered.setdefault(notice.lineage, {})[notice.revision] = notice
        elif notice.feed in _OFFICIAL:
            self._warned.setdefault(notice.lineage, {})[notice.revision] = notice

    def warned_of(self, hazards: Collection[HazardKind], cells: Cells, at: datetime) -> Cells:
        """Return where people are warned of one of *hazards* by a warning that reaches *cells* as well."""
        found = [_holding(revisions, at=at, hazards=hazards) for revisions in self._warned.values()]
        return union(*(warned for warned in found if intersection(warned, cells)))

    def ordered(self) -> Cells:
        """Return where people are ordered to leave; an order holds until it is lifted, past its expiry too (R10)."""
        return union(*(_holding(revisions, at=None) for revisions in self._ordered.values()))

    def warned(self) -> Cells:
        """Return where people are warned officially, as far as no warning was lifted: past its expiry too (R10)."""
        return union(*(_holding(revisions, at=None) for revisions in self._warned.values()))

    def silent_cells(self, cells: Cells, at: datetime) -> Cells:
        """Return those of *cells* whose people are warned and not ordered to leave."""
        warned = [_holding(revisions, at=at) for revisions in self._warned.values()]
        return difference(intersection(cells, union(*warned)), self.ordered())


def level_of(record: DraftRecord) -> Level | None:
    """Return the highest level that a waiting draft would tell people of."""
    parts = record.draft.notice.parts if record.draft is not None else ()
    return max((part.level for part in parts if part.level is not None and begins(part)), default=None)


def silence_draft(
    record: DraftRecord,
    ground: Ground,
    shelters: Iterable[ShelterReport],
    lines: HelpLines,
    *,
    min_level: Level,
    at: datetime,
) -> Draft | None:
    """Return what residents hear of a draft that nobody decided, None where nobody has to hear it.

    The same draft gives the same id, so that a pager that starts anew says nothing twice.
    """
    if record.draft is None or record.draft.provenance.lane is not Lane.LIFE_SAFETY:
        return None
    of = record.draft.provenance
    by_level: dict[Level, list[NoticePart]] = {}
    for part in record.draft.notice.parts:
        if part.level is not None and part.level >= min_level and begins(part):
            by_level.setdefault(part.level, []).append(part)
    sites = tuple(shelters)
    parts: list[NoticePart] = []
    taken: Cells = ()
    for rank, level in enumerate(sorted(by_level, reverse=True)):
        cells = difference(union(*(part.cells for part in by_level[level])), taken)
        taken = union(taken, cells)
        facts = SilenceFacts(level, at, issuer=of.issuer)
        for shard, here in sorted(split_by_shard(ground.silent_cells(cells, at)).items()):
            for inside, said in lines.split(here):
                parts.append(part_in(by_level[level][0], facts, rank, shard, inside, sites, said))
    if not parts:
        return None
    lineage = f"{_PREFIX}{record.draft_id}"
    return draft_saying(tuple(parts), lineage, 1, kind=NO_ORDER_YET, document=of.document, issuer=of.issuer, at=at)


def draft_of_line(lineage: str) -> str:
    """Return the id of the draft that the line of *lineage* spoke of (`silence_draft`)."""
    return lineage.removeprefix(_PREFIX)


def part_in(
    told: NoticePart,
    facts: SilenceFacts,
    rank: int,
    shard: Shard,
    cells: Cells,
    sites: tuple[ShelterReport, ...],
    lines: tuple[HelpLine, ...],
) -> NoticePart:
    """Return what people of *cells* in *shard* read of *facts*, with the open shelters near them; *told* is what of."""
    shelters = tuple(site.name for site in nearest_open(sites, told.hazards, shard))
    facts = replace(facts, shelters=shelters, areas=told.area_names)
    return NoticePart(
        rank=rank,
        phase=Phase.ISSUED,
        recipients=Recipients.CELLS,
        level=facts.level,
        severity=told.severity,
        hazards=told.hazards,
        area_names=told.area_names,
        cells=cells,
        texts=tuple(with_help(compose_silence(facts, language), lines) for language in LANGUAGES),
        help_lines=lines,
    )


def nearest_open(
    sites: Iterable[ShelterReport], hazards: Iterable[HazardKind], shard: Shard
) -> tuple[ShelterReport, ...]:
    """Return the sites said to be open and fit for all of *hazards*, the nearest to the middle of *shard* first.

    A site has a word from each source: a ward's list says where it is and what it is fit for, its staff that it is
    full. Of what several say the newest counts, so that nobody is named who has closed since.
    """
    wanted, middle = set(hazards), h3.cell_to_latlng(shard)
    found: list[tuple[float, str, ShelterReport]] = []
    for site in _by_site(sites):
        if site.state is not ShelterState.OPEN or site.point is None:
            continue
        if site.fit_for is None or not wanted <= set(site.fit_for):
            continue
        km = _km(site.point, middle)
        if km <= _FURTHEST_SHELTER_KM + _EDGE_KM:
            found.append((km, site.id, site))
    return tuple(site for _, _, site in sorted(found, key=lambda one: one[:2]))


def _by_site(words: Iterable[ShelterReport]) -> Iterable[ShelterReport]:
    """Return one word for each site: the newest of each thing that was said of it; what nobody confirmed is none."""
    known: dict[str, ShelterReport] = {}
    confirmed = (word for word in words if word.attribution.confidence is not Confidence.REPORTED)
    for word in sorted(confirmed, key=lambda one: (one.attribution.fact_at, one.attribution.source)):
        older = known.get(word.id, word)
        known[word.id] = replace(
            word,
            name=word.name or older.name,
            state=older.state if word.state is ShelterState.UNKNOWN else word.state,
            point=word.point or older.point,
            fit_for=older.fit_for if word.fit_for is None else word.fit_for,
        )
    return known.values()


# From the middle of a shard to its corner (H3, resolution 6, at Tokyo).
_EDGE_KM = 3.7


def _km(point: LatLng, middle: tuple[float, float]) -> float:
    return float(h3.great_circle_distance((point.lat, point.lng), middle, unit="km"))


def draft_saying(
    parts: tuple[NoticePart, ...], lineage: str, revision: int, *, kind: str, document: str, issuer: str, at: datetime
) -> Draft:
    """Return the draft that says *parts* by itself; the same lineage and revision give the same id."""
    notice = Notice(
        lineage=lineage,
        revision=revision,
        kind=NoticeKind.HOW_IT_IS_GOING,
        lane=Lane.LIFE_SAFETY,
        document=document,
        feed=FEED,
        issuer=issuer,
        sent=at,
        received=at,
        expires=at + _HOLDS,
        parts=parts,
        digest="",
        approved_by="",
        approved_at=at,
    )
    name = hashlib.sha256((lineage if revision == 1 else f"{lineage}|{revision}").encode()).hexdigest()[:24]
    notice = replace(notice, digest=approval_digest(notice))
    provenance = provenance_of(notice, kind=kind, release=Release.AUTOMATIC, outcome="notice")
    return Draft(name, provenance, True, Release.AUTOMATIC, notice, NOTHING_TOLD, kind)


def begins(part: NoticePart) -> bool:
    """Say whether *part* tells people of its cells of a danger that is there."""
    return part.recipients is Recipients.CELLS and part.phase not in ENDS


def _texts(notice: Notice) -> Iterator[Text]:
    for part in notice.parts:
        yield from part.texts


def _holding(
    revisions: dict[int, Notice], *, at: datetime | None, hazards: Collection[HazardKind] | None = None
) -> Cells:
    """Return the cells in which the newest word of a lineage is a danger; *at* None: whatever the expiry says.

    Of *hazards* only, if given.
    """
    holding: Cells = ()
    for _, notice in sorted(revisions.items()):
        if any(part.recipients is Recipients.ALL_TOLD for part in notice.parts):
            holding = ()
        expired = at is not None and notice.expires <= at
        for part in notice.parts:
            if hazards is not None and set(hazards).isdisjoint(part.hazards):
                continue
            high = part.level is None or part.level >= LIFE_SAFETY_LEVEL
            stands = part.phase not in ENDS and high and not expired
            holding = union(holding, part.cells) if stands else difference(holding, part.cells)
    return holding
