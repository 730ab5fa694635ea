"""A grain over the colour of each level, so that a map is read without telling colours apart: the denser, the worse."""

from collections.abc import Iterable

from api.drawing.look import Look

# Strokes within a tile of this many units: seen on a phone, and no finer than its screen.
_TILE = 56
_STROKES: dict[Look, str] = {
    Look.LEVEL_5: f"M0 0L{_TILE} {_TILE}M{_TILE} 0L0 {_TILE}M0 28H{_TILE}M28 0V{_TILE}",
    Look.LEVEL_4: f"M0 0L{_TILE} {_TILE}M{_TILE} 0L0 {_TILE}",
    Look.LEVEL_3: f"M0 {_TILE}L{_TILE} 0",
    Look.LEVEL_2: f"M0 28H{_TILE}",
    Look.GREATEST: f"M28 0V{_TILE}M0 28H{_TILE}",
    Look.GUARD: f"M28 0V{_TILE}",
}
# What is light needs a dark stroke.
_DARK = frozenset((Look.LEVEL_2, Look.LEVEL_3))


def grains(looks: Iterable[Look], width: int, height: int) -> str:
    """Return the grain of each of *looks* over what is drawn under the id `d-` and its name; nothing without one."""
    found = [look for look in looks if look in _STROKES]
    defined = "".join(
        f'<pattern id="g-{look.value}" width="{_TILE}" height="{_TILE}" patternUnits="userSpaceOnUse">'
        f'<path d="{_STROKES[look]}" fill="none" stroke="{"#000" if look in _DARK else "#fff"}" stroke-opacity=".42"'
        f' stroke-width="6"/></pattern><clipPath id="c-{look.value}"><use href="#d-{look.value}"/></clipPath>'
        for look in found
    )
    laid = "".join(
        f'<rect class="grain" width="{width}" height="{height}" fill="url(#g-{look.value})"'
        f' clip-path="url(#c-{look.value})"/>'
        for look in found
    )
    return f"<defs>{defined}</defs>{laid}" if found else ""
