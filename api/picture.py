"""The hazard map as an SVG picture, made here: no script, no tiles, nothing from anybody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from alerts.place import Cells
from api.faces import Face, by_look
from api.frame import Frame, middle, outline
from api.look import APPEARANCES, Look
from geo.cells import intersection

# From the least to the worst, as the hazard map ranks them: what is painted later covers what is beneath.
PAINT_ORDER = (
    Look.INFORMATION, Look.LEVEL_1, Look.CARE, Look.LEVEL_2, Look.GUARD, Look.LEVEL_3, Look.GREATEST,
    Look.LEVEL_4, Look.LEVEL_5,
)  # fmt: skip

# A badge closer than this to the name of its ward goes below it, in units of the frame.
_NAME_SPACE = 90
_BADGE_RADIUS = 40


@dataclass(frozen=True, slots=True)
class Ground:
    """An area that is drawn beneath the map for orientation, by the cells that lie mostly inside it."""

    name: str
    cells: Cells
    path: str
    label: tuple[int, int]


def ground_of(frame: Frame, areas: Sequence[tuple[str, Cells]]) -> tuple[Ground, ...]:
    """Return *areas* (name and cells) as far as *frame* shows them."""
    found = []
    for name, cells in areas:
        at = middle(frame, cells)
        if at is not None:
            found.append(Ground(name, cells, outline(frame, cells), at))
    return tuple(found)


def draw(frame: Frame, found: Sequence[Face], ground: Sequence[Ground], title: str) -> str:
    """Return the picture of *found* over *ground*."""
    looks = by_look(face for face in found if frame.inside(face.cells))
    painted = [look for look in PAINT_ORDER if look in looks]
    parts = [
        f'<svg class="map" viewBox="0 0 2000 {frame.height}" role="img" aria-label="{escape(title, quote=True)}">',
        f'<rect class="sea" width="2000" height="{frame.height}"/>',
        f'<path class="land" d="{"".join(area.path for area in ground)}"/>' if ground else "",
    ]
    parts += [f'<path class="{look.value} danger" d="{outline(frame, looks[look])}"/>' for look in painted]
    # Borders again on top, thin: people look for their ward first, then for the colour.
    if ground:
        parts.append(f'<path class="border" d="{"".join(area.path for area in ground)}"/>')
    parts += [_name(area) for area in ground]
    parts += _badges(frame, looks, painted, ground)
    parts.append("</svg>")
    return "".join(parts)


def worst_by_area(found: Sequence[Face], ground: Sequence[Ground]) -> dict[Look, tuple[str, ...]]:
    """Return the names of the drawn areas under the worst look that touches each, worst first."""
    looks = by_look(found)
    names: dict[Look, tuple[str, ...]] = {}
    left = list(ground)
    for look in reversed(PAINT_ORDER):
        if look not in looks:
            continue
        touched = [area for area in left if intersection(area.cells, looks[look])]
        if touched:
            names[look] = tuple(area.name for area in touched)
            left = [area for area in left if area not in touched]
    return names


def _badges(frame: Frame, looks: dict[Look, Cells], painted: list[Look], ground: Sequence[Ground]) -> list[str]:
    if not ground:
        return [_badge(look, at) for look in painted if (at := middle(frame, looks[look])) is not None]
    badges = []
    for area in ground:
        for look in reversed(painted):
            here = intersection(area.cells, looks[look])
            at = middle(frame, here) if here else None
            if at is not None:
                badges.append(_badge(look, _beside(area.label, at)))
                break
    return badges


def _beside(label: tuple[int, int], at: tuple[int, int]) -> tuple[int, int]:
    if abs(label[0] - at[0]) < 2 * _NAME_SPACE and abs(label[1] - at[1]) < _NAME_SPACE:
        return label[0], label[1] + 72
    return at


def _name(area: Ground) -> str:
    # 区 is left out where the name is clear without it: the small wards of the centre have no room.
    name = area.name.removesuffix("区") if len(area.name) > 2 else area.name
    return f'<text class="ward" x="{area.label[0]}" y="{area.label[1]}">{escape(name)}</text>'


def _badge(look: Look, at: tuple[int, int]) -> str:
    appearance = APPEARANCES[look]
    x, y = at
    return (
        f'<g class="badge {look.value}"><circle cx="{x}" cy="{y}" r="{_BADGE_RADIUS}"/>'
        f'<text x="{x}" y="{y + 21}">{appearance.mark}</text></g>'
    )
