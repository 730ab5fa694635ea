"""Where an order is meant to hold, as a coordinator says it: wards, a place, a river, an area by name, an outline.

Errs towards refusing what is not known, and towards too large where something is: an outline's holes are
filled, a line is widened by at least the stated distance.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alerts.alert import GEOCODE_AREA_NAME, Area, Geocode
from alerts.place import Cells, Circle, LatLng, Ring
from api.http.errors import FormWrong
from api.orders.area_sources import AreaSources
from api.orders.named_parts import named_parts
from feeds.console import MAX_AREAS, MAX_BYTES, console_area, parse_json
from feeds.errors import ConsoleError
from geo.areas import AreaCover
from geo.buffer import around
from geo.cells import union
from geo.cover import cover
from geo.errors import GeoError

Lookup = Callable[[Geocode], AreaCover | None]
NEEDS_A_PLACE = "対象の範囲がありません。区・地名・川・名前のある範囲・線・GeoJSON のどれかで示してください。"
# The fields that name a part of a ward.
PARTS = ("places", "river", "imported", "kept", "line", "geojson")
_LEAST_CORNERS = 4
# What else an order's document holds beside its areas: level, hazard, issuer, times and who wrote it.
_BESIDE_AREAS_BYTES = 4_096
_NO_SOURCES = AreaSources()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The areas of an order as its document has them, their cells, and the wards that were named whole."""

    areas: tuple[dict[str, Any], ...]
    cells: Cells
    wards: frozenset[str]
    drawn: bool


def area_wanted(
    form: Mapping[str, str], names: Mapping[str, str], lookup: Lookup, sources: AreaSources = _NO_SOURCES
) -> Wanted:
    """Return the area that *form* names; raises `FormWrong`. *names* are the wards that may be chosen, by code.

    Where an account has one ward it is ticked beforehand: a part that is named beside it is what is meant.
    """
    ticked = "" if sources.has_one_ward and any(form.get(name) for name in PARTS) else form.get("wards", "")
    wards = tuple(sorted(set(ticked.split())))
    if not set(wards) <= names.keys():
        # Its name is what residents read; a code alone says nothing to them.
        raise FormWrong("名前の分からない区があります。区の一覧が読み込まれていません。")
    areas: list[dict[str, Any]] = [{"code": code, "name": names[code]} for code in wards]
    areas += _places(form.get("places", ""), names, lookup)
    areas += named_parts(form, sources, lambda text: _cells_at(text, names, lookup))
    called = form.get("area_name", "")
    shapes = [*_along(form), *_geojson(form)]
    areas += [{"name": called or "地図で示した範囲", **shape} for shape in shapes]
    if not areas:
        raise FormWrong(NEEDS_A_PLACE, "area-missing")
    if len(areas) > MAX_AREAS or len(json.dumps(areas, ensure_ascii=False).encode()) > MAX_BYTES - _BESIDE_AREAS_BYTES:
        raise FormWrong("範囲が細かすぎるか、広すぎます。区を選ぶか、分けて書いてください。", "area-too-large")
    try:
        cells = cells_of((console_area(one) for one in areas), lookup)
    except (ConsoleError, GeoError) as error:
        raise FormWrong("範囲を読み取れません。", error.reason) from None
    if not cells:
        raise FormWrong("範囲に当たる場所が見つかりません。", "area-empty")
    return Wanted(tuple(areas), cells, frozenset(wards), len(areas) > len(wards))


def cells_of(areas: Iterable[Area], lookup: Lookup) -> Cells:
    """Return the cells of *areas*, as the pipeline will find them; what nobody knows raises `FormWrong`."""
    found: list[Cells] = []
    for area in areas:
        for geocode in area.geocodes:
            known = lookup(geocode)
            if known is None:
                raise FormWrong(f"「{area.description}」の範囲が分かりません。", "place-unknown")
            found.append(known.cells)
        if area.polygons or area.circles:
            found.append(cover(area.polygons, area.circles))
    return union(*found) if found else ()


def _places(text: str, names: Mapping[str, str], lookup: Lookup) -> list[dict[str, Any]]:
    """Return what is typed as names: a ward, or a 町丁目 that lies in exactly one of the wards that may be chosen."""
    return [_place(place, names, lookup) for place in filter(None, re.split(r"[、,\s]+", text))]


def _cells_at(text: str, names: Mapping[str, str], lookup: Lookup) -> Cells:
    """Return where a stretch begins or ends: a typed place, or 「緯度,経度」."""
    if "," in text:
        # A circle of a metre: a point, in the words that everything else here understands.
        return cover((), tuple(Circle(point, 0.001) for point in points_of(text, "区間の端")))
    return cells_of([console_area(_place(text, names, lookup))], lookup)


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
        raise FormWrong(f"「{place}」は{both}にあります。区の名前から書いてください。", "place-ambiguous")
    if not found:
        raise FormWrong(
            f"「{place}」が見つかりません。区名か町丁目（例 江東区亀戸一丁目）で書いてください。", "place-unknown"
        )
    ((_, chome, called),) = found
    return {"chome": chome, "name": called}


def _along(form: Mapping[str, str]) -> list[dict[str, Any]]:
    text = form.get("line", "")
    return [_widened(points_of(text, "線・地点"), form)] if text else []


def _widened(line: tuple[LatLng, ...], form: Mapping[str, str]) -> dict[str, Any]:
    metres = form.get("metres", "")
    if not metres.isascii() or not metres.isdecimal():
        raise FormWrong("線・地点には、まわりの幅（メートル）が要ります。", "line-distance")
    try:
        return {"polygon": _plain(around(line, float(metres)))}
    except GeoError as error:
        raise FormWrong("線・地点と幅から範囲を作れません。", error.reason) from None


def _geojson(form: Mapping[str, str]) -> list[dict[str, Any]]:
    text = form.get("geojson", "")
    if not text:
        return []
    try:
        return [shape for geometry in _geometries(parse_json(text.encode())) for shape in _shapes(geometry, form)]
    except ConsoleError as error:
        raise FormWrong("GeoJSON を読み取れません。", error.reason) from None
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
