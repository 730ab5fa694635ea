"""Who across a ward line was told: on real ward borders, with the people of the census."""

import math
from functools import cache
from pathlib import Path

import h3.api.basic_int as h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.place import Cell
from geo.cells import compact
from geo.errors import ShapeError
from geo.importers import geojson
from geo.importers.population import mesh_corner, people_by_cell, read_csv
from geo.seam import SeamReport, seam_report, shown

KOTO, SUMIDA, EDOGAWA = "江東区", "墨田区", "江戸川区"


@cache
def wards(folder: Path) -> dict[int, str]:
    """Return the ward of each cell: the one with the greatest share of it."""
    shares: dict[int, tuple[float, str]] = {}
    for path in sorted(folder.glob("*.geojson")):
        for area in geojson.read(path.read_bytes()):
            for cell, share in geojson.shares_of(area.ground).items():
                shares[cell] = max(shares.get(cell, (0.0, "")), (share, area.name.ja))
    return {cell: ward for cell, (_, ward) in shares.items()}


@cache
def census(path: Path) -> dict[int, int]:
    import pyarrow.parquet as pq

    table = pq.read_table(path).to_pydict()
    codes, people = next(iter(table.values())), list(table.values())[-1]
    return people_by_cell((str(mesh), int(number or 0)) for mesh, number in zip(codes, people, strict=True))


@pytest.fixture(scope="module")
def ward_of(shared_data: Path) -> dict[int, str]:
    return wards(shared_data / "01_wards" / "jma_class20")


@pytest.fixture(scope="module")
def people(shared_data: Path, ward_of: dict[int, str]) -> dict[int, int]:
    found = census(shared_data / "09_population" / "pop_grid500m_5339_2015.parquet")
    return {cell: number for cell, number in found.items() if cell in ward_of}


def test_the_census_comes_to_the_wards_people(people: dict[int, int]) -> None:
    assert sum(people.values()) == pytest.approx(9_272_740, rel=0.02)


def test_a_ward_that_was_told_as_a_whole_leaves_out_those_across_its_line(
    ward_of: dict[int, str], people: dict[int, int]
) -> None:
    koto = compact(cell for cell, ward in ward_of.items() if ward == KOTO)
    report = seam_report(koto, ward_of, people)
    (to_sumida,) = [seam for seam in report.seams if (seam.ward, seam.across) == (KOTO, SUMIDA)]
    assert to_sumida.told == 0
    assert to_sumida.not_told > 20_000, "that line runs through streets"
    assert report.by_ward.wards == (KOTO,)
    assert (report.by_ward.told_without_need, report.by_ward.in_danger_untold) == (0, 0)


def test_a_danger_that_follows_the_river_shows_both_errors_of_ward_codes(
    ward_of: dict[int, str], people: dict[int, int]
) -> None:
    river = h3.latlng_to_cell(35.697, 139.851, 9)  # the 荒川 between 江東区 and 江戸川区
    danger = compact(h3.grid_disk(river, 6))
    report = seam_report(danger, ward_of, people, named=[KOTO])
    assert {(seam.ward, seam.across) for seam in report.seams} >= {(KOTO, EDOGAWA), (EDOGAWA, KOTO)}
    assert report.by_ward.told_without_need > 300_000, "most of 江東区 is nowhere near"
    assert report.by_ward.in_danger_untold > 10_000, "the other bank"
    (other_bank,) = [seam for seam in report.seams if (seam.ward, seam.across) == (KOTO, EDOGAWA)]
    assert other_bank.told > other_bank.not_told, "cells do not stop in the middle of the river"


# ── a small world of two wards ────────────────────────────────────────────────────────────────────

DISK = tuple(Cell(cell) for cell in h3.grid_disk(h3.latlng_to_cell(35.7, 139.8, 9), 4))
TWO: dict[int, str] = {cell: "east" if h3.cell_to_latlng(cell)[1] > 139.8 else "west" for cell in DISK}


def by_hand(told: set[Cell], people: dict[int, int], named: set[str]) -> tuple[int, int, int, int, int]:
    """Return the sums by looking at every 50 m of every cell and every side of every cell that was told."""
    across = [0, 0]
    for side in ("east", "west"):
        sides = [one for cell in told if TWO[cell] == side for one in sides_of(cell)]
        for is_told in (True, False):
            others = [cell for cell in DISK if TWO[cell] != side and (cell in told) == is_told]
            across[not is_told] += -(-sum(people[cell] * parts_by_hand(cell, sides) for cell in others) // 49)
    alerted = {c for c in DISK if TWO[c] in named}
    sums = (alerted, alerted - told, told - alerted)
    return (*across, *(sum(people[c] for c in cells) for cells in sums))  # type: ignore[return-value]


Side = tuple[tuple[float, float], tuple[float, float]]


def flat(point: tuple[float, float]) -> tuple[float, float]:
    return point[1] * math.cos(math.radians(35.7)) * 111_195.08, point[0] * 111_195.08


@cache
def sides_of(cell: int) -> tuple[Side, ...]:
    corners = [flat(point) for point in h3.cell_to_boundary(cell)]
    return tuple(zip(corners, corners[1:] + corners[:1], strict=True))


@cache
def metres(point: tuple[float, float], side: Side) -> float:
    (ax, ay), (bx, by) = side
    x, y = flat(point)
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
    along = min(1.0, max(0.0, along))
    return math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))


