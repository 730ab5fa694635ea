"""The hazard map as an SVG picture, made here: no script, no tiles, nothing from anybody else."""

from collections.abc import Sequence
from html import escape

from alerts.place import Cells
from api.drawing.faces import Face, by_look
from api.drawing.frame import WIDTH, Frame, middle, outline
from api.drawing.ground import Ground, GroundArea, Touched
from api.drawing.look import APPEARANCES, PAINT_ORDER, Look

# A badge closer than this to the name of its ward goes below it, in units of the frame.
_NAME_SPACE = 95
_BADGE_RADIUS = 42


def draw(frame: Frame, found: Sequence[Face], ground: Ground, touched: Sequence[Touched], title: str) -> str:
    """Return the picture of *found* over *ground*."""
    looks = by_look(face for face in found if frame.inside(face.cells))
    painted = [look for look in PAINT_ORDER if look in looks]
    land = ground.land
    label = escape(title, quote=True)
    parts = [
        f'<svg class="map {frame.name}" viewBox="0 0 {WIDTH} {frame.height}" role="img" aria-label="{label}">',
        f'<rect class="around" width="{WIDTH}" height="{frame.height}"/>',
        f'<path class="land" d="{land}"/>' if land else "",
    ]
    parts += [f'<path class="{look.value} danger" d="{outline(frame, looks[look])}"/>' for look in painted]
    # Borders again on top, thin: people look for their ward first, then for the colour.
    parts.append(f'<path class="border" d="{land}"/>' if land else "")
    parts += [_name(area) for area in ground.areas]
    if ground.areas:
        parts += [_badge(one.look, _beside(one.area.label, one.at)) for one in touched]
    else:
        parts += _plain_badges(frame, looks, painted)
    parts.append("</svg>")
    return "".join(parts)


def _plain_badges(frame: Frame, looks: dict[Look, Cells], painted: list[Look]) -> list[str]:
    return [_badge(look, at) for look in painted if (at := middle(frame, looks[look])) is not None]


def _beside(label: tuple[int, int], at: tuple[int, int]) -> tuple[int, int]:
    if abs(label[0] - at[0]) < 2 * _NAME_SPACE and abs(label[1] - at[1]) < _NAME_SPACE:
        return label[0], label[1] + 64
    return at


def _name(area: GroundArea) -> str:
    # 区 is left out where the name is clear without it: the small wards of the centre have no room.
    name = area.name.removesuffix("区") if len(area.name) > 2 else area.name
    return f'<text class="ward" x="{area.label[0]}" y="{area.label[1]}">{escape(name)}</text>'


def _badge(look: Look, at: tuple[int, int]) -> str:
    x, y = at
    return (
        f'<g class="badge {look.value}"><circle cx="{x}" cy="{y}" r="{_BADGE_RADIUS}"/>'
        f'<text class="mark" x="{x}" y="{y}">{APPEARANCES[look].mark}</text></g>'
    )
