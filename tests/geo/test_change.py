"""What is told is exactly what changed: disjoint, complete, and nothing when nothing changed."""

import h3.api.basic_int as h3
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cap import Severity
from alerts.claim import Danger, Standing
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Phase, Recipients
from alerts.place import Cell, Cells, Shard
from geo.cells import compact, expand, split_by_shard, union
from geo.change import NOTHING_TOLD, Change, PartKey, Told, difference, is_complete, parts_of
from tests.geo.documents import EDOGAWA, EDOGAWA_CELLS, KOTO, KOTO_CELLS, danger, standing

SHARD = Shard(h3.latlng_to_cell(35.67, 139.82, 6))
OTHER = Shard(h3.latlng_to_cell(43.06, 141.35, 6))
POOL = [
    Cell(cell)
    for shard in (SHARD, OTHER)
    for resolution in (6, 7, 8, 9)
    for cell in h3.cell_to_children(shard, resolution)[::5]
]
some_cells = st.lists(st.sampled_from(POOL), min_size=1, max_size=8).map(compact)


@st.composite
def dangers(draw: st.DrawFn) -> Danger:
    cells = draw(some_cells)
    leaves = expand(cells)
    partial = compact(draw(st.lists(st.sampled_from(leaves), max_size=4)))
    return danger(
        cells,
        draw(st.sampled_from([None, Level.CHECK_ACTION, Level.ELDERLY_LEAVE, Level.SECURE_LIFE])),
        draw(st.sampled_from([KOTO, EDOGAWA])),
        hazard=draw(st.sampled_from([HazardKind.FLOOD, HazardKind.HEAVY_RAIN])),
        severity=draw(st.sampled_from([Severity.UNKNOWN, Severity.SEVERE])),
        partial=partial,
    )


def by_shard(found: list[Danger], revision: int = 1, outcome: str = "notice") -> dict[Shard, Standing]:
    """Return a standing in both shards."""
    held: dict[Shard, list[Danger]] = {SHARD: [], OTHER: []}
    for one in found:
        partial = split_by_shard(one.partial)
        for shard, cells in split_by_shard(one.cells).items():
            values = {name: getattr(one, name) for name in ("hazard", "severity", "level")}
            held[shard].append(danger(cells, name=one.area_name, partial=partial.get(shard, ()), **values))
    return {shard: standing(*kept, revision=revision, outcome=outcome, shards=2) for shard, kept in held.items()}


def read_at(found: list[tuple[Danger, set[Cell], set[Cell]]], cell: Cell) -> tuple[object, ...] | None:
    """Return by the plain rule what somebody in *cell* reads."""
    here = [(one, cell in partial) for one, cells, partial in found if cell in cells]
    if not here:
        return None
    names = tuple(sorted({one.area_name for one, _ in here}))
    return names, tuple(sorted({one.hazard for one, _ in here})), all(partly for _, partly in here)


def told_at(told: Told) -> dict[int, PartKey]:
    """Return what is told by resolution-9 cell, and check that parts are disjoint."""
    at: dict[int, PartKey] = {}
    for part in told.parts:
        for cell in expand(part.cells):
            assert cell not in at
            at[cell] = part.key
    return at


several = st.lists(dangers(), max_size=4)


@given(several)
@settings(max_examples=30, deadline=None)
def test_what_is_told_is_what_holds_in_every_cell(found: list[Danger]) -> None:
    result = difference(by_shard(found), NOTHING_TOLD)
    at = told_at(result.told)
    leaves = [(one, set(expand(one.cells)), set(expand(one.partial))) for one in found]
    for leaf in {*POOL[-300::7], *(cell for one in found for cell in (*one.partial, *expand(one.cells)[::5]))}:
        key = at.get(leaf)
        assert read_at(leaves, leaf) == (key and (key.area_names, key.hazards, key.partial))


@given(several, several)
@settings(max_examples=60, deadline=None)
def test_changes_applied_to_what_was_told_give_exactly_what_holds(first: list[Danger], second: list[Danger]) -> None:
    told = difference(by_shard(first), NOTHING_TOLD).told
    result = difference(by_shard(second, revision=2), told)
    at = told_at(told)
    seen: set[int] = set()
    for change in result.changes:
        for cell in expand(change.cells):
            assert cell not in seen, "nobody is told twice"
            seen.add(cell)
            assert at.get(cell) == change.before
            if change.after is None:
                del at[cell]
            else:
                at[cell] = change.after
    fresh = difference(by_shard(second), NOTHING_TOLD).told
    assert at == told_at(fresh)
    assert result.told == fresh
    assert difference(by_shard(second, revision=2), result.told) == type(result)((), result.told)


