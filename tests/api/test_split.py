"""An order over several wards is split so that nothing is lost, and nobody is ordered to leave by two wards."""

from typing import Any

import h3.api.basic_int as h3
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Geocode
from alerts.place import Cell, Cells
from api.orders.area_form import cells_of
from api.orders.split import by_ward
from api.orders.wanted import Wanted, Where
from feeds.console import console_area
from geo.areas import AreaCover
from geo.cells import count, difference, intersection, union
from geo.outline import rings_of

NAMES = {"1310800": "江東区", "1312300": "江戸川区"}
_MIDDLE = h3.latlng_to_cell(35.69, 139.845, 8)
_RING = sorted(h3.grid_disk(_MIDDLE, 6))
# Two made-up wards west and east of a line.
GROUND: dict[str, Cells] = {
    "江東区": union(*((Cell(cell),) for cell in _RING if h3.cell_to_latlng(cell)[1] < 139.845)),
    "江戸川区": union(*((Cell(cell),) for cell in _RING if h3.cell_to_latlng(cell)[1] >= 139.845)),
}


def lookup(geocode: Geocode) -> AreaCover | None:
    name = NAMES.get(geocode.value)
    return None if name is None else AreaCover(geocode.value, name, GROUND[name])


def order(*areas: dict[str, Any]) -> Wanted:
    return Wanted(
        "order", "post-1", "r" * 32, Where(unknown=True), True, {"level": 4, "areas": areas, "issuer": "各区"}
    )


def split(*areas: dict[str, Any]) -> tuple[Wanted, ...]:
    return by_ward(order(*areas), names=NAMES, ground=GROUND, lookup=lookup)


def drawn(cells: Cells) -> dict[str, Any]:
    (ring, *_) = rings_of(cells)
    return {"name": "川沿い", "polygon": [[point.lat, point.lng] for point in ring]}


def ground_of(wanted: Wanted) -> Cells:
    return union(*(cells_of((console_area(area),), lookup) for area in wanted.fields["areas"]))


def test_wards_that_are_named_are_one_order_each() -> None:
    whole = [{"code": code, "name": name} for code, name in NAMES.items()]
    first, second = split(*whole)
    assert [one.fields["issuer"] for one in (first, second)] == ["江東区", "江戸川区"]
    assert [one.fields["areas"] for one in (first, second)] == [(whole[0],), (whole[1],)]
    assert first.thing != second.thing
    assert first.receipt != second.receipt
    assert first.where.wards == {"1310800"}


def test_one_ward_alone_is_left_as_it_is() -> None:
    assert split({"code": "1310800", "name": "江東区"}) == (order({"code": "1310800", "name": "江東区"}),)
    inside = drawn(h3.grid_disk(next(iter(GROUND["江東区"])), 0) and (Cell(sorted(GROUND["江東区"])[0]),))
    assert len(split(inside)) == 1


def test_a_named_ward_needs_no_outline_within_it() -> None:
    across = drawn(tuple(Cell(cell) for cell in sorted(h3.grid_disk(_MIDDLE, 2))))
    first, second = split({"code": "1310800", "name": "江東区"}, across)
    assert first.fields["areas"] == ({"code": "1310800", "name": "江東区"},)
    assert second.fields["areas"][0]["name"] == "江戸川区の川沿い"


def test_a_chome_goes_with_its_own_ward() -> None:
    first, second = split(
        {"chome": "13108 亀戸一丁目", "name": "江東区亀戸一丁目"}, {"code": "1312300", "name": "江戸川区"}
    )
    assert first.fields["areas"] == ({"chome": "13108 亀戸一丁目", "name": "江東区亀戸一丁目"},)
    assert second.fields["areas"] == ({"code": "1312300", "name": "江戸川区"},)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(1, 3), st.sampled_from(_RING[::7]))
def test_nothing_is_lost_and_hardly_a_cell_is_ordered_twice(size: int, middle: int) -> None:
    whole = tuple(Cell(cell) for cell in sorted(h3.grid_disk(middle, size)))
    area = drawn(whole)
    meant = cells_of((console_area(area),), lookup)
    parts = split(area)
    assert count(difference(meant, union(*(ground_of(part) for part in parts)))) == 0
    for part in parts:
        name = part.fields["issuer"] if len(parts) > 1 else ""
        others = union(*(cells for ward, cells in GROUND.items() if ward != name)) if name else ()
        # An outline runs along the line between wards; what it touches beyond is a sliver of cells.
        assert count(intersection(ground_of(part), others)) <= 0.15 * count(meant)
