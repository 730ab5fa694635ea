"""The hazard map as an SVG picture, made here: no script, no tiles, nothing from anybody else."""

from collections.abc import Sequence
from html import escape

from alerts.place import Cells
from api.drawing.faces import Face, by_look
from api.drawing.frame import WIDTH, Frame, middle, outline
from api.drawing.grain import grains
from api.drawing.ground import Ground, GroundArea, Touched
from api.drawing.look import APPEARANCES, PAINT_ORDER, Look

_BADGE_RADIUS = 42


def draw(
    frame: Frame,
    found: Sequence[Face],
    ground: Ground,
    touched: Sequence[Touched],
    title: str,
    *,
    beneath: str = "",
    above: str = "",
    grained: bool = True,
) -> str:
    """Return the picture of *found* over *ground*; *beneath* and *above* the dangers lie other pieces of markup.

    Without grain a level is told by its colour and its number alone: where a page would be too large.
    """
    label = escape(title, quote=True)
    return (
        f'<svg class="map {frame.name}" viewBox="0 0 {WIDTH} {frame.height}" role="img" aria-label="{label}">'
        f"{_drawn(frame, found, ground, touched, beneath, above, grained=grained)}</svg>"
    )


def draw_alone(
    frame: Frame,
    found: Sequence[Face],
    ground: Ground,
    touched: Sequence[Touched],
    title: str,
    description: str,
    *,
    beneath: str = "",
    above: str = "",
) -> str:
    """Return the same as a document of its own, which has no style sheet and says itself what it shows."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {frame.height}" width="{WIDTH}"'
        f' height="{frame.height}" role="img" aria-labelledby="t d" font-family="sans-serif">'
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(description)}</desc>'
        f"{_drawn(frame, found, ground, touched, beneath, above, alone=True)}</svg>"
    )


def by_night(picture: str) -> str:
    """Return a *picture* of `draw_alone` in the colours of the night; levels keep theirs."""
    for day, night in _NIGHT:
        picture = picture.replace(day, night)
    return picture


def _drawn(
    frame: Frame,
    found: Sequence[Face],
    ground: Ground,
    touched: Sequence[Touched],
    beneath: str,
    above: str,
    *,
    grained: bool = True,
    alone: bool = False,
) -> str:
    """Return what lies in the picture; *alone* it carries itself what else a page's style sheet says."""
    looks = by_look(face for face in found if frame.inside(face.cells))
    painted = [look for look in PAINT_ORDER if look in looks]
    land = ground.land
    parts = [
        f'<rect class="around" width="{WIDTH}" height="{frame.height}"{_AROUND if alone else ""}/>',
        f'<path class="land" d="{land}"{_LAND if alone else ""}/>' if land else "",
    ]
    parts += [
        f'<path class="{look.value} danger" id="d-{look.value}" d="{outline(frame, looks[look])}" clip-rule="evenodd"'
        f"{_danger(look) if alone else ''}/>"
        for look in painted
    ]
    parts.append(grains(painted, WIDTH, frame.height) if grained else "")
    # Above the dangers, or they would be seen nowhere that it matters.
    parts.append(beneath)
    # Borders again on top, thin: people look for their ward first, then for the colour.
    parts.append(f'<path class="border" d="{land}"{_BORDER if alone else ""}/>' if land else "")
    parts.append(above)
    parts += [_name(area, alone=alone) for area in ground.areas]
    if ground.areas:
        parts += [_badge(one.look, one.at, alone=alone) for one in touched]
        # What is the worst of no area has its number too: a colour alone says nothing to many.
        marked = {one.look for one in touched}
        parts += _plain_badges(frame, looks, [look for look in painted if look not in marked], alone=alone)
    else:
        parts += _plain_badges(frame, looks, painted, alone=alone)
    return "".join(parts)


# What the style sheet of a page says (`api.drawing.style`), for a picture that has none.
_AROUND, _LAND = ' fill="#e3e5e8"', ' fill="#fbfaf6"'
_BORDER = ' fill="none" stroke="#7b8794" stroke-width="5"'
_NAME = (
    ' font-size="58" font-weight="600" text-anchor="middle" fill="#14181d" stroke="#fff" stroke-width="14"'
    ' stroke-linejoin="round" paint-order="stroke"'
)
_NIGHT = (
    (_AROUND, ' fill="#12161a"'),
    (_LAND, ' fill="#333c46"'),
    (_BORDER, ' fill="none" stroke="#95a3b0" stroke-width="5"'),
    (_NAME, _NAME.replace("#14181d", "#f1f4f7").replace("#fff", "#12171c")),
)
_BADGE = ' fill="#fff" stroke="#14181d" stroke-width="6"'
_MARK = ' fill="#14181d" font-size="62" font-weight="800" text-anchor="middle" dominant-baseline="central"'


def _danger(look: Look) -> str:
    return f' fill="{APPEARANCES[look].fill}" fill-rule="evenodd" fill-opacity=".93" stroke="#fff" stroke-width="6"'


def _plain_badges(frame: Frame, looks: dict[Look, Cells], painted: list[Look], *, alone: bool = False) -> list[str]:
    return [_badge(look, at, alone=alone) for look in painted if (at := middle(frame, looks[look])) is not None]


def _name(area: GroundArea, *, alone: bool = False) -> str:
    # 区 is left out where the name is clear without it: the small wards of the centre have no room.
    name = area.name.removesuffix("区") if len(area.name) > 2 else area.name
    said = _NAME if alone else ""
    return f'<text class="ward" x="{area.label[0]}" y="{area.label[1]}"{said}>{escape(name)}</text>'


def _badge(look: Look, at: tuple[int, int], *, alone: bool = False) -> str:
    x, y = at
    return (
        f'<g class="badge {look.value}"><circle cx="{x}" cy="{y}" r="{_BADGE_RADIUS}"{_BADGE if alone else ""}/>'
        f'<text class="mark" x="{x}" y="{y}"{_MARK if alone else ""}>{APPEARANCES[look].mark}</text></g>'
    )