@given(several)
@settings(max_examples=20, deadline=None)
def test_a_cancel_reaches_everybody_who_was_told(found: list[Danger]) -> None:
    told = difference(by_shard(found), NOTHING_TOLD).told
    held = {**by_shard(found), OTHER: standing(revision=2, outcome="cancel")}
    result = difference(held, told)
    assert result.told == NOTHING_TOLD
    assert all(c.phase is Phase.CANCELLED and c.recipients is Recipients.ALL_TOLD for c in result.changes)
    assert union(*(c.cells for c in result.changes)) == union(*(part.cells for part in told.parts))


def one_change(before: Danger | None, after: Danger | None) -> Change:
    """Return the only change between two states of one shard."""
    told = difference({SHARD: standing(*([before] if before else []))}, NOTHING_TOLD).told
    (change,) = difference({SHARD: standing(*([after] if after else []), revision=2)}, told).changes
    return change


WHERE: Cells = compact(h3.cell_to_children(SHARD, 8)[:4])


def test_each_step_has_its_name() -> None:
    two, three = danger(WHERE, Level.CHECK_ACTION), danger(WHERE, Level.ELDERLY_LEAVE)
    rain = danger(WHERE, Level.ELDERLY_LEAVE, hazard=HazardKind.HEAVY_RAIN)
    worse = danger(WHERE, None, severity=Severity.EXTREME)
    assert one_change(None, two).phase is Phase.ISSUED
    assert one_change(two, three).phase is Phase.RAISED
    assert one_change(three, two).phase is Phase.LOWERED
    assert one_change(three, rain).phase is Phase.CHANGED
    assert one_change(danger(WHERE, None), worse).phase is Phase.RAISED
    lifted = one_change(three, None)
    assert (lifted.phase, lifted.recipients, lifted.after) == (Phase.LIFTED, Recipients.TOLD, None)


def test_a_shard_of_which_nothing_is_known_stays_as_it_was_told() -> None:
    told = difference({SHARD: standing(danger(WHERE))}, NOTHING_TOLD).told
    assert difference({}, told) == type(difference({}, told))((), told)
    assert difference({OTHER: standing(revision=2)}, told).changes == ()


def test_the_worst_is_told_first_and_what_is_over_last() -> None:
    children = h3.cell_to_children(SHARD, 7)
    told = difference({SHARD: standing(danger((children[0],), Level.SECURE_LIFE))}, NOTHING_TOLD).told
    now = standing(danger((children[1],), Level.CHECK_ACTION), danger((children[2],), Level.ALL_LEAVE), revision=2)
    phases = [(c.phase, c.after and c.after.level) for c in difference({SHARD: now}, told).changes]
    assert phases == [
        (Phase.ISSUED, Level.ALL_LEAVE),
        (Phase.ISSUED, Level.CHECK_ACTION),
        (Phase.LIFTED, None),
    ]


def test_a_cell_on_a_border_names_both_areas() -> None:
    a, b, c = h3.cell_to_children(SHARD, 9)[:3]
    both = parts_of((danger(compact([a, b]), partial=(b,)), danger(compact([b, c]), name=EDOGAWA)))
    assert {cells: (key.area_names, key.partial) for key, cells in both} == {
        (a,): ((KOTO,), False),
        (b,): ((EDOGAWA, KOTO), False),
        (c,): ((EDOGAWA,), False),
    }


def test_whoever_is_mostly_outside_reads_whose_order_it_is() -> None:
    a, b = h3.cell_to_children(SHARD, 9)[:2]
    assert {cells: key.partial for key, cells in parts_of((danger(compact([a, b]), partial=(b,)),))} == {
        (a,): False,
        (b,): True,
    }


def test_a_whole_shard_is_never_taken_apart() -> None:
    (change,) = difference({SHARD: standing(danger((SHARD,)))}, NOTHING_TOLD).changes  # type: ignore[arg-type]
    assert list(map(int, change.cells)) == [int(SHARD)]


def test_a_document_is_complete_when_all_its_shards_have_reported() -> None:
    assert not is_complete({})
    assert not is_complete({SHARD: standing(revision=2, shards=2), OTHER: standing(revision=1, shards=2)})
    assert is_complete({SHARD: standing(revision=2, shards=2), OTHER: standing(revision=2, shards=2)})
    assert KOTO_CELLS != EDOGAWA_CELLS
