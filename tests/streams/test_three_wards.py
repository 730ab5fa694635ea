"""One ward approves, one refuses, one has not joined: who is told to leave, and what the others read (R7)."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import h3.api.basic_int as h3
import pytest

from alerts.cap import Severity
from alerts.claim import Lane, Release
from alerts.hazard import HazardKind
from alerts.help_line import HelpLine
from alerts.information_words import inform
from alerts.languages.known import LANGUAGES
from alerts.level import LEVEL_NAMES_JA, Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients
from alerts.order_words import compose_order, reads_as_order
from alerts.place import Cell, Cells
from alerts.silence_words import SilenceFacts, compose_silence
from alerts.wording import FIRST_CHARACTERS, MAX_TITLE_WIDTH, PartFacts, width
from alerts.words import compose
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.subscription import Place
from geo.cells import compact, difference, union
from geo.change import NOTHING_TOLD
from geo.help_lines import HelpLines
from streams.deciding.decision import Ledger, decide
from streams.digest import approval_digest
from streams.duty.across import ACROSS_AFTER_SECONDS, NOT_YOUR_WARD, Across, by_name
from streams.duty.silence import Ground, silence_draft
from streams.duty.standing import Standing
from streams.notices.ending import ending_of
from streams.payloads import Command, Draft, DraftRecord, DraftState, Verb
from tests.dispatch.people import notice, resident
from tests.geo.documents import provenance

NINE = datetime(2026, 9, 18, 12, 0, tzinfo=UTC)
LATER = NINE + timedelta(seconds=ACROSS_AFTER_SECONDS)
WARDS = ("江東区", "江戸川区", "葛飾区")
MIDDLES = {name: h3.latlng_to_cell(35.70, 139.82 + 0.03 * place, 9) for place, name in enumerate(WARDS)}
GROUND: dict[str, Cells] = {name: compact(h3.grid_disk(cell, 4)) for name, cell in MIDDLES.items()}
FAR = Cell(h3.latlng_to_cell(35.70, 139.40, 9))
APPROVES, REFUSES, ABSENT = WARDS
LINES = HelpLines([(HelpLine(REFUSES, "03-0000-0123"), GROUND[REFUSES])])


def spoken(cells: Cells, *, order: str = "", level: Level = Level.ALL_LEAVE) -> NoticePart:
    facts = PartFacts(
        Phase.ISSUED,
        level,
        Severity.EXTREME,
        (HazardKind.FLOOD,),
        (order or "東京地方",),
        order or "気象庁",
        NINE,
        LATER,
    )
    write = compose_order if order else compose
    texts = tuple(write(facts, language) for language in LANGUAGES)
    return NoticePart(
        0, Phase.ISSUED, Recipients.CELLS, level, Severity.EXTREME, (HazardKind.FLOOD,), facts.area_names, cells, texts
    )


def proposed(name: str, part: NoticePart, issuer: str, feed: str, release: Release) -> Draft:
    of = notice(part, lineage=f"lineage-{name}", expires=NINE + timedelta(hours=6))
    of = replace(of, feed=feed, issuer=issuer, sent=NINE, received=NINE, approved_by="", digest="")
    of = replace(of, digest=approval_digest(of))
    source = replace(provenance(1, of.lineage), release=release, feed=feed, issuer=issuer, lane=Lane.LIFE_SAFETY)
    return Draft(f"draft-{name}", source, True, release, of, NOTHING_TOLD)


def order_of(ward: str, cells: Cells | None = None) -> Draft:
    return proposed(ward, spoken(cells or GROUND[ward], order=ward), ward, "console", Release.DRAFT)


WARNING = proposed("jma", spoken((*union(*GROUND.values()),)), "気象庁", "jma", Release.AUTOMATIC)


@dataclass
class Tokyo:
    """The decider and the pager's memory, without a broker."""

    ledger: Ledger = field(default_factory=Ledger)
    ground: Ground = field(default_factory=Ground)
    orders: Standing = field(default_factory=Standing)
    across: Across = field(default_factory=lambda: Across(by_name({name: [GROUND[name]] for name in WARDS})))
    sent: list[Notice] = field(default_factory=list)
    drafts: dict[str, DraftRecord] = field(default_factory=dict)

    def ask(self, verb: Verb, draft: Draft, by: str, at: datetime = NINE) -> None:
        command = Command(verb, draft.draft, by, at, draft=draft, digest=draft.notice.digest)
        decided = decide(self.ledger, command, at=at)
        assert not decided.refusal
        if decided.notice is not None:
            self.ledger.has_sent(decided.notice)
            self.hear(decided.notice)
        if decided.record is not None:
            self.ledger.knows(decided.record)
            self.drafts[decided.record.draft_id] = decided.record

    def hear(self, one: Notice) -> None:
        self.sent.append(one)
        for listener in (self.ground, self.orders, self.across):
            listener.hear(one)

    def look(self, at: datetime = LATER) -> tuple[Draft, ...]:
        found = self.across.due(self.orders, self._unapproved(), self.ground, (), LINES, at=at)
        for draft in found:
            self.ask(Verb.CREATE, draft, "pager", at)
        return found

    def _unapproved(self) -> Iterable[DraftRecord]:
        return [one for one in self.drafts.values() if one.state is not DraftState.APPROVED]

    def reads(self, cell: int, language: str = "ja") -> list[str]:
        """Return the titles of what somebody who lives in *cell* is sent."""
        people = People(Registry.of(columns_of([resident(random.Random(1), (Place(Cell(cell)),))])))
        found = []
        for one in self.sent:
            for part in select(people, one, at=one.sent).parts:
                found += [text.title for text in one.parts[part].texts if text.language == language]
        return found

    def body(self, cell: int, language: str = "ja") -> str:
        (part,) = (part for part in self.sent[-1].parts if cell in h3.uncompact_cells(part.cells, 9))
        return next(text.body for text in part.texts if text.language == language)


