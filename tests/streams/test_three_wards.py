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
from alerts.silence_over import SilenceOver
from alerts.silence_words import SilenceFacts, compose_silence, compose_silence_end
from alerts.wording import FIRST_CHARACTERS, MAX_TITLE_WIDTH, PartFacts, width
from alerts.words import compose
from api.known.state import State
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.registry import Registry
from dispatch.selection import Before, select
from dispatch.subscription import Place
from geo.cells import compact, difference, intersection, union
from geo.change import NOTHING_TOLD
from geo.help_lines import HelpLines
from streams.brokers.client import Record
from streams.deciding.decision import Ledger, decide
from streams.digest import approval_digest
from streams.duty.across import ACROSS_AFTER_SECONDS, NOT_YOUR_WARD, Across, by_name
from streams.duty.silence import Ground, silence_draft
from streams.duty.silence_end import SILENCE_OVER, SilencesSaid
from streams.duty.standing import Standing
from streams.notices.ending import ending_of
from streams.notices.extending import extension_of
from streams.payloads import Command, Draft, DraftRecord, DraftState, Verb
from streams.topics import NOTICES
from streams.wire import encode
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
    silences: SilencesSaid = field(default_factory=SilencesSaid)
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
            self.silences.hear_draft(decided.record.draft_id, decided.record)

    def hear(self, one: Notice) -> None:
        self.sent.append(one)
        for listener in (self.ground, self.orders, self.across, self.silences):
            listener.hear(one)

    def look(self, at: datetime = LATER) -> tuple[Draft, ...]:
        found = self.across.due(self.orders, self._unapproved(), self.ground, (), LINES, at=at)
        for draft in found:
            self.ask(Verb.CREATE, draft, "pager", at)
        return found

    def ends(self, at: datetime = LATER) -> tuple[Draft, ...]:
        """Let the lines that hold no longer at *at* be taken back; a moment later nothing more is."""
        waiting = {one.draft_id: one.lineage for one in self.drafts.values() if one.state is DraftState.OPEN}
        found = self.silences.due(self.orders, waiting, self.ground, at=at)
        for draft in found:
            self.ask(Verb.CREATE, draft, "pager", at)
        assert self.silences.due(self.orders, waiting, self.ground, at=at) == ()
        return found

    def silent(self, draft: Draft, at: datetime) -> None:
        """Say that nobody has decided *draft*."""
        record = self.drafts[draft.draft]
        said = silence_draft(record, self.ground, (), LINES, min_level=Level.ALL_LEAVE, at=at)
        assert said is not None
        self.ask(Verb.CREATE, said, "pager", at)

    def started_anew(self) -> "Tokyo":
        """Return the same evening as a pager reads it that has just started."""
        again = Tokyo(ledger=self.ledger)
        for one in self.sent:
            again.hear(one)
        again.drafts.update(self.drafts)
        for name, record in self.drafts.items():
            again.silences.hear_draft(name, record)
        return again

    def page(self, cell: int) -> list[str]:
        """Return the titles that stand on the residents' page of *cell* as in force."""
        state = State()
        for place, one in enumerate(self.sent):
            state.apply(Record(NOTICES.name, 0, place, one.lineage.encode(), encode(one), timestamp_ms=1))
        here = (said for said in state.view().in_force if intersection(said.part.cells, (cell,)))
        return sorted(said.part.texts[0].title for said in here)

    def _unapproved(self) -> Iterable[DraftRecord]:
        return [one for one in self.drafts.values() if one.state is not DraftState.APPROVED]

    def reads(self, cell: int, language: str = "ja") -> list[str]:
        """Return the titles of what somebody who lives in *cell* is sent."""
        people = People(Registry.of(columns_of([resident(random.Random(1), (Place(Cell(cell)),))])))
        found: list[str] = []
        told: dict[str, Before] = {}
        for one in self.sent:
            chosen = select(people, one, at=one.sent, told=told.get(one.lineage))
            if len(chosen):
                told[one.lineage] = Before(people.row_numbers(chosen.rows), chosen.places)
            for part in chosen.parts:
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


# ── what was said is taken back ───────────────────────────────────────────────────────────────────

WARNED = "レベル4 洪水危険警報"
NEIGHBOUR_OVER = "隣の区の指示についての知らせの終了"
ORDERED_NOW = "「指示は出ていない」という知らせの終了"
NO_ORDER = "避難の指示はまだ出ていません"
NO_ORDER_OVER = "「指示はまだ」という知らせの終了"


def the_order(tokyo: Tokyo) -> Notice:
    return next(one for one in tokyo.sent if one.lineage == f"lineage-{APPROVES}")


