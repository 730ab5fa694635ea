"""What an OpenStreetMap way is to somebody on foot. Source: the OSM wiki's pages of the keys named here."""

from collections.abc import Mapping
from dataclasses import dataclass

from routing.walking import WayType

Tags = Mapping[str, str]

_KINDS = {
    **dict.fromkeys(("footway", "pedestrian", "crossing"), WayType.FOOTWAY),
    **dict.fromkeys(("path", "track", "bridleway"), WayType.PATH),
    **dict.fromkeys(("steps",), WayType.STEPS),
    **dict.fromkeys(("corridor",), WayType.CORRIDOR),
    **dict.fromkeys(("elevator",), WayType.LIFT),
    **dict.fromkeys(
        (
            "residential", "living_street", "service", "unclassified", "tertiary", "tertiary_link", "secondary",
            "secondary_link", "primary", "primary_link", "road", "cycleway", "trunk", "trunk_link",
        ),
        WayType.STREET,
    ),
}  # fmt: skip
# Japan's trunk roads (国道) have pavements; those for motor vehicles only say so.
_CLOSED = {"motorway": "a motorway", "motorway_link": "a motorway", "construction": "not built yet",
           "proposed": "not built yet", "raceway": "a race track", "bus_guideway": "a bus track"}  # fmt: skip
_NO = {"no", "private", "agricultural", "forestry", "permit", "use_sidepath"}
# "customers" is open by day; in a disaster nobody is turned away, but nothing is promised either.
_YES = {"yes", "designated", "permissive", "customers", "destination", "official"}
_LOOSE = {"gravel", "sand", "ground", "dirt", "earth", "grass", "mud", "rock", "woodchips", "pebblestone",
          "unhewn_cobblestone", "unpaved"}  # fmt: skip
_FREE = {"yes": True, "designated": True, "no": False, "limited": False}
# Lines that nobody crosses on foot but on a bridge or at a crossing.
_WATER = {"river", "canal"}
_RAILS = {"rail", "light_rail", "narrow_gauge"}


@dataclass(frozen=True, slots=True)
class OsmWay:
    """A way, read."""

    kind: WayType
    one_way: bool
    against: bool
    bridge: bool
    underground: bool
    layer: int
    step_free: bool | None
    slope: float
    name: str


def read_way(tags: Tags) -> OsmWay | str:
    """Return what *tags* mean on foot, or why the way is not walked (empty: it is no way at all)."""
    highway = tags.get("highway")
    platform = tags.get("railway") == "platform" or tags.get("public_transport") == "platform"
    if highway is None and not platform:
        return ""
    if highway in _CLOSED:
        return _CLOSED[highway]
    foot, access = tags.get("foot", ""), tags.get("access", "")
    if foot in _NO or (access in _NO and foot not in _YES) or tags.get("motorroad") == "yes":
        return "closed to people on foot"
    kind = WayType.CORRIDOR if highway is None else _KINDS.get(highway)
    if kind is None:
        return "a kind of way that we do not know"
    if kind is WayType.FOOTWAY and tags.get("footway") == "crossing":
        kind = WayType.CROSSING
    moving = tags.get("conveying", "no") != "no"
    if kind is WayType.FOOTWAY and tags.get("indoor", "no") != "no":
        kind = WayType.CORRIDOR
    layer = _layer(tags)
    tunnel = tags.get("tunnel", "no") not in ("no", "building_passage", "covered")
    level_below = tags.get("level", "").lstrip().startswith("-")
    oneway = tags.get("oneway:foot", "")
    step_free = _FREE.get(tags.get("ramp:wheelchair", ""), _FREE.get(tags.get("wheelchair", "")))
    if step_free is None and (tags.get("surface") in _LOOSE or (moving and kind is WayType.STEPS)):
        step_free = False
    return OsmWay(
        kind=kind,
        # Escalators stand still in a disaster: they are walked both ways.
        one_way=oneway in ("yes", "1", "-1"),
        against=oneway == "-1",
        bridge=tags.get("bridge", "no") != "no",
        underground=tunnel or layer < 0 or level_below,
        layer=layer,
        step_free=step_free,
        slope=_slope(tags.get("incline", "")),
        name=tags.get("name", ""),
    )


def is_barrier(tags: Tags) -> bool:
    """Return whether a way is a river or a railway at ground level."""
    if tags.get("tunnel", "no") != "no" or _layer(tags) < 0 or tags.get("bridge", "no") != "no":
        return False
    return tags.get("waterway") in _WATER or tags.get("railway") in _RAILS


def _layer(tags: Tags) -> int:
    try:
        return int(float(tags.get("layer", "0").split(";")[0]))
    except ValueError:
        return 0


def _slope(incline: str) -> float:
    """Return rise over run; "up" and "down" say nothing of how steep."""
    text = incline.strip().removesuffix("%").replace("°", "")
    try:
        return max(-1.0, min(1.0, float(text) / 100))
    except ValueError:
        return 0.0
