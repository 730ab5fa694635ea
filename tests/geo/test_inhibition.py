"""One thread per danger: several sources about one danger in one place are heard once, the worst of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import h3.api.basic_int as h3
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Standing
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Phase, Recipients
from alerts.place import Cell, Shard
from geo.cells import contains
from geo.change import NOTHING_TOLD, Change, Difference, Told, difference
from geo.inhibition import family_of, inhibited
from tests.geo.documents import danger, provenance

SHARD = Shard(h3.latlng_to_cell(35.69, 139.83, 6))
CELLS = tuple(Cell(cell) for cell in h3.cell_to_children(SHARD, 9)[:3])
RIVER, RAIN, SNOW = HazardKind.FLOOD, HazardKind.HEAVY_RAIN, HazardKind.SNOWMELT
# What a source says of each cell: the level of each hazard.
Saying = Mapping[Cell, Mapping[HazardKind, int]]


@dataclass
class World:
    """Several sources, what each was told of, and what people heard."""

    says: dict[str, Saying] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    revision: int = 0

    def step(self, source: str, saying: Saying, *, cancel: bool = False) -> tuple[Change, ...]:
        """Let *source* say *saying* and return what people hear of it."""
        self.revision += 1
        dangers = tuple(
            danger((cell,), Level(level), source, hazard=hazard)
            for cell, hazards in saying.items()
            for hazard, level in hazards.items()
        )
        standing = Standing(provenance(self.revision, source, "cancel" if cancel else "update"), 1, dangers)
        before = self.told.get(source, NOTHING_TOLD)
        others = [told for other, told in self.told.items() if other != source]
        found = inhibited(difference({SHARD: standing}, before), before, others)
        self.told[source] = found.told
        self.says[source] = {} if cancel else saying
        return found.changes

    def worst(self, cell: Cell) -> dict[HazardKind, int]:
        """Return the level of each danger in *cell*, over all sources."""
        found: dict[HazardKind, int] = {}
        for saying in self.says.values():
            for hazard, level in saying.get(cell, {}).items():
                family = family_of(hazard)
                found[family] = max(level, found.get(family, 0))
        return found


def heard_in(changes: Sequence[Change], cell: Cell) -> Change | None:
    """Return what the people of *cell* hear, None if nothing."""
    found = [c for c in changes if contains(c.cells, cell)]
    assert len(found) <= 1, "parts are disjoint"
    return found[0] if found and found[0].recipients is not Recipients.NOBODY else None


def words(change: Change | None) -> dict[HazardKind, int]:
    """Return the level of each danger that the words of *change* name."""
    key = None if change is None else change.after
    found: dict[HazardKind, int] = {}
    for one in key.dangers if key is not None else ():
        assert one.level is not None
        found[family_of(one.hazard)] = max(int(one.level), found.get(family_of(one.hazard), 0))
    return found


levels = st.dictionaries(st.sampled_from([RIVER, RAIN, SNOW]), st.integers(2, 5), max_size=3)
sayings = st.dictionaries(st.sampled_from(CELLS), levels, max_size=3)
steps = st.lists(st.tuples(st.sampled_from("abc"), sayings, st.booleans()), min_size=1, max_size=9)


@given(steps)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_rise_is_heard_at_once_an_end_is_no_all_clear_and_nothing_is_heard_twice(
    taken: list[tuple[str, Saying, bool]],
) -> None:
    world = World()
    for source, saying, cancel in taken:
        before = {cell: world.worst(cell) for cell in CELLS}
        held_by_others = {
            cell: {family_of(h) for other, said in world.says.items() if other != source for h in said.get(cell, {})}
            for cell in CELLS
        }
        changes = world.step(source, saying, cancel=cancel)
        for cell in CELLS:
            now, heard = world.worst(cell), heard_in(changes, cell)
            risen = {family for family, level in now.items() if level > before[cell].get(family, 0)}
            fallen = {family for family, level in before[cell].items() if level > now.get(family, 0)}
            said = words(heard)
            assert risen <= said.keys(), "a rise is never hidden"
            assert all(said[family] == now[family] for family in said), "no word is less or more than what holds"
            if heard is not None and heard.after is None:
                assert heard.before is not None
                named = {family_of(one.hazard) for one in heard.before.dangers}
                assert named.isdisjoint(now), "no all-clear of what still holds"
            if fallen and not risen and max(now.values(), default=0) < max(before[cell].values()):
                assert heard is not None, "the worst that people know has changed"
            if now == before[cell] and held_by_others[cell] >= set(now):
                assert heard is None, "nobody is told twice of one danger"


@given(st.lists(sayings, min_size=2, max_size=4))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_in_whatever_order_sources_come_people_end_with_the_worst_and_hear_it_once(said: list[Saying]) -> None:
    for order in permutations(range(len(said))):
        world = World()
        last: dict[Cell, dict[HazardKind, int]] = {cell: {} for cell in CELLS}
        times: dict[tuple[Cell, HazardKind, int], int] = {}
        for source in order:
            changes = world.step(str(source), said[source])
            for cell in CELLS:
                for family, level in words(heard_in(changes, cell)).items():
                    last[cell][family] = level
                    times[cell, family, level] = times.get((cell, family, level), 0) + 1
        assert last == {cell: world.worst(cell) for cell in CELLS}
        # A source that repeats a level for the sake of another hazard of its own names it again at most once each.
        assert all(count <= len(said) for count in times.values())


def one(level: int, hazard: HazardKind = RIVER) -> Saying:
    return {CELLS[0]: {hazard: level}}


def test_level_5_hides_3_and_the_hidden_one_is_kept_for_the_record() -> None:
    world = World()
    (first,) = world.step("river office", one(5))
    assert first.phase is Phase.ISSUED
    (hidden,) = world.step("weather office", one(3))
    assert (hidden.phase, hidden.recipients) == (Phase.ISSUED, Recipients.NOBODY)
    assert world.told["weather office"].silent == (CELLS[0],)


def test_an_update_replaces_and_never_adds() -> None:
    world = World()
    world.step("a", one(3))
    world.step("b", one(4))
    assert [c.recipients for c in world.step("a", one(4))] == [Recipients.NOBODY]
    assert [c.recipients for c in world.step("b", {})] == [Recipients.NOBODY], "a still holds the same"
    (end,) = world.step("a", {})
    assert (end.phase, end.recipients) == (Phase.LIFTED, Recipients.CELLS), "some have level 4 from b alone"


def test_the_end_of_the_greater_danger_names_what_is_left_and_not_in_the_name_of_its_source() -> None:
    world = World()
    world.step("a", one(2))
    world.step("b", one(4))
    (eased,) = world.step("b", {})
    assert (eased.phase, eased.recipients, eased.by_others) == (Phase.EASED, Recipients.TOLD, True)
    assert eased.after is not None
    assert eased.after.level is Level.CHECK_ACTION
    assert eased.after.area_names == ("a",)


def test_whoever_was_warned_by_a_source_that_ended_in_silence_hears_the_end_all_the_same() -> None:
    world = World()
    world.step("a", one(4))
    world.step("b", one(4))  # silent
    world.step("a", {})  # silent too: b still holds it
    (end,) = world.step("b", {})
    assert (end.phase, end.recipients) == (Phase.LIFTED, Recipients.CELLS), "nobody was told under b's name"


def test_a_cancel_while_another_source_holds_reaches_only_those_whom_it_concerns() -> None:
    world = World()
    world.step("a", {CELLS[0]: {RIVER: 4}, CELLS[1]: {RIVER: 4}})
    world.step("b", one(4))
    changes = world.step("a", {}, cancel=True)
    assert heard_in(changes, CELLS[0]) is None
    gone = heard_in(changes, CELLS[1])
    assert gone is not None
    assert (gone.phase, gone.recipients) == (Phase.CANCELLED, Recipients.TOLD)


def test_a_cancel_of_the_only_source_reaches_all_who_were_told_wherever_they_are() -> None:
    world = World()
    world.step("a", one(4))
    world.step("b", one(3, RAIN))
    (cancelled,) = world.step("a", {}, cancel=True)
    assert (cancelled.phase, cancelled.recipients) == (Phase.CANCELLED, Recipients.ALL_TOLD)


def test_another_danger_is_never_hidden_however_great_the_first_one_is() -> None:
    world = World()
    world.step("a", one(5))
    (rain,) = world.step("b", one(2, RAIN))
    assert (rain.phase, rain.recipients) == (Phase.ISSUED, Recipients.CELLS)


def test_of_several_hazards_only_those_that_say_more_are_in_the_words() -> None:
    world = World()
    world.step("river office", one(4))
    (warned,) = world.step("weather office", {CELLS[0]: {RIVER: 2, RAIN: 3}})
    assert words(warned) == {RAIN: 3}
    assert warned.after is not None
    assert warned.after.hazards == (RAIN,)


def test_an_order_to_leave_is_hidden_by_no_warning_and_hides_none() -> None:
    def told_of(source: str, event: str, others: list[Told]) -> Difference:
        standing = Standing(provenance(1, source), 1, (danger((CELLS[0],), Level.ALL_LEAVE, source, event=event),))
        return inhibited(difference({SHARD: standing}, NOTHING_TOLD), NOTHING_TOLD, others)

    warning = told_of("weather office", "氾濫危険警報", [])
    order = told_of("ward", "避難指示", [warning.told])
    assert [change.recipients for change in order.changes] == [Recipients.CELLS]
    again = told_of("river office", "氾濫危険情報", [order.told])
    assert [change.recipients for change in again.changes] == [Recipients.CELLS]


def test_without_others_nothing_is_otherwise_than_the_comparison_found_it() -> None:
    standing = Standing(provenance(1), 1, (danger((CELLS[0],), Level.ALL_LEAVE),))
    found = difference({SHARD: standing}, NOTHING_TOLD)
    assert inhibited(found, NOTHING_TOLD, []) == found == inhibited(found, NOTHING_TOLD, [NOTHING_TOLD])
    assert inhibited(Difference((), NOTHING_TOLD), NOTHING_TOLD, [found.told]).changes == ()