@pytest.mark.parametrize("phase", [Phase.LIFTED, Phase.CANCELLED])
def test_an_order_that_ends_takes_back_what_was_said_of_it_across_the_line(phase: Phase) -> None:
    tokyo = evening()
    tokyo.look()
    assert NOT_ORDERED in tokyo.page(MIDDLES[ABSENT])
    assert tokyo.ends() == ()
    tokyo.hear(replace(ending_of(the_order(tokyo), phase, at=LATER), approved_by="koto-2"))
    # Nobody was here when it ended: whoever starts anew takes it back.
    tokyo = tokyo.started_anew()
    (ended,) = tokyo.ends(LATER + timedelta(minutes=1))
    assert (ended.reason, ended.notice.kind) == (SILENCE_OVER, NoticeKind.HOW_IT_IS_GOING)
    for ward in (REFUSES, ABSENT):
        assert tokyo.reads(MIDDLES[ward]) == [WARNED, NOT_ORDERED, NEIGHBOUR_OVER]
        assert tokyo.page(MIDDLES[ward]) == [WARNED]
    assert NEIGHBOUR_OVER not in tokyo.reads(MIDDLES[APPROVES])
    assert tokyo.reads(FAR) == []
    assert tokyo.body(MIDDLES[REFUSES]).endswith(
        "危険がなくなったという知らせではありません。相談：江戸川区03-0000-0123。命の危険は119。"
    )
    later = LATER + timedelta(hours=1)
    assert (tokyo.ends(later), tokyo.look(later)) == ((), ())
    again = tokyo.started_anew()
    assert (again.ends(later), again.look(later)) == ((), ())


def test_a_later_end_of_the_order_takes_nothing_back() -> None:
    tokyo = evening()
    tokyo.look()
    order = the_order(tokyo)
    extended = extension_of(order, order.expires + timedelta(hours=6), at=LATER)
    tokyo.hear(replace(extended, approved_by="koto-2"))
    for minutes in (1, 300):
        assert tokyo.ends(LATER + timedelta(minutes=minutes)) == ()
    assert NOT_ORDERED in tokyo.page(MIDDLES[ABSENT])


def test_an_order_of_their_own_ward_takes_it_back_there_alone() -> None:
    tokyo = evening()
    tokyo.look()
    own = order_of(ABSENT)
    tokyo.ask(Verb.CREATE, own, "notices")
    tokyo.ask(Verb.APPROVE, own, "katsushika-1")
    tokyo.ends()
    assert tokyo.page(MIDDLES[ABSENT]) == [WARNED, "レベル4 避難指示"]
    assert tokyo.reads(MIDDLES[ABSENT]) == [WARNED, NOT_ORDERED, "レベル4 避難指示", ORDERED_NOW]
    assert tokyo.page(MIDDLES[REFUSES]) == sorted([WARNED, NOT_ORDERED])
    assert tokyo.reads(MIDDLES[REFUSES]) == [WARNED, NOT_ORDERED]
    # The neighbour's order ends: those who were told of it and heard nothing since hear that, and nobody else.
    tokyo.hear(replace(ending_of(the_order(tokyo), Phase.LIFTED, at=LATER), approved_by="koto-2"))
    tokyo.ends(LATER + timedelta(minutes=1))
    assert NEIGHBOUR_OVER not in tokyo.reads(MIDDLES[ABSENT])
    assert tokyo.reads(MIDDLES[REFUSES])[-1] == NEIGHBOUR_OVER


def test_an_order_that_is_given_again_is_told_across_the_line_again() -> None:
    tokyo = evening()
    tokyo.look()
    order = the_order(tokyo)
    tokyo.hear(replace(ending_of(order, Phase.CANCELLED, at=LATER), approved_by="koto-2"))
    tokyo.ends(LATER)
    tokyo.look(LATER)
    tokyo.hear(replace(order, revision=3, sent=LATER, approved_at=LATER))
    (said,) = tokyo.look(LATER + timedelta(seconds=ACROSS_AFTER_SECONDS))
    assert said.notice.revision == 3
    assert tokyo.ends(LATER + timedelta(minutes=2)) == ()
    assert NOT_ORDERED in tokyo.page(MIDDLES[ABSENT])


def silence() -> tuple[Tokyo, Draft]:
    """An order waits under a warning, and nobody decides it in time."""
    tokyo, draft = Tokyo(), order_of(APPROVES)
    tokyo.ask(Verb.CREATE, WARNING, "notices")
    tokyo.ask(Verb.CREATE, draft, "notices")
    tokyo.silent(draft, NINE + timedelta(minutes=5))
    assert tokyo.ends(NINE + timedelta(hours=1)) == (), "it still waits"
    return tokyo, draft


