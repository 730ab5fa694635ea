"""What maps draw of the answers that residents are given: closed roads and shelters, and what their signs mean."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alerts.place import LatLng
from alerts.shelter import ShelterState
from api.drawing.look import APPEARANCES, Look, look_word
from api.drawing.marks import ROAD_WORDS, SITE_WORDS, RoadMark, SiteMark, road_sign, sign_of
from api.live.body import Content


# The signs and their words, as a list beside the map: neither colour nor shape is left to be guessed.
def _signs(*, dotted: bool) -> str:
    return (
        '<ul class="legend signs" aria-label="記号の意味">'
        + "".join(f"<li>{sign_of(state, dotted=dotted)} {word}</li>" for state, word in SITE_WORDS.items())
        + "".join(f"<li>{road_sign(confirmed=confirmed)} {word}</li>" for confirmed, word in ROAD_WORDS.items())
        + "</ul>"
    )


def colours(looks: Iterable[Look]) -> str:
    """Return what the colours of *looks* mean, as a list beside the map: number and word, never the colour alone."""
    return (
        '<ul class="legend" aria-label="色の意味">' + "".join(f"<li>{_colour(look)}</li>" for look in looks) + "</ul>"
    )


def _colour(look: Look) -> str:
    # A level has one colour, for the warning and for the order.
    words = dict.fromkeys(look_word(look, order=order) for order in (False, True))
    mark = f"<b>{APPEARANCES[look].mark}</b>" if look.value.startswith("l") else ""
    return f'<span class="chip {look.value}">{mark}{"・".join(words)}</span>'


SIGNS = _signs(dotted=False)
SIGNS_OF_THE_CITY = _signs(dotted=True)


def road_marks(closures: Content) -> tuple[RoadMark, ...]:
    """Return what is drawn of the closures of a shard."""
    assert not isinstance(closures.said, str)
    return tuple(roads_of(closures.said["features"]))


def roads_of(features: Iterable[Mapping[str, Any]]) -> Iterator[RoadMark]:
    """Yield the closed roads of GeoJSON *features*; one without a place is drawn nowhere and stands in the list."""
    for feature in features:
        geometry = feature["geometry"]
        if geometry is not None:
            yield RoadMark(tuple(_lines(geometry)), feature["properties"]["status"] == "confirmed")


def sites_of(features: Iterable[Mapping[str, Any]]) -> Iterator[SiteMark]:
    """Yield the shelters of GeoJSON *features*."""
    for feature in features:
        lng, lat = feature["geometry"]["coordinates"]
        yield SiteMark(LatLng(lat, lng), ShelterState(feature["properties"]["state"]))


def _lines(geometry: Mapping[str, Any]) -> Iterator[tuple[LatLng, ...]]:
    at = geometry["coordinates"]
    match geometry["type"]:
        case "Point":
            yield _line((at,))
        case "LineString":
            yield _line(at)
        case _:
            yield from map(_line, at)


def _line(points: Iterable[tuple[float, float]]) -> tuple[LatLng, ...]:
    return tuple(LatLng(lat, lng) for lng, lat in points)
