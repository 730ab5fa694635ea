"""Where an order is meant to hold, as a coordinator says it: wards, a typed place, an outline, or along a line.

Errs towards refusing what is not known, and towards too large where something is: an outline's holes are
filled, a line is widened by at least the stated distance.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alerts.alert import GEOCODE_AREA_NAME, Area, Geocode
from alerts.place import Cells, LatLng, Ring
from api.http.errors import FormWrong
from feeds.console import console_area, parse_json
from feeds.errors import ConsoleError
from geo.areas import AreaCover
from geo.buffer import around
from geo.cells import union
from geo.cover import cover
from geo.errors import GeoError

Lookup = Callable[[Geocode], AreaCover | None]
NEEDS_A_PLACE = "対象の範囲がありません。区・地名・地点・線・GeoJSON のどれかで示してください。"
_LEAST_CORNERS = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """The areas of an order as its document has them, their cells, and the wards that were named whole."""

    areas: tuple[dict[str, Any], ...]
    cells: Cells
    wards: frozenset[str]
    drawn: bool


def area_wanted(form: Mapping[str, str], names: Mapping[str, str], lookup: Lookup) -> Wanted:
    """Return the area that *form* names; raises `FormWrong`. *names* are the wards that may be chosen, by code."""
    wards = tuple(sorted(set(form.get("wards", "").split())))
    if not set(wards) <= names.keys():
        # Its name is what residents read; a code alone says nothing to them.
        raise FormWrong("名前の分からない区があります。区の一覧が読み込まれていません。")
    areas: list[dict[str, Any]] = [{"code": code, "name": names[code]} for code in wards]
    areas += _places(form.get("places", ""), names, lookup)
    called = form.get("area_name", "")
    shapes = [*_along(form), *_geojson(form)]
    areas += [{"name": called or "地図で示した範囲", **shape} for shape in shapes]
    if not areas:
        raise FormWrong(NEEDS_A_PLACE)
    try:
        cells = cells_of((console_area(one) for one in areas), lookup)
    except (ConsoleError, GeoError) as error:
        raise FormWrong(f"範囲を読み取れません（{error.reason}）。") from None
    if not cells:
        raise FormWrong("範囲に当たる場所が見つかりません。")
    return Wanted(tuple(areas), cells, frozenset(wards), len(areas) > len(wards))


def cells_of(areas: Iterable[Area], lookup: Lookup) -> Cells:
    """Return the cells of *areas*, as the pipeline will find them; what nobody knows raises `FormWrong`."""
    found: list[Cells] = []
    for area in areas:
        for geocode in area.geocodes:
            known = lookup(geocode)
            if known is None:
                raise FormWrong(f"「{area.description}」の範囲が分かりません。")
            found.append(known.cells)
        if area.polygons or area.circles:
            found.append(cover(area.polygons, area.circles))
    return union(*found) if found else ()


def _places(text: str, names: Mapping[str, str], lookup: Lookup) -> list[dict[str, Any]]:
    """Return what is typed as names: a ward, or a 町丁目 that lies in exactly one of the wards that may be chosen."""
    return [_place(place, names, lookup) for place in filter(None, re.split(r"[、,\s]+", text))]


def _place(place: str, names: Mapping[str, str], lookup: Lookup) -> dict[str, Any]:
    for code, name in names.items():
        if place == name:
            return {"code": code, "name": name}
    found = []
    for code, name in names.items():
        chome = f"{code[:5]} {place.removeprefix(name)}"
        if lookup(Geocode(GEOCODE_AREA_NAME, chome)) is not None:
            found.append((name, chome, place if place.startswith(name) else f"{name}{place}"))
    if len(found) > 1:
        both = "と".join(ward for ward, _, _ in found)
        raise FormWrong(f"「{place}」は{both}にあります。区の名前から書いてください。")
    if not found:
        raise FormWrong(f"「{place}」が見つかりません。区名か町丁目（例 江東区亀戸一丁目）で書いてください。")
    ((_, chome, called),) = found
    return {"chome": chome, "name": called}


def _along(form: Mapping[str, str]) -> list[dict[str, Any]]:
    text = form.get("line", "")
    return [_widened(points_of(text, "線・地点"), form)] if text else []


def _widened(line: tuple[LatLng, ...], form: Mapping[str, str]) -> dict[str, Any]:
    metres = form.get("metres", "")
    if not metres.isascii() or not metres.isdecimal():
        raise FormWrong("線・地点には、まわりの幅（メートル）が要ります。")
    try:
        return {"polygon": _plain(around(line, float(metres)))}
    except GeoError as error:
        raise FormWrong(f"線・地点と幅から範囲を作れません（{error.reason}）。") from None


def _geojson(form: Mapping[str, str]) -> list[dict[str, Any]]:
    text = form.get("geojson", "")
    if not text:
        return []
    try:
        return [shape for geometry in _geometries(parse_json(text.encode())) for shape in _shapes(geometry, form)]
    except ConsoleError as error:
        raise FormWrong(f"GeoJSON を読み取れません（{error.reason}）。") from None
    except FormWrong:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise FormWrong("GeoJSON を読み取れません。Polygon などを、経度・緯度の順で書いてください。") from None


def _geometries(plain: Any) -> list[dict[str, Any]]:
    match plain["type"]:
        case "FeatureCollection":
            return [one["geometry"] for one in plain["features"]]
        case "Feature":
            return [plain["geometry"]]
        case "GeometryCollection":
            return list(plain["geometries"])
    return [plain]


def _shapes(geometry: dict[str, Any], form: Mapping[str, str]) -> list[dict[str, Any]]:
    coordinates = geometry["coordinates"]
    match geometry["type"]:
        case "Polygon":
            return [{"polygon": _outer(coordinates)}]
        case "MultiPolygon":
            return [{"polygon": _outer(one)} for one in coordinates]
        case "LineString":
            return [_widened(_line(coordinates), form)]
        case "Point":
            return [_widened(_line([coordinates]), form)]
    raise FormWrong("GeoJSON は Polygon・MultiPolygon・LineString・Point を読みます。")


def _outer(rings: Any) -> list[list[float]]:
    ring = _line(rings[0])
    if ring and ring[0] != ring[-1]:
        ring = (*ring, ring[0])
    if len(ring) < _LEAST_CORNERS:
        raise FormWrong("範囲の角が足りません。3つ以上の角で囲んでください。")
    return _plain(ring)


def _line(pairs: Any) -> tuple[LatLng, ...]:
    # RFC 7946: longitude first. Seven digits are a centimetre.
    return tuple(LatLng(round(float(pair[1]), 7), round(float(pair[0]), 7)) for pair in pairs)


def _plain(ring: Ring) -> list[list[float]]:
    return [[round(point.lat, 7), round(point.lng, 7)] for point in ring]


def points_of(text: str, what: str) -> tuple[LatLng, ...]:
    """Return the points of *text*, 「緯度,経度 緯度,経度」; raises `FormWrong`."""
    found = []
    for pair in re.sub(r"\s*[,、]\s*", ",", text).split():
        try:
            lat, lng = (float(number) for number in pair.split(","))
        except ValueError:
            raise FormWrong(f"{what}は「緯度,経度」で書いてください（例 35.672,139.817）。") from None
        if not (-90 <= lat <= 90 and -180 <= lng <= 180):
            raise FormWrong(f"{what}は緯度が先です（例 35.672,139.817）。")
        found.append(LatLng(lat, lng))
    return tuple(found)