def test_the_order_itself_takes_back_that_there_is_none_yet() -> None:
    tokyo, draft = silence()
    at = NINE + timedelta(hours=1)
    tokyo.ask(Verb.APPROVE, draft, "koto-2", at)
    tokyo = tokyo.started_anew()
    tokyo.ends(at)
    assert tokyo.page(MIDDLES[APPROVES]) == [WARNED, "レベル4 避難指示"]
    assert tokyo.reads(MIDDLES[APPROVES]) == [WARNED, NO_ORDER, "レベル4 避難指示", ORDERED_NOW]
    assert tokyo.ends(at + timedelta(hours=1)) == ()


def test_an_approval_of_which_the_order_is_not_heard_yet_says_to_nobody_that_there_is_none() -> None:
    tokyo, draft = silence()
    at = NINE + timedelta(hours=1)
    record = replace(tokyo.drafts[draft.draft], state=DraftState.APPROVED, at=at, draft=None)
    tokyo.silences.hear_draft(draft.draft, record)
    tokyo.drafts[draft.draft] = record
    assert tokyo.ends(at + timedelta(seconds=ACROSS_AFTER_SECONDS - 1)) == ()


@pytest.mark.parametrize("how", ["discarded", "closed", "gone"])
def test_a_draft_that_is_discarded_or_closed_ends_the_wait_for_it(how: str) -> None:
    tokyo, draft = silence()
    at = NINE + timedelta(hours=1)
    if how == "discarded":
        tokyo.ask(Verb.VOID, draft, "koto-1", at)
    elif how == "closed":
        closed = replace(tokyo.drafts[draft.draft], state=DraftState.VOID, reason="draft-superseded", at=at)
        tokyo.drafts[draft.draft] = closed
        tokyo.silences.hear_draft(draft.draft, closed)
    else:
        del tokyo.drafts[draft.draft]
        tokyo.silences.hear_draft(draft.draft, None)
    tokyo = tokyo.started_anew()
    assert len(tokyo.ends(at + timedelta(seconds=ACROSS_AFTER_SECONDS))) == 1
    assert tokyo.page(MIDDLES[APPROVES]) == [WARNED]
    assert tokyo.reads(MIDDLES[APPROVES]) == [WARNED, NO_ORDER, NO_ORDER_OVER]
    assert tokyo.started_anew().ends(at + timedelta(hours=2)) == ()


def test_of_a_draft_refused_before_anybody_was_told_it_holds_until_the_warning_is_lifted() -> None:
    tokyo = evening()
    at = NINE + timedelta(minutes=5)
    tokyo.silent(order_of(REFUSES), at)
    assert tokyo.started_anew().ends(at + timedelta(hours=9)) == (), "a warning past its time was not lifted"
    warning = next(one for one in tokyo.sent if one.feed == "jma")
    tokyo.hear(ending_of(warning, Phase.LIFTED, at=at))
    tokyo.ends(at + timedelta(hours=1))
    assert tokyo.page(MIDDLES[REFUSES]) == []
    assert tokyo.reads(MIDDLES[REFUSES])[-1] == NO_ORDER_OVER


def test_a_draft_in_anothers_place_keeps_its_line_until_the_next_one_is_said() -> None:
    tokyo, draft = silence()
    at = NINE + timedelta(hours=1)
    next_ = replace(
        draft,
        draft="draft-next",
        notice=replace(draft.notice, revision=2),
        provenance=replace(draft.provenance, revision=2),
    )
    tokyo.ask(Verb.CREATE, next_, "notices", at)
    tokyo.drafts[draft.draft] = replace(tokyo.drafts[draft.draft], state=DraftState.NOTHING_CHANGED)
    assert tokyo.ends(at + timedelta(minutes=9)) == ()
    tokyo.silent(next_, at + timedelta(minutes=10))
    assert len(tokyo.ends(at + timedelta(minutes=10))) == 1
    # The same words stand once, and nobody is woken for it.
    assert tokyo.page(MIDDLES[APPROVES]) == sorted([WARNED, NO_ORDER])
    assert tokyo.reads(MIDDLES[APPROVES]) == [WARNED, NO_ORDER, NO_ORDER]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", list(SilenceOver))
def test_the_words_of_the_end_order_nobody_and_say_the_time_first(language: str, why: SilenceOver) -> None:
    text = compose_silence_end(why, NINE, "江東区", language)
    assert width(text.title) <= MAX_TITLE_WIDTH
    assert not reads_as_order(text)
    assert "21:00" in text.body[:FIRST_CHARACTERS]
