"""An order over several wards becomes one order for each: a ward orders, and each part goes as it is approved (R7).

Pure. Nothing is lost: the parts' cells together are those of the whole. A cell on a line is in the part of the ward
that most of it lies in.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alerts.place import Cells
from api.orders.area_form import Lookup, cells_of
from api.orders.wanted import Wanted, Where
from feeds.console import console_area
from geo.cells import count, difference, intersection, union
from geo.outline import rings_of


def by_ward(
    wanted: Wanted, *, names: Mapping[str, str], ground: Mapping[str, Cells], lookup: Lookup
) -> tuple[Wanted, ...]:
    """Return the order *wanted* as one for each ward, sorted by code; itself where one ward holds it.

    *names* are the wards by code, *ground* their cells by name, each cell in one of them only. What is drawn beyond all
    of them goes with the ward that holds most of it: its approver sees that it reaches beyond her ward.
    """
    pieces: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for area in wanted.fields.get("areas", ()):
        if "code" in area:
            pieces[area["code"]].append(area)
        elif "chome" in area:
            pieces[next((code for code in names if code[:5] == area["chome"][:5]), "")].append(area)
        else:
            for code, piece in _drawn(area, names, ground, lookup):
                pieces[code].append(piece)
    if len(pieces) < 2:
        return (wanted,)
    return tuple(_part(wanted, code, names.get(code, "各区"), pieces[code]) for code in sorted(pieces))


def _drawn(
    area: dict[str, Any], names: Mapping[str, str], ground: Mapping[str, Cells], lookup: Lookup
) -> list[tuple[str, dict[str, Any]]]:
    """Return an outline as one for each ward that it reaches into, or as it is where that is one at most."""
    cells = cells_of((console_area(area),), lookup)
    here = {code: intersection(cells, ground.get(name, ())) for code, name in names.items()}
    here = {code: inside for code, inside in here.items() if inside}
    most = max(sorted(here), key=lambda code: count(here[code]), default="")
    if len(here) < 2:
        return [(most, area)]
    beyond = difference(cells, union(*here.values()))
    here[most] = union(here[most], beyond)
    return [
        (code, {"name": f"{names[code]}の{area['name']}", "polygon": [[point.lat, point.lng] for point in ring]})
        for code, inside in sorted(here.items())
        for ring in rings_of(inside)
    ]


def _part(wanted: Wanted, code: str, name: str, areas: list[dict[str, Any]]) -> Wanted:
    # A ward that is named whole needs no outline within it.
    whole = [area for area in areas if "code" in area]
    receipt = hashlib.sha256(f"{wanted.receipt} {code}".encode()).hexdigest()[:32]
    fields = {**wanted.fields, "areas": tuple(whole or areas), "issuer": name}
    where = Where(wanted.where.cells, frozenset({code}) if code else frozenset(), not code)
    return replace(wanted, thing=f"{wanted.thing}-{code[:5]}", receipt=receipt, fields=fields, where=where)
