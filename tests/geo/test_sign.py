"""An order is believed without a person only where somebody else says that it is dangerous (R9)."""

from dataclasses import replace
from datetime import timedelta

import h3.api.basic_int as h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Danger, Lane, Provenance, Standing
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Cell, Cells
from alerts.policy import SignRule
from geo.cells import compact
from geo.sign import ORDER_WITH_SIGN, ORDER_WITHOUT_SIGN, Sign, independent_sign
from tests.geo.documents import AT, EDOGAWA_CELLS, KASAI, KOTO_CELLS, danger, provenance

RULE = SignRule()
ORDER = replace(provenance(lineage="order"), feed="dis", kind="DIS-1")
LATER = AT + timedelta(hours=3)


def source(lineage: str = "warning", **changes: object) -> Provenance:
    return replace(provenance(lineage=lineage), expires=LATER, **changes)  # type: ignore[arg-type]


def says(*dangers: Danger, **changes: object) -> Standing:
    return Standing(source(**changes), 1, dangers)  # type: ignore[arg-type]


def sign(*standings: Standing, cells: Cells = EDOGAWA_CELLS) -> Sign:
    return independent_sign(ORDER, cells, standings, RULE, at=AT)


def test_nothing_else_in_the_whole_city_is_no_sign() -> None:
    assert sign() == Sign(False, 0.0, ())
    assert sign().reason == ORDER_WITHOUT_SIGN == "order-without-independent-sign"


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        (danger(EDOGAWA_CELLS, Level.ELDERLY_LEAVE), {}),
        (danger(EDOGAWA_CELLS, Level.SECURE_LIFE), {}),
        (danger(EDOGAWA_CELLS, Level.ALL_LEAVE), {"feed": "gauge"}),
        (danger(EDOGAWA_CELLS, None, hazard=HazardKind.EARTHQUAKE), {}),
        (danger(EDOGAWA_CELLS, None, hazard=HazardKind.TSUNAMI), {}),
    ],
)
def test_a_warning_a_gauge_an_earthquake_or_a_tsunami_is_a_sign(said: Danger, changes: dict[str, object]) -> None:
    found = sign(says(said, **changes))
    assert (found.found, found.share, found.reason) == (True, 1.0, ORDER_WITH_SIGN)
    assert found.told_by[0].startswith(str(changes.get("feed", "jma")))


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        (danger(EDOGAWA_CELLS, Level.CHECK_ACTION), {}),  # an advisory
        (danger(EDOGAWA_CELLS, None), {}),
        (danger(KOTO_CELLS, Level.SECURE_LIFE), {}),  # somewhere else
        (danger(EDOGAWA_CELLS, Level.ALL_LEAVE), {"feed": "dis"}),  # the order's own source
        (danger(EDOGAWA_CELLS, Level.ALL_LEAVE), {"feed": "l-alert"}),  # believed as a source, not as a sign
        (danger(EDOGAWA_CELLS, Level.ALL_LEAVE), {"feed": "crowd"}),
        (danger(EDOGAWA_CELLS, Level.ALL_LEAVE, evacuate=True), {}),  # another order
        (danger(EDOGAWA_CELLS, Level.ALL_LEAVE), {"lineage": "order"}),  # the order itself
        (danger(EDOGAWA_CELLS, Level.ALL_LEAVE), {"expires": AT}),
        (danger(EDOGAWA_CELLS, Level.ALL_LEAVE), {"lane": Lane.DRILL}),
        (danger(EDOGAWA_CELLS, Level.ALL_LEAVE), {"lane": Lane.CANARY}),
    ],
)
def test_what_is_no_sign(said: Danger, changes: dict[str, object]) -> None:
    if "expires" in changes:
        standing = Standing(replace(source(), expires=AT), 1, (said,))
    else:
        standing = says(said, **changes)
    assert not sign(standing).found


def test_a_sign_over_a_corner_of_the_ward_is_none_for_the_ward() -> None:
    corner = compact(h3.grid_disk(KASAI, 2))
    assert not sign(says(danger(corner))).found
    assert sign(says(danger(corner)), cells=corner).found


def test_several_signs_count_together() -> None:
    cells = h3.grid_disk(KASAI, 6)
    left, right = compact(cells[: len(cells) // 3]), compact(cells[len(cells) // 3 : 2 * len(cells) // 3])
    assert not sign(says(danger(left))).found
    assert sign(says(danger(left)), says(danger(right), lineage="other", feed="gauge")).found


def test_an_order_for_nowhere_has_no_sign() -> None:
    assert not sign(says(danger(EDOGAWA_CELLS)), cells=()).found


CELLS = tuple(h3.grid_disk(KASAI, 4))
PIECES = st.sets(st.sampled_from(CELLS), min_size=1).map(compact)
LEVELS = st.none() | st.sampled_from(Level)
STANDINGS = st.lists(
    st.builds(
        lambda cells, level, feed, evacuate, lineage: says(
            danger(cells, level, evacuate=evacuate), feed=feed, lineage=lineage
        ),
        PIECES,
        LEVELS,
        st.sampled_from(("jma", "gauge", "dis", "cap", "l-alert")),
        st.booleans(),
        st.sampled_from(("a", "b", "order")),
    ),
    max_size=6,
)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(STANDINGS, PIECES, st.randoms(use_true_random=False))
def test_the_share_is_counted_as_cells_one_by_one_and_no_order_matters(
    standings: list[Standing], cells: Cells, chance: object
) -> None:
    found = sign(*standings, cells=cells)
    counted = {
        cell
        for cell in expand(cells)
        for standing in standings
        for said in standing.dangers
        if cell in expand(said.cells)
        and standing.provenance.feed in ("jma", "gauge")
        and standing.provenance.lineage != "order"
        and not said.evacuate
        and (said.level or 0) >= 3
    }
    assert found.share == pytest.approx(len(counted) / len(expand(cells)))
    assert found.found == (len(counted) * 2 >= len(expand(cells)))
    mixed = list(standings)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert sign(*mixed, cells=cells) == found


@settings(deadline=None, derandomize=True, max_examples=100)
@given(STANDINGS, STANDINGS, PIECES)
def test_more_signs_never_take_one_away(few: list[Standing], more: list[Standing], cells: Cells) -> None:
    assert sign(*few, *more, cells=cells).share >= sign(*few, cells=cells).share


def expand(cells: Cells) -> set[Cell]:
    return {Cell(cell) for cell in h3.uncompact_cells(list(cells), 9)}