def parts_by_hand(cell: int, sides: list[Side]) -> int:
    points = [h3.cell_to_latlng(part) for part in h3.cell_to_children(cell, 11)]
    return sum(any(metres(point, side) <= 300 for side in sides) for point in points)


def sums_of(report: SeamReport) -> tuple[int, int, int, int, int]:
    ward = report.by_ward
    seams = report.seams
    return (
        sum(s.told for s in seams), sum(s.not_told for s in seams),
        ward.told, ward.told_without_need, ward.in_danger_untold,
    )  # fmt: skip


@given(st.sets(st.sampled_from(DISK)), st.sets(st.sampled_from(["east", "west"])), st.integers(0, 50))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_the_sums_are_those_of_counting_house_by_house(told: set[Cell], named: set[str], each: int) -> None:
    people: dict[int, int] = {cell: each + number for number, cell in enumerate(DISK)}
    report = seam_report(compact(told), TWO, people, named=named)
    found, expected = sums_of(report), by_hand(told, people, named)
    # The middle of one part of 30 to 80 people may fall on the other side of the 300 m by the projection's last digits.
    assert found[:2] == pytest.approx(expected[:2], abs=4)
    assert found[2:] == expected[2:]
    sides = [side for cell in told for side in sides_of(cell)]
    beyond = sum(people[cell] * parts_by_hand(cell, sides) for cell in DISK if cell not in told) / 49
    assert report.beyond == pytest.approx(beyond, abs=4)
    assert report.told == sum(people[cell] for cell in told)


def test_small_figures_are_not_shown_and_nobody_at_all_is() -> None:
    assert [shown(number) for number in (0, 1, 19, 20, 1234)] == ["0", "<20", "<20", "20", "1,234"]
    lines = seam_report(compact(DISK[:1]), TWO, dict.fromkeys(DISK, 3)).lines()
    assert "<20" in lines[0]
    nothing = seam_report((), TWO, {})
    assert nothing.by_ward.wards == ()
    assert "not told: 0 people" in nothing.lines()[1]
    assert "no ward line" in nothing.lines()[2]


def test_a_cell_that_touches_the_line_counts_for_the_people_near_it_and_for_no_others() -> None:
    """One cell told: of each neighbour the near part only, and of cells that touch it nowhere those behind a corner."""
    (middle,) = h3.grid_disk(DISK[0], 0)
    ring = {cell: 490 for cell in h3.grid_disk(middle, 2) if cell != middle}
    wards = {middle: "told", **dict.fromkeys(ring, "other")}
    (seam,) = seam_report((Cell(middle),), wards, ring).seams
    neighbours = 490 * 6
    assert 0.85 * neighbours < seam.not_told < 1.6 * neighbours
    inner = {cell: number for cell, number in ring.items() if cell in h3.grid_disk(middle, 1)}
    (near_only,) = seam_report((Cell(middle),), wards, inner).seams
    assert near_only.not_told < neighbours, "whoever lives at the far side of a neighbour is more than 300 m away"
    assert seam.not_told > near_only.not_told, "and somebody in no cell that touches it is not"


# ── the census' meshes ────────────────────────────────────────────────────────────────────────────


def test_a_mesh_code_is_its_place() -> None:
    tokyo_station = mesh_corner("533946114")
    assert (tokyo_station.lat, tokyo_station.lng) == pytest.approx((35.679166, 139.76875), abs=1e-4)
    assert mesh_corner("533946111").lat < mesh_corner("533946113").lat
    assert mesh_corner("533946111").lng < mesh_corner("533946112").lng


@given(st.integers(0, 100_000))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_nobody_is_lost_between_mesh_and_cells(people: int) -> None:
    assert sum(people_by_cell([("533946114", people)]).values()) == people


@pytest.mark.parametrize("code", ["", "53394611", "533986114", "533946119", "5339461x4", "５３３９４６１１４"])
def test_what_is_no_mesh_is_refused(code: str) -> None:
    with pytest.raises(ShapeError) as refused:
        mesh_corner(code)
    assert refused.value.reason == "mesh-code"


def test_a_population_file_is_read_and_a_wrong_one_named(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("mesh,people\n533946114,320\n", encoding="utf-8")
    assert sum(read_csv(path).values()) == 320
    for broken in ("code,people\n1,2\n", "mesh,people\n533946114,many\n"):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(ShapeError):
            read_csv(path)


def test_people_on_ground_that_is_only_assumed_to_be_the_rivers_are_said_and_not_counted_as_told() -> None:
    people: dict[int, int] = dict.fromkeys(DISK, 10)
    told, assumed = compact(DISK[:7]), compact(DISK[:19])
    report = seam_report(told, TWO, people, assumed=assumed)
    assert (report.told, report.assumed) == (70, 120)
    assert "river tie assumed: 120 people on that ground were not told" in report.lines()
    without = seam_report(told, TWO, people)
    assert without == seam_report(told, TWO, people, assumed=told), "who was told is no assumption any more"
    assert not any("assumed" in line for line in without.lines())
