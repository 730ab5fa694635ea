"""What stands on a map above the dangers: shelters by their state and roads that are closed, each told by its shape.

Presentation attributes throughout, because the policy allows no style but a page's own, and a picture has none.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.place import LatLng
from alerts.shelter import ShelterState
from api.drawing.frame import Frame

_GREEN, _RED, _INK = "#1b6e3c", "#b00020", "#14181d"
_BOX = '<rect x="-20" y="-20" width="40" height="40" rx="6" stroke-width="7"'
# Open is filled, all others are hollow; within, each has a sign of its own.
_SITES = {
    ShelterState.OPEN: f'{_BOX} fill="{_GREEN}" stroke="#fff"/><path d="M-10 1l7 8l14-17" fill="none" stroke="#fff"'
    ' stroke-width="7"/>',
    ShelterState.FULL: f'{_BOX} fill="#fff" stroke="{_GREEN}"/><path d="M-12-6h24M-12 6h24" stroke="{_GREEN}"'
    ' stroke-width="8"/>',
    ShelterState.CLOSED: f'{_BOX} fill="#fff" stroke="{_INK}"/><path d="M-10-10l20 20M10-10l-20 20" stroke="{_INK}"'
    ' stroke-width="7"/>',
    ShelterState.UNKNOWN: f'{_BOX} fill="#fff" stroke="{_GREEN}" stroke-dasharray="11 8"/>'
    f'<circle r="6" fill="{_GREEN}"/>',
}
# Of a whole city most sites are of this kind: as signs they would lie over one another and hide what is beneath.
_DOT_UNITS, _DOT_HALO_UNITS = 13, 21
SITE_WORDS = {
    ShelterState.OPEN: "開設",
    ShelterState.FULL: "満員",
    ShelterState.CLOSED: "閉鎖",
    ShelterState.UNKNOWN: "開設は未確認",
}
ROAD_WORDS = {True: "通行止め", False: "未確認の報告"}


@dataclass(frozen=True, slots=True)
class SiteMark:
    """A shelter and its state."""

    at: LatLng
    state: ShelterState


@dataclass(frozen=True, slots=True)
class RoadMark:
    """A closed road as lines, or one point; *confirmed* or only reported."""

    lines: tuple[tuple[LatLng, ...], ...]
    confirmed: bool


def marks(
    frame: Frame, sites: Iterable[SiteMark], roads: Iterable[RoadMark], *, scale: float = 1.0, dotted: bool = False
) -> str:
    """Return *roads* and above them *sites* as far as *frame* shows them; the same place is drawn once.

    *dotted*: of whose state nobody has spoken are dots beneath all others, and not signs.
    """
    drawn = "".join(dict.fromkeys(_road(frame, road, scale) for road in roads))
    seen = {(mark.state, frame.point(mark.at.lat, mark.at.lng)) for mark in sites if _sees(frame, mark.at)}
    # What is open above what is not: it must not hide beneath its neighbour.
    dots = sorted({at for state, at in seen if dotted and state is ShelterState.UNKNOWN})
    seen -= {(ShelterState.UNKNOWN, at) for at in dots}
    placed = sorted(seen, key=lambda one: (one[0] is ShelterState.OPEN, one[0].value, one[1]))
    states = dict.fromkeys(state for state, _ in placed)
    symbols = "".join(f'<g id="m-{state.value}">{_scaled(_SITES[state], scale)}</g>' for state in states)
    used = "".join(f'<use href="#m-{state.value}" x="{x}" y="{y}"/>' for state, (x, y) in placed)
    return _dots(dots) + drawn + (f"<defs>{symbols}</defs>{used}" if used else "")


def sign_of(state: ShelterState, *, dotted: bool = False) -> str:
    """Return the sign of a shelter's state, to stand in a legend; *dotted* as in `marks`."""
    if dotted and state is ShelterState.UNKNOWN:
        return _sign(f'<circle r="13" fill="{_GREEN}" stroke="#fff" stroke-width="6"/>')
    return _sign(_SITES[state])


def road_sign(*, confirmed: bool) -> str:
    """Return the sign of a closed road, to stand in a legend."""
    return _sign(_at(0, 0, confirmed=confirmed, scale=1.0))


def _dots(points: Iterable[tuple[int, int]]) -> str:
    """Return a dot at each of *points*: one path, each counted from the one before, a fifth of a sign's bytes."""
    x = y = 0
    path = ""
    for to_x, to_y in points:
        path += f"m{to_x - x} {to_y - y}h0"
        x, y = to_x, to_y
    if not path:
        return ""
    return (
        f'<defs><path id="m-dots" d="M0 0{path}" fill="none" stroke-linecap="round"/></defs>'
        f'<use href="#m-dots" stroke="#fff" stroke-width="{_DOT_HALO_UNITS}"/>'
        f'<use href="#m-dots" stroke="{_GREEN}" stroke-width="{_DOT_UNITS}"/>'
    )


def _sign(shape: str) -> str:
    return f'<svg class="sign" viewBox="-26 -26 52 52" width="22" height="22" aria-hidden="true">{shape}</svg>'


def _scaled(shape: str, scale: float) -> str:
    return shape if scale == 1.0 else f'<g transform="scale({scale:g})">{shape}</g>'


def _sees(frame: Frame, at: LatLng) -> bool:
    return frame.south <= at.lat <= frame.north and frame.west <= at.lng <= frame.east


def _road(frame: Frame, road: RoadMark, scale: float) -> str:
    lines = [
        [frame.point(at.lat, at.lng) for at in line] for line in road.lines if any(_sees(frame, at) for at in line)
    ]
    if not lines:
        return ""
    path = "".join("M" + "L".join(f"{x} {y}" for x, y in line) for line in lines if len(line) > 1)
    dashes = "" if road.confirmed else ' stroke-dasharray="18 14"'
    width = 16 * scale
    drawn = (
        f'<path d="{path}" fill="none" stroke="#fff" stroke-width="{width * 1.8:g}"/>'
        f'<path d="{path}" fill="none" stroke="{_RED}" stroke-width="{width:g}"{dashes}/>'
        if path
        else ""
    )
    longest = max(lines, key=len)
    x, y = longest[len(longest) // 2] if len(longest) != 2 else _between(*longest)
    return drawn + _at(x, y, confirmed=road.confirmed, scale=scale)


def _between(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return (one[0] + other[0]) // 2, (one[1] + other[1]) // 2


def _at(x: int, y: int, *, confirmed: bool, scale: float) -> str:
    """Return a cross in a full circle for what is closed, a stroke and a point in a broken one for a report."""
    ring = f'fill="{_RED}" stroke="#fff"' if confirmed else f'fill="#fff" stroke="{_RED}" stroke-dasharray="12 8"'
    inner = (
        '<path d="M-9-9L9 9M9-9L-9 9" stroke="#fff" stroke-width="8"/>'
        if confirmed
        else f'<path d="M0-11V3M0 9v5" stroke="{_RED}" stroke-width="7"/>'
    )
    shape = f'<circle r="21" {ring} stroke-width="6"/>{inner}'
    return f'<g transform="translate({x} {y}){"" if scale == 1.0 else f" scale({scale:g})"}">{shape}</g>'
