"""Whose a place is: home, school, office, a night elsewhere, and how each is spoken to (R5)."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.hazard import HazardKind
from alerts.information_words import inform
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients
from alerts.order_words import compose_order
from alerts.place import Cell
from alerts.wording import FIRST_CHARACTERS, MAX_TEXT_BYTES, MAX_TITLE_WIDTH, PartFacts, width
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.message import Message, Messages, topic_and_tag
from dispatch.registry import Registry
from dispatch.selection import Before, select
from dispatch.settings import DispatchSettings
from dispatch.subscription import Place, Role, Subscription, from_json, to_json
from dispatch.terms import MINE, Manner, Terms, Whose, code_of, flaw, manner_of, number_of, packed, unpacked
from dispatch.told import freeze, unit_of
from tests.dispatch.people import NIGHT, NOON, notice, part, resident

HOME = Cell(h3.latlng_to_cell(35.6727, 139.8169, 9))  # Kōtō
SCHOOL = Cell(h3.latlng_to_cell(35.7065, 139.8683, 9))  # Edogawa
OFFICE = Cell(h3.latlng_to_cell(35.6940, 139.7536, 9))  # Chiyoda
OFFICE_HOURS = Terms(Whose.MINE_AT_HOURS, 9, 18)
THEIRS = Terms(Whose.SOMEONE_ELSES)
PLACES = (
    Place(HOME),
    Place(SCHOOL, Role.SCHOOL, terms=THEIRS),
    Place(OFFICE, Role.WORK, terms=OFFICE_HOURS),
)
# What tells somebody to do something, in the texts of orders.
IMPERATIVES = (
    "避難。",
    "避難して",
    "してください",
    "へ。",
    "確保。",
    "Leave",
    "leave now",
    "go to",
    "Go ",
    "Protect",
    "get ready",
)


def mother(places: tuple[Place, ...] = PLACES, **changes: object) -> Subscription:
    return replace(resident(random.Random(1), places), **changes)  # type: ignore[arg-type]


def flood(
    *cells: Cell, level: Level = Level.ALL_LEAVE, kind: NoticeKind = NoticeKind.DANGER_IS_COMING, at: datetime = NOON
) -> Notice:
    """Return an order for *cells*; of kind 3 with a part for each."""
    facts = PartFacts(Phase.ISSUED, level, part().severity, (HazardKind.FLOOD,), ("平井一丁目",), "江戸川区", at, at)
    texts = (compose_order(facts, "ja"), compose_order(facts, "en"))
    groups = [(cell,) for cell in cells] if kind is NoticeKind.GO_THERE else [tuple(sorted(cells))]
    parts = [
        replace(part(group, rank=rank, level=level, texts=texts), area_names=("平井一丁目",))
        for rank, group in enumerate(groups)
    ]
    return replace(notice(*parts, kind=kind, expires=at + timedelta(hours=6)), issuer="江戸川区", sent=at)


def pushes(person: Subscription, of: Notice, at: datetime, told: Before | None = None) -> list[tuple[int, Message]]:
    """Return the code of the place and the message of each push that *person* is sent."""
    chosen = select(People(Registry.of(columns_of([person]))), of, at=at, told=told)
    messages = Messages(of, DispatchSettings())
    codes, parts = chosen.places.tolist(), chosen.parts.tolist()
    return [(code, messages.for_part(of_part, "ja", code)) for code, of_part in zip(codes, parts, strict=True)]


def said(message: Message) -> str:
    shown = json.loads(message.plaintext)["notification"]
    return str(shown["title"] + "\n" + shown["body"])


def is_silent(message: Message) -> bool:
    return json.loads(message.plaintext)["notification"].get("silent") is True


def orders(text: str) -> list[str]:
    return [word for word in IMPERATIVES if word in text]


def test_home_school_and_office_in_one_flood_are_the_right_three_pushes_and_no_order_for_the_school() -> None:
    of = flood(HOME, SCHOOL, OFFICE, kind=NoticeKind.GO_THERE)
    found = {number_of(code): (manner_of(code), message) for code, message in pushes(mother(), of, NOON)}
    assert {place: manner for place, (manner, _) in found.items()} == {1: Manner.LOUD, 2: Manner.INFORM, 3: Manner.LOUD}
    assert orders(said(found[1][1]))
    assert orders(said(found[3][1]))
    assert orders(said(found[2][1])) == []
    assert "平井一丁目" in said(found[2][1])
    assert not any(is_silent(message) for _, message in found.values())
    assert len({message.topic for _, message in found.values()}) == 3


def test_at_night_the_office_is_shown_without_sound_and_home_sounds() -> None:
    of = flood(HOME, SCHOOL, OFFICE, kind=NoticeKind.GO_THERE, at=NIGHT)
    found = {number_of(code): message for code, message in pushes(mother(), of, NIGHT)}
    assert {place: is_silent(message) for place, message in found.items()} == {1: False, 2: False, 3: True}
    assert orders(said(found[3]))  # who is there after all reads the order


def test_a_flood_at_two_of_the_places_is_two_pushes() -> None:
    of = flood(SCHOOL, OFFICE, kind=NoticeKind.GO_THERE)
    assert {number_of(code) for code, _ in pushes(mother(), of, NOON)} == {2, 3}


def test_of_kinds_1_and_2_it_is_one_push_and_a_place_of_one_s_own_decides_how_it_speaks() -> None:
    ((code, message),) = pushes(mother(), flood(SCHOOL, HOME), NOON)
    assert (code, bool(orders(said(message)))) == (0, True)
    ((code, message),) = pushes(mother(), flood(SCHOOL), NOON)
    assert (manner_of(code), orders(said(message))) == (Manner.INFORM, [])
    ((code, message),) = pushes(mother(), flood(OFFICE, at=NIGHT), NIGHT)
    assert (manner_of(code), is_silent(message)) == (Manner.SILENT, True)
    ((code, message),) = pushes(mother(), flood(OFFICE, HOME, at=NIGHT), NIGHT)
    assert manner_of(code) is Manner.LOUD


def test_what_happens_at_the_school_never_takes_the_place_of_what_happens_at_home() -> None:
    worse, lesser = flood(SCHOOL, level=Level.SECURE_LIFE).parts[0], flood(HOME).parts[0]
    of = notice(worse, replace(lesser, rank=1))
    registry = People(Registry.of(columns_of([mother()])))
    chosen = select(registry, of, at=NOON)
    assert (chosen.parts.tolist(), chosen.places.tolist()) == ([1], [0])


@pytest.mark.parametrize(
    ("level", "sounds"), [(Level.ELDERLY_LEAVE, False), (Level.ALL_LEAVE, True), (Level.SECURE_LIFE, True)]
)
def test_somebody_else_s_place_wakes_from_level_4_and_is_never_left_out(level: Level, sounds: bool) -> None:
    for kind in (NoticeKind.DANGER_IS_COMING, NoticeKind.GO_THERE):
        ((_, message),) = pushes(mother(), flood(SCHOOL, level=level, kind=kind, at=NIGHT), NIGHT)
        assert is_silent(message) != sounds
        assert orders(said(message)) == []


def test_a_stay_ends_by_itself_and_who_was_told_there_hears_the_correction() -> None:
    end = NOON + timedelta(hours=3)
    guest = mother((Place(HOME), Place(OFFICE, Role.OTHER, terms=Terms(Whose.HERE_UNTIL, until=int(end.timestamp())))))
    for kind in (NoticeKind.DANGER_IS_COMING, NoticeKind.GO_THERE):
        assert len(pushes(guest, flood(OFFICE, kind=kind), NOON)) == 1
        assert len(pushes(guest, flood(OFFICE, kind=kind), end - timedelta(minutes=1))) == 1
        assert pushes(guest, flood(OFFICE, kind=kind), end) == []
        told = Before(
            np.array([guest.row], dtype=np.uint64), np.array([2 if kind is NoticeKind.GO_THERE else 0], dtype=np.uint8)
        )
        mended = flood(OFFICE, kind=kind)
        mended = replace(mended, parts=tuple(replace(one, recipients=Recipients.TOLD) for one in mended.parts))
        assert len(pushes(guest, mended, end + timedelta(hours=2), told)) == 1


def test_a_correction_to_all_who_were_told_speaks_as_it_did() -> None:
    of = flood(SCHOOL)
    ended = replace(of.parts[0], recipients=Recipients.ALL_TOLD, phase=Phase.CANCELLED, cells=())
    only_school = mother((Place(SCHOOL, terms=THEIRS),))
    told = Before(np.array([only_school.row], dtype=np.uint64), np.zeros(1, dtype=np.uint8))
    ((code, message),) = pushes(only_school, replace(of, revision=2, parts=(ended,)), NOON, told)
    assert manner_of(code) is Manner.INFORM
    assert "取消" in said(message)
    ((code, _),) = pushes(mother(row=only_school.row), replace(of, revision=2, parts=(ended,)), NOON, told)
    assert manner_of(code) is Manner.LOUD


def test_a_place_that_is_both_one_s_own_and_somebody_else_s_is_one_s_own() -> None:
    both = mother((Place(HOME, terms=THEIRS), Place(HOME)))
    for kind in (NoticeKind.DANGER_IS_COMING, NoticeKind.GO_THERE):
        ((code, _),) = pushes(both, flood(HOME, kind=kind), NOON)
        assert manner_of(code) is Manner.LOUD


def by_hand(person: Subscription, of: Notice, hour: int, now: datetime) -> tuple[int, Manner] | None:
    """Return the part and the manner of a person's one push by asking each place."""
    found: list[tuple[bool, int, bool]] = []
    for place in person.places:
        terms = place.terms
        if terms.whose is Whose.HERE_UNTIL and now >= datetime.fromtimestamp(-(-terms.until // 3600) * 3600, UTC):
            continue
        for number, one in enumerate(of.parts):
            if place.cell not in one.cells:
                continue
            end = terms.end_hour + (24 if terms.end_hour <= terms.start_hour else 0)
            inside = hour in [one % 24 for one in range(terms.start_hour, end)]
            other = terms.whose is Whose.SOMEONE_ELSES
            silent = (terms.whose is Whose.MINE_AT_HOURS and not inside) or (other and (one.level or 0) < 4)
            found.append((other, number, silent))
    own = [one for one in found if not one[0]] or found
    if not own:
        return None
    manner = Manner.INFORM if own[0][0] else Manner.LOUD
    if own[0][0]:
        best = min(number for _, number, _ in own)
        # Information: how loud it is depends on the parts that it could be about.
        silent = all(quiet for _, _, quiet in own)
    else:
        best, silent = min(number for _, number, _ in own), all(quiet for _, _, quiet in own)
    return best, manner | (Manner.SILENT if silent else Manner.LOUD)


CELLS = tuple(Cell(cell) for cell in sorted(h3.grid_disk(HOME, 2)))
TERMS = st.one_of(
    st.just(MINE),
    st.just(THEIRS),
    st.builds(
        lambda start, more: Terms(Whose.MINE_AT_HOURS, start, (start + more) % 24),
        st.integers(0, 23),
        st.integers(1, 23),
    ),
    st.builds(
        lambda hours: Terms(Whose.HERE_UNTIL, until=int(NOON.timestamp()) + 3600 * hours + 17), st.integers(-30, 30)
    ),
)


@given(
    st.lists(st.lists(st.tuples(st.sampled_from(CELLS), TERMS), min_size=1, max_size=5), min_size=1, max_size=12),
    st.integers(0, 23),
    st.integers(0, 2**32),
)
def test_a_selection_with_terms_is_what_asking_everybody_gives(
    wanted: list[list[tuple[Cell, Terms]]], hour: int, seed: int
) -> None:
    rng = random.Random(seed)
    people = [resident(rng, [Place(cell, terms=terms) for cell, terms in places]) for places in wanted]
    now = NOON.replace(hour=0) + timedelta(hours=hour)
    shuffled = list(CELLS)
    rng.shuffle(shuffled)
    levels = (Level.SECURE_LIFE, Level.ELDERLY_LEAVE, Level.ALL_LEAVE)
    parts = [part(tuple(sorted(shuffled[n * 4 : n * 4 + 4])), rank=n, level=level) for n, level in enumerate(levels)]
    of = notice(*parts)
    registry = People(Registry.of(columns_of(people)))
    chosen = select(registry, of, at=now)
    found = {
        row: (of_part, manner_of(code))
        for row, of_part, code in zip(
            registry.row_numbers(chosen.rows).tolist(), chosen.parts.tolist(), chosen.places.tolist(), strict=True
        )
    }
    expected = {one.row: by_hand(one, of, (hour + 9) % 24, now) for one in people}
    assert found == {row: what for row, what in expected.items() if what is not None}


# ── what is kept of it ────────────────────────────────────────────────────────────────────────────


@given(TERMS)
def test_terms_take_32_bits_and_are_read_back(terms: Terms) -> None:
    code = packed(terms)
    assert 0 <= code < 2**32
    back = unpacked(code)
    assert (back.whose, back.start_hour, back.end_hour) == (terms.whose, terms.start_hour, terms.end_hour)
    assert terms.until <= back.until < terms.until + 3600
    assert packed(back) == code
    assert (code == 0) == (terms == MINE)


@given(st.integers(-1, 2**33))
def test_a_code_that_nobody_wrote_is_refused(code: int) -> None:
    try:
        terms = unpacked(code)
    except ValueError:
        return
    assert packed(terms) == code
    assert flaw(terms) == ""


def test_a_stored_subscription_keeps_the_terms_and_one_from_before_there_were_any_is_read() -> None:
    person = mother()
    assert from_json(to_json(person)) == person
    before = to_json(mother(tuple(replace(place, terms=MINE) for place in PLACES)))
    assert all(len(place) == 3 for place in json.loads(before)["places"])
    assert {place.terms for place in from_json(before).places} == {MINE}


def test_how_a_push_speaks_makes_no_other_message_of_it() -> None:
    rows, places = np.array([7, 7, 8], dtype=np.uint64), np.array([1, 2, 1], dtype=np.uint8)
    loud, silent = unit_of(rows, places), unit_of(rows, code_of(places, np.uint8(Manner.SILENT | Manner.INFORM)))
    assert loud.tolist() == silent.tolist()
    assert len(set(loud.tolist())) == 3
    messages = Messages(flood(HOME, kind=NoticeKind.GO_THERE), DispatchSettings())
    assert {messages.for_part(0, "ja", code_of(2, manner)).topic for manner in range(4)} == {
        topic_and_tag("lineage-1", 2, kind3=True)
    }
    assert len({messages.for_part(0, "ja", code_of(2, manner)).plaintext for manner in range(4)}) == 4


def test_what_was_promised_to_a_key_covers_how_it_speaks() -> None:
    people, of = People(Registry.of(columns_of([mother()]))), flood(SCHOOL)
    messages = Messages(of, DispatchSettings())
    told = freeze(people, 1, select(people, of, at=NOON), generation=b"g" * 16, said=messages.digest)
    assert messages.digest(told.languages, told.codes()) == told.said
    assert messages.digest(told.languages, (0,)) != told.said
    numbers, places = told.everyone()
    assert places.tolist() == [0]
    assert numbers.tolist() == [mother().row]


# ── the words ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", list(NoticeKind), ids=str)
@pytest.mark.parametrize("phase", list(Phase), ids=str)
def test_information_is_complete_short_enough_and_orders_nobody(language: str, kind: NoticeKind, phase: Phase) -> None:
    for level in (None, *Level):
        for hazard in HazardKind:
            made = flood(SCHOOL, kind=kind)
            names = tuple("長" * 24 for _ in range(9))
            one: NoticePart = replace(made.parts[0], phase=phase, level=level, hazards=(hazard,), area_names=names)
            text = inform(made, one, language)
            assert orders(text.title + text.body) == []
            assert width(text.title) <= MAX_TITLE_WIDTH
            assert len((text.title + text.body).encode()) <= MAX_TEXT_BYTES
            first = text.body[:FIRST_CHARACTERS]
            assert "12:00" in first
            assert level is None or str(level.value) in first
            ended = phase in (Phase.LIFTED, Phase.CANCELLED, Phase.EASED)
            assert ended == (
                "危険がなくなったという知らせではありません" in text.body or "does not say that the danger" in text.body
            )
