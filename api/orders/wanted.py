"""A form of the console, read: what its sender wants to post and on whose ground. Pure, but for the H3 grid.

Errs towards refusing: what has no place that we know is nobody's ward, and only a metropolitan account posts it.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import chain, pairwise
from typing import Any, TypeVar

import h3.api.basic_int as h3
from h3 import H3BaseException

from alerts.fact import Confidence
from alerts.hazard import HazardKind
from alerts.incident import IncidentKind
from alerts.level import Level
from alerts.place import HAZARD_RESOLUTION, Cell, Cells, LatLng
from alerts.reception import cap_id
from alerts.road import RoadCause, RoadReport
from alerts.shelter import OccupancyBand, ShelterState
from api.http.errors import FormWrong
from api.known.posted import NamedSite, Posts
from api.known.roads import RoadLine, no_line
from api.known.wards import MOST_CELLS_LOOKED_AT
from api.officers.accounts import Account
from api.officers.approval import MayNot
from api.orders import area_form
from api.orders.area_form import Lookup, area_wanted, points_of
from api.orders.area_sources import AreaSources
from api.orders.lifting import ending_of, is_ending
from geo.cells import count, expand

KINDS = ("closure", "shelter", "incident", "order", "cap")
# Ten million people and more come from nowhere.
_MOST_DIGITS = 8
HOURS = (1, 3, 6, 12, 24, 48)
LEVELS = (Level.ELDERLY_LEAVE, Level.ALL_LEAVE, Level.SECURE_LIFE)
ORDER_HAZARDS = (
    HazardKind.FLOOD, HazardKind.HEAVY_RAIN, HazardKind.LANDSLIDE, HazardKind.STORM_SURGE, HazardKind.TSUNAMI,
)  # fmt: skip
# About 50 km of road: a line that is longer was not meant.
_MOST_CELLS = 200
_KEY = re.compile(r"[0-9a-f]{32}")
_E = TypeVar("_E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Where:
    """The ground that a post is about: cells, wards by code, or something that has neither (`unknown`)."""

    cells: Cells = ()
    wards: frozenset[str] = frozenset()
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form asks for. `again` is true of what needs a fresh code: it moves people, or tells them to go."""

    kind: str
    thing: str
    receipt: str
    where: Where
    again: bool
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What a form is read against: what was posted before, the wards that may be chosen, and where areas are."""

    posts: Posts
    names: Mapping[str, str]
    lookup: Lookup = lambda _geocode: None
    wards_of: Callable[[Cells], frozenset[str]] | None = None
    """The fewest wards that hold some cells; without it what is drawn has no issuer's name."""
    line_of: RoadLine = no_line
    """Where a road lies that is named by its id; without a network nobody here knows."""
    sources: AreaSources = field(default_factory=AreaSources)
    """What areas are chosen from by name, as the account that posts may choose them."""


def wanted_of(kind: str, form: Mapping[str, str], by: Account, *, known: Known, at: datetime) -> Wanted:
    """Return what *form* asks for; raises `FormWrong`.

    The receipt follows from the form's key and its content: the same form sent again is the same reception,
    which the pipeline takes once, and a form that was changed and sent again is another word on the same thing.
    """
    given = plain_of(form)
    key = key_of(given)
    own = "post-" + _hash(by.name, key)[:16]
    content = sorted((name, value) for name, value in given.items() if name not in ("csrf", "code", "confirm"))
    receipt = _hash(by.name, kind, repr(content))[:32]
    thing, where, again, fields = _READERS[kind](given, own, known, at)
    return Wanted(kind, thing, receipt, where, again, fields)


def key_of(given: Mapping[str, str]) -> str:
    """Return the key that makes a form one reception; raises `FormWrong` for a form without one of ours."""
    key = given.get("key", "")
    if not _KEY.fullmatch(key):
        raise FormWrong("この画面は古くなっています。入力画面を開き直してください。")
    return key


