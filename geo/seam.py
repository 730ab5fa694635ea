"""The seam report: who across a ward line was told, who was not, and what ward codes would have done.

A resident cannot see the line between two wards, and water does not either. For each notice: the people who live
within 300 m outside of what was told; those of them across a ward line, told and not told; and both errors of
alerting by whole wards: people told without need, and people in danger who were not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import h3.api.basic_int as h3

from alerts.place import Cell, Cells
from geo.cells import expand
from geo.nearness import PARTS, near, parts_within

# Four minutes on foot: whoever lives so near hears the same sirens and asks why the telephone is silent.
SEAM_M = 300
# Who alerts by ward would leave a ward out in which next to nobody is in danger.
LEAST_SHARE = 0.1
FEWEST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Seam:
    """One ward line, seen from the side that was told: people of *across* within SEAM_M of ground told in *ward*."""

    ward: str
    across: str
    told: int
    not_told: int


@dataclass(frozen=True, slots=True)
class ByWard:
    """What alerting these whole wards would have done instead, in people."""

    wards: tuple[str, ...]
    told: int
    told_without_need: int
    in_danger_untold: int


@dataclass(frozen=True, slots=True)
class SeamReport:
    """All lines of one notice, the worst first, and the comparison with ward codes."""

    told: int
    seams: tuple[Seam, ...]
    by_ward: ByWard
    assumed: int = 0
    """People on ground that a river is only assumed to endanger, who were not told by this notice."""
    beyond: int = 0
    """People who live within SEAM_M outside of what was told, in whatever ward, and were not told."""

    def lines(self) -> tuple[str, ...]:
        """Return the report for a person; figures under 20 read "<20" (promise 15)."""
        rows = [
            f"  {seam.ward} | {seam.across}: across the line {shown(seam.told)} told, {shown(seam.not_told)} not told"
            for seam in self.seams
        ]
        ward = self.by_ward
        instead = (
            f"by ward code ({'、'.join(ward.wards) or 'none'}): {shown(ward.told)} people, "
            f"{shown(ward.told_without_need)} of them without need, "
            f"{shown(ward.in_danger_untold)} in danger and not told"
        )
        return (
            f"told by cells: {shown(self.told)} people",
            f"within {SEAM_M} m outside, not told: {shown(self.beyond)} people",
            f"within {SEAM_M} m across a ward line:" if rows else f"no ward line within {SEAM_M} m of who was told",
            *rows,
            *(
                [f"river tie assumed: {shown(self.assumed)} people on that ground were not told"]
                if self.assumed
                else ()
            ),
            instead,
        )


def shown(people: int) -> str:
    """Return a number of people as it may be shown."""
    return f"{people:,}" if people == 0 or people >= FEWEST_SHOWN else f"<{FEWEST_SHOWN}"


def seam_report(
    told: Cells,
    ward_of: Mapping[int, str],
    people: Mapping[int, int],
    *,
    in_danger: Cells | None = None,
    named: Iterable[str] | None = None,
    assumed: Cells = (),
) -> SeamReport:
    """Return the seam report of a notice that told the cells *told*.

    *ward_of* and *people* go by cell of resolution 9. *in_danger* are the cells of the danger where they
    differ from those told. *named* are the wards that an alert by ward code would name: without it those
    in which at least LEAST_SHARE of the people are in danger, or the worst hit if there is none. *assumed* are
    the cells whose river is assumed (`streams.gauges.river_desk.assumed_ties`): on the map, and told to nobody.
    """
    told_cells = _known(told, ward_of)
    danger_cells = told_cells if in_danger is None else _known(in_danger, ward_of)
    beyond = _people_near(near(_edge(told_cells)) & ward_of.keys() - told_cells, told_cells, people)
    seams = [
        Seam(
            ward, other, _people_near(cells & told_cells, here, people), _people_near(cells - told_cells, here, people)
        )
        for (ward, other), cells, here in _across(told_cells, ward_of)
    ]
    seams = [seam for seam in seams if seam.told or seam.not_told]
    seams.sort(key=lambda seam: (-seam.not_told, -seam.told, seam.ward, seam.across))
    wards = tuple(sorted(named)) if named is not None else _wards_in_danger(danger_cells, ward_of, people)
    alerted = {Cell(cell) for cell, ward in ward_of.items() if ward in set(wards)}
    by_ward = ByWard(
        wards,
        _people(alerted, people),
        _people(alerted - danger_cells, people),
        _people(danger_cells - alerted, people),
    )
    untold = _known(assumed, ward_of) - told_cells
    return SeamReport(_people(told_cells, people), tuple(seams), by_ward, _people(untold, people), beyond)


def _across(told: set[Cell], ward_of: Mapping[int, str]) -> list[tuple[tuple[str, str], set[Cell], set[Cell]]]:
    """Return for each pair of wards the cells of the other near ground told in the one, and that ground."""
    others: dict[tuple[str, str], set[Cell]] = defaultdict(set)
    here: dict[tuple[str, str], set[Cell]] = defaultdict(set)
    for cell in told:
        for other in near((cell,)):
            if other in ward_of and ward_of[other] != ward_of[cell]:
                pair = ward_of[cell], ward_of[other]
                others[pair].add(other)
                here[pair].add(cell)
    return [(pair, cells, here[pair]) for pair, cells in others.items()]


def _edge(cells: set[Cell]) -> set[Cell]:
    """Return those of *cells* of which a neighbour is not among them."""
    return {cell for cell in cells if any(other not in cells for other in h3.grid_disk(cell, 1))}


def _people_near(cells: set[Cell], ground: set[Cell], people: Mapping[int, int]) -> int:
    """Return how many people of *cells* live within SEAM_M of *ground*; a part of one counts as one."""
    edge = _edge(ground)
    parts = sum(people.get(cell, 0) * number for cell, number in parts_within(cells, edge, SEAM_M).items())
    return -(-parts // PARTS)


def _known(cells: Cells, ward_of: Mapping[int, str]) -> set[Cell]:
    return {cell for cell in expand(cells) if cell in ward_of}


def _people(cells: Iterable[int], people: Mapping[int, int]) -> int:
    return sum(people.get(cell, 0) for cell in cells)


def _wards_in_danger(cells: set[Cell], ward_of: Mapping[int, str], people: Mapping[int, int]) -> tuple[str, ...]:
    all_of: dict[str, int] = defaultdict(int)
    hit: dict[str, int] = defaultdict(int)
    for cell, ward in ward_of.items():
        all_of[ward] += people.get(cell, 0)
        if cell in cells:
            hit[ward] += people.get(cell, 0)
    found = tuple(sorted(ward for ward, number in hit.items() if number >= LEAST_SHARE * all_of[ward] and number > 0))
    worst = max(hit, key=lambda ward: (hit[ward], ward), default=None)
    return found or ((worst,) if worst is not None and hit[worst] else ())