def evening() -> Tokyo:
    """An official warning over all three; one order is approved, one refused, and the third ward is not there."""
    tokyo = Tokyo()
    tokyo.ask(Verb.CREATE, WARNING, "notices")
    for ward in (APPROVES, REFUSES):
        tokyo.ask(Verb.CREATE, order_of(ward), "notices")
    tokyo.ask(Verb.APPROVE, order_of(APPROVES), "koto-2")
    tokyo.ask(Verb.VOID, order_of(REFUSES), "edogawa-1")
    return tokyo


NOT_ORDERED = "あなたの区は指示を出していません"


def test_only_the_approved_cells_are_told_to_leave_and_the_others_read_that_their_ward_has_not_ordered() -> None:
    tokyo = evening()
    warning = "レベル4 洪水危険警報"
    (said,) = tokyo.look()
    assert tokyo.reads(MIDDLES[APPROVES]) == [warning, "レベル4 避難指示"]
    assert tokyo.reads(MIDDLES[REFUSES]) == [warning, NOT_ORDERED]
    assert tokyo.reads(MIDDLES[ABSENT]) == [warning, NOT_ORDERED]
    assert tokyo.reads(MIDDLES[ABSENT], "en")[1:] == ["Your ward has not ordered"]
    assert tokyo.reads(FAR) == []
    assert (said.notice.kind, said.reason) == (NoticeKind.HOW_IT_IS_GOING, NOT_YOUR_WARD)
    body = tokyo.body(MIDDLES[REFUSES])
    assert "江東区は避難指示を出しました。あなたの場所には、お住まいの区からの指示は出ていません。" in body
    assert body.endswith("相談：江戸川区03-0000-0123。命の危険は119。")
    assert tokyo.body(MIDDLES[ABSENT]).endswith("相談：お住まいの区市町村。命の危険は119。")


def test_the_silence_speaks_for_the_refused_draft_all_the_same() -> None:
    tokyo = evening()
    refused = tokyo.drafts[order_of(REFUSES).draft]
    assert (refused.state, refused.reason) == (DraftState.VOID, "void-by:edogawa-1")
    said = silence_draft(refused, tokyo.ground, (), LINES, min_level=Level.ALL_LEAVE, at=NINE + timedelta(minutes=5))
    assert said is not None
    assert union(*(part.cells for part in said.notice.parts)) == difference(GROUND[REFUSES], GROUND[APPROVES])