def plain_of(form: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of *form* as a keyboard for another script may have written them."""
    return {name: unicodedata.normalize("NFKC", value).strip() for name, value in form.items()}


def may_not_post(account: Account, where: Where, wards_at: Callable[[Cell], frozenset[str]]) -> MayNot | None:
    """Return why *account* cannot post about *where*, or None when it can.

    A cell on a ward line is both wards' ground: a bridge between two is closed by either. A ward that is
    named whole must be the account's own.
    """
    if account.everywhere:
        return None
    if where.unknown or not (where.cells or where.wards):
        return MayNot.NO_WARD
    if not where.wards <= account.wards:
        return MayNot.OTHER_WARD
    for cell in where.cells:
        touched = wards_at(cell)
        if not touched:
            return MayNot.NO_WARD
        if not touched & account.wards:
            return MayNot.OTHER_WARD
    return None


def where_of_area(area: area_form.Wanted) -> Where:
    """Return the ground of an order's *area*: wards that are named whole, else what of it cells are mostly within."""
    return Where(ground_within(area.cells), area.wards) if area.drawn else Where(wards=area.wards)


_Read = tuple[str, Where, bool, dict[str, Any]]


def _closure(form: Mapping[str, str], own: str, known: Known, at: datetime) -> _Read:
    if form.get("undo"):
        return _undone(form, known)
    point, line = points_of(form.get("point", ""), "地点"), points_of(form.get("line", ""), "線")
    roads = tuple(form.get("road", "").split())
    if len(point) > 1 or len(line) == 1:
        raise FormWrong("地点は1つ、線は2点以上の「緯度,経度」で書いてください。")
    if not (point or line or roads):
        raise FormWrong("場所がありません。地点・線・道路IDのどれかを書いてください。")
    if form.get("reject"):
        # What was reported is not so: the console's own word on the place, that it can be walked.
        cause = _member(RoadCause, form.get("cause", ""), "理由").value
        said = {"point": point[0] if point else None, "name": form.get("name", ""), "cause": cause, "lifted": True}
        return own, ground_of(point, (), ()), False, said
    confidence = _member(Confidence, form.get("confidence", ""), "確かさ")
    if confidence is Confidence.OFFICIAL:
        raise FormWrong("確かさを選んでください。")
    fields = {
        "point": point[0] if point else None,
        "line": line,
        "roads": roads,
        "name": form.get("name", ""),
        "cause": _member(RoadCause, form.get("cause", ""), "理由").value,
        "confidence": confidence.value,
        "valid_until": _until(form, at, needed=False),
    }
    return own, ground_of(point, line, roads, known.line_of), confidence is Confidence.CONFIRMED, fields


def _undone(form: Mapping[str, str], read_against: Known) -> _Read:
    thing = form.get("undo", "")
    known = read_against.posts.closure(thing)
    if known is None:
        raise FormWrong("取り消す通行止めが見つかりません。一覧が古いかもしれません。")
    place = known.place
    fields = {
        "undo": True,
        "name": place.name,
        "cause": known.cause.value,
        # Whose ground it was is to be known of what is undone, too.
        "point": place.point,
        "line": place.line,
        "polygon": place.polygon,
        "roads": place.road_ids,
    }
    return thing, where_of(known, read_against.line_of), True, fields


def _shelter(form: Mapping[str, str], _own: str, known: Known, _at: datetime) -> _Read:
    thing = form.get("other", "") or form.get("shelter", "")
    if not thing:
        raise FormWrong("避難所を選ぶか、IDを書いてください。")
    fields: dict[str, Any] = {"state": _member(ShelterState, form.get("state", ""), "状態").value}
    if form.get("band"):
        fields["band"] = _member(OccupancyBand, form["band"], "混み具合").value
    shelter = known.posts.site(thing)
    if shelter is None:
        return thing, Where(unknown=True), False, fields
    return thing, where_of_shelter(shelter, known.names), False, {**fields, "name": shelter.name}


def _incident(form: Mapping[str, str], own: str, known: Known, _at: datetime) -> _Read:
    point, ward = points_of(form.get("point", ""), "地点"), form.get("ward", "")
    if len(point) > 1:
        raise FormWrong("地点は1つの「緯度,経度」で書いてください。")
    if not form.get("title"):
        raise FormWrong("何があったかを書いてください。")
    fields = {
        "incident": _member(IncidentKind, form.get("incident", ""), "種類").value,
        "title": form["title"],
        "point": point[0] if point else None,
        "ward": known.names.get(ward, ward),
    }
    ground = ground_of(point, (), ())
    where = Where(ground.cells, frozenset({ward}) if ward else frozenset(), ground.unknown and not ward)
    return own, where, False, fields


def _order(form: Mapping[str, str], own: str, known: Known, at: datetime) -> _Read:
    if is_ending(form):
        return _ended(form, known)
    area = area_wanted(form, known.names, known.lookup, known.sources)
    if form.get("level", "") not in [str(level.value) for level in LEVELS]:
        raise FormWrong("レベルを選んでください。")
    where = where_of_area(area)
    fields = {
        "level": int(form["level"]),
        "hazard": _member(HazardKind, form.get("hazard", ""), "災害").value,
        "areas": area.areas,
        "issuer": _issuer(where, area.wards, known),
        "valid_until": _until(form, at, needed=True),
    }
    return own, where, True, fields


def _ended(form: Mapping[str, str], known: Known) -> _Read:
    """Return the end of an order: it is for whoever was told of it, and needs no code of its own (one click)."""
    thing, fields, wards, cells = ending_of(form, known.posts, known.lookup)
    return thing, Where(ground_within(cells), wards), False, fields


def _issuer(where: Where, wards: frozenset[str], known: Known) -> str:
    """Return in whose name an order goes out: the ward that it names, or that holds what was drawn."""
    named = [known.names[code] for code in sorted(wards)]
    if not named and known.wards_of is not None:
        named = [known.names[code] for code in sorted(known.wards_of(where.cells)) if code in known.names]
    return named[0] if len(named) == 1 else "各区"


def ground_within(cells: Cells) -> Cells:
    """Return *cells* one by one, so that each can be asked for its ward."""
    if count(cells) > MOST_CELLS_LOOKED_AT:
        raise FormWrong("範囲が広すぎます。区を選ぶか、分けて書いてください。", "area-too-large")
    return expand(cells)


def _cap(form: Mapping[str, str], _own: str, _known: Known, _at: datetime) -> _Read:
    origin, target, most = form.get("from_ward", ""), form.get("to_ward", ""), form.get("most", "")
    if not (origin and target and most.isdecimal() and len(most) < _MOST_DIGITS):
        raise FormWrong("受け入れる人数を数字で書いてください。")
    fields = {"from_ward": origin, "to_ward": target, "most": int(most)}
    # One tap, and no fresh code: it is the ward's own door, and whom it turns away is sent to another at once (R17).
    return cap_id(origin, target), Where(wards=frozenset({target})), False, fields


_READERS: Mapping[str, Callable[[Mapping[str, str], str, Known, datetime], _Read]] = {
    "closure": _closure,
    "shelter": _shelter,
    "incident": _incident,
    "order": _order,
    "cap": _cap,
}


def where_of(road: RoadReport, line_of: RoadLine) -> Where:
    """Return the ground of a closure that was posted before; *line_of* as it was when it was posted."""
    place = road.place
    return ground_of((place.point,) if place.point else (), (*place.line, *place.polygon), place.road_ids, line_of)


def where_of_shelter(shelter: NamedSite, names: Mapping[str, str]) -> Where:
    """Return the ground of a shelter; without a place its ward's name is all there is: who may write of it."""
    if shelter.point is not None:
        return ground_of((shelter.point,), (), ())
    wards = frozenset(code for code, name in names.items() if name == shelter.ward)
    return Where(wards=wards, unknown=not wards)


def ground_of(
    point: tuple[LatLng, ...], line: tuple[LatLng, ...], roads: tuple[str, ...], line_of: RoadLine = no_line
) -> Where:
    """Return the cells of a point, along a line and along roads; where a road lies that *line_of* lacks is unknown."""
    cells = [_cell(one) for one in point]
    drawn = [line_of(road) for road in roads]
    for start, end in chain.from_iterable(pairwise(one) for one in (line, *drawn)):
        try:
            steps = h3.grid_distance(_cell(start), _cell(end))
            if steps + len(cells) > _MOST_CELLS:
                raise FormWrong("線が長すぎます。短く分けて書いてください。")
            cells += map(Cell, h3.grid_path_cells(_cell(start), _cell(end)))
        except H3BaseException:
            raise FormWrong("線の点が離れすぎています。緯度,経度の順か確かめてください。") from None
    found = tuple(sorted({*cells}))
    return Where(found, unknown=not all(drawn) or not found)


def _cell(point: LatLng) -> Cell:
    return Cell(h3.latlng_to_cell(point.lat, point.lng, HAZARD_RESOLUTION))


def _until(form: Mapping[str, str], at: datetime, *, needed: bool) -> datetime | None:
    hours = form.get("hours", "")
    if not hours and not needed:
        return None
    if hours not in [str(one) for one in HOURS]:
        raise FormWrong("期限を選んでください。")
    return at + timedelta(hours=int(hours))


def _member(kind: type[_E], value: str, what: str) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise FormWrong(f"{what}を選んでください。") from None


def _hash(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()
