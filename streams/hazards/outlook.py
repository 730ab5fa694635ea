"""What the hazard maps forecast for cells on whose ways people may be: when water or storm comes, and where it is.

Safe in the stated direction: a storm warning without an hour is a storm now, and a river said to have
overflowed stands in every cell of its area.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from alerts.cap import Severity
from alerts.claim import Danger, HazardSnapshot
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Cell, Shard
from alerts.wording import JAPAN
from geo.cells import contains, expand, shard_of
from routing.ground import Outlook

_STORM = frozenset({HazardKind.STORM, HazardKind.SNOWSTORM})
_WATER = frozenset({HazardKind.FLOOD, HazardKind.STORM_SURGE, HazardKind.HEAVY_RAIN, HazardKind.TSUNAMI})
# By the clock and not by the sun: whoever walks at dusk comes home in the dark.
NIGHT_FROM_HOUR, NIGHT_TO_HOUR = 18, 5


def is_night(at: datetime) -> bool:
    """Return whether people walk in the dark at *at*, by Japan's clock."""
    hour = at.astimezone(JAPAN).hour
    return hour >= NIGHT_FROM_HOUR or hour < NIGHT_TO_HOUR


def outlook_of(maps: Mapping[Shard, HazardSnapshot], cells: Collection[Cell]) -> dict[Cell, Outlook]:
    """Return what is forecast for *cells*; those of which nothing is said are left out."""
    found: dict[Cell, Outlook] = {}
    for cell in sorted(cells):
        snapshot = maps.get(shard_of(cell))
        if snapshot is None:
            continue
        here = [
            (danger, standing.provenance.sent)
            for standing in snapshot.standings
            for danger in standing.dangers
            if not danger.evacuate and contains(danger.cells, cell)
        ]
        arrives = [danger.onset for danger, sent in here if danger.hazard in _WATER and _is_ahead(danger.onset, sent)]
        storms = [danger.onset or sent for danger, sent in here if danger.hazard in _STORM and _is_warning(danger)]
        active = any(danger.hazard in _WATER and danger.level is Level.SECURE_LIFE for danger, _ in here)
        if arrives or storms or active:
            found[cell] = Outlook(
                arrives_at=min((moment for moment in arrives if moment is not None), default=None),
                storm_from=min(storms, default=None),
                active=active,
            )
    return found


def rising_in(maps: Mapping[Shard, HazardSnapshot]) -> frozenset[Cell]:
    """Return the cells of rivers at level 4 or more: their bridges are avoided."""
    return frozenset(
        cell
        for snapshot in maps.values()
        for standing in snapshot.standings
        for danger in standing.dangers
        if not danger.evacuate and danger.hazard is HazardKind.FLOOD and (danger.level or 0) >= Level.ALL_LEAVE
        for cell in expand(danger.cells)
    )


def _is_ahead(onset: datetime | None, sent: datetime) -> bool:
    return onset is not None and onset > sent


def _is_warning(danger: Danger) -> bool:
    return (danger.level or 0) >= Level.ELDERLY_LEAVE or danger.severity in (Severity.SEVERE, Severity.EXTREME)