def test_nobody_is_told_before_the_other_parts_had_a_moment_and_nobody_twice() -> None:
    tokyo = evening()
    assert tokyo.look(LATER - timedelta(seconds=1)) == ()
    assert len(tokyo.look()) == 1
    assert tokyo.look(LATER + timedelta(minutes=9)) == ()
    again = Tokyo()
    for one in tokyo.sent:  # a start anew reads what went out
        again.hear(one)
    assert again.look(LATER + timedelta(minutes=9)) == ()


def test_a_ward_that_orders_in_time_has_its_own_word_and_an_end_brings_no_new_one() -> None:
    tokyo = Tokyo()
    tokyo.ask(Verb.CREATE, WARNING, "notices")
    for ward in WARDS:
        tokyo.ask(Verb.CREATE, order_of(ward), "notices")
        tokyo.ask(Verb.APPROVE, order_of(ward), "somebody")
    assert tokyo.look() == ()
    tokyo = evening()
    order = next(one for one in tokyo.sent if one.feed == "console")
    tokyo.hear(replace(ending_of(order, Phase.LIFTED, at=LATER), approved_by="koto-2"))
    assert tokyo.look(LATER + timedelta(minutes=1)) == ()


def test_the_rest_of_the_ward_that_ordered_is_not_told_that_it_has_not() -> None:
    tokyo = Tokyo()
    tokyo.ask(Verb.CREATE, WARNING, "notices")
    part_of_it = order_of(APPROVES, compact(h3.grid_disk(MIDDLES[APPROVES], 1)))
    tokyo.ask(Verb.CREATE, part_of_it, "notices")
    tokyo.ask(Verb.APPROVE, part_of_it, "koto-2")
    (said,) = tokyo.look()
    told = union(*(part.cells for part in said.notice.parts))
    assert told == difference(union(GROUND[REFUSES], GROUND[ABSENT]), GROUND[APPROVES])


def test_on_a_dry_day_only_those_hear_for_whom_the_same_order_was_drawn() -> None:
    tokyo = Tokyo()
    for ward in (APPROVES, REFUSES):
        tokyo.ask(Verb.CREATE, order_of(ward), "notices")
    tokyo.ask(Verb.APPROVE, order_of(APPROVES), "koto-2")
    (said,) = tokyo.look()  # the other part still waits
    assert union(*(part.cells for part in said.notice.parts)) == difference(GROUND[REFUSES], GROUND[APPROVES])
    assert tokyo.reads(MIDDLES[ABSENT]) == []


def test_another_danger_far_away_or_of_another_kind_is_no_neighbours() -> None:
    for cells, kind in (((FAR,), HazardKind.FLOOD), (GROUND[ABSENT], HazardKind.HEALTH)):
        tokyo = Tokyo()
        one = replace(spoken(cells), hazards=(kind,))
        tokyo.ask(Verb.CREATE, proposed("other", one, "気象庁", "jma", Release.AUTOMATIC), "notices")
        tokyo.ask(Verb.CREATE, order_of(APPROVES), "notices")
        tokyo.ask(Verb.APPROVE, order_of(APPROVES), "koto-2")
        assert tokyo.look() == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("level", [Level.ELDERLY_LEAVE, Level.ALL_LEAVE, Level.SECURE_LIFE])
def test_the_words_order_nobody_and_say_level_and_time_first(language: str, level: Level) -> None:
    text = compose_silence(SilenceFacts(level, NINE, neighbour="江東区"), language)
    start = text.body[:FIRST_CHARACTERS]
    assert width(text.title) <= MAX_TITLE_WIDTH
    assert not reads_as_order(text)
    assert str(int(level)) in start
    assert "21:00" in start
    assert text.title != compose_silence(SilenceFacts(level, NINE), language).title


def test_about_somebody_elses_place_it_names_no_warning_that_nobody_gave() -> None:
    tokyo = evening()
    (said,) = tokyo.look()
    for language in LANGUAGES:
        text = inform(said.notice, said.notice.parts[0], language)
        assert not any(name in text.title + text.body for name in LEVEL_NAMES_JA.values())
    japanese = inform(said.notice, said.notice.parts[0], "ja")
    assert "江東区に洪水の情報が出ています。あなたのいる場所への指示ではありません。" in japanese.body
