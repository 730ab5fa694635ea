"""Shelter lists: the national one (GSI, GeoJSON by municipality) and municipal tables (CSV).

Two national lists overlap: 指定緊急避難場所 (where to flee, by hazard) and 指定避難所 (where to stay).
Rows of one name within a few steps are one site. What the reader decides by itself is in favour of not
sending somebody: a site whose remark says that it stays shut when a river threatens is not fit for
floods, one under works is out of use, one with 受入対象者 is for those people only.
"""

import csv
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alerts.hazard import HazardKind
from alerts.place import LatLng
from alerts.shelter import SiteClass
from feeds.dis.people import capacity_of
from routing.errors import NothingImported
from routing.importers.text import decoded
from routing.network import metres_between
from routing.site import Site

# The columns of both lists; municipal tables write 災害種別_ before them.
HAZARDS = {
    "洪水": HazardKind.FLOOD,
    "崖崩れ、土石流及び地滑り": HazardKind.LANDSLIDE,
    "高潮": HazardKind.STORM_SURGE,
    "地震": HazardKind.EARTHQUAKE,
    "津波": HazardKind.TSUNAMI,
    "大規模な火事": HazardKind.FIRE,
    "内水氾濫": HazardKind.HEAVY_RAIN,
    "火山現象": HazardKind.VOLCANO,
}
_PREFIX = "災害種別_"
_YES = {"1", "1.0", "○", "◯", "〇", "true", "TRUE"}
# Ground in the open has no door. A school's yard (校庭) has one, and is left to its staff.
_OPEN_GROUND = (
    "公園", "広場", "緑地", "河川敷", "庭園", "運動場", "グラウンド", "グランド", "霊園", "一帯", "団地", "外苑",
)  # fmt: skip
_WATER = frozenset({HazardKind.FLOOD, HazardKind.STORM_SURGE, HazardKind.HEAVY_RAIN})
_SHUT_IN_WATER = ("開設しない", "使用不可", "使用できない")
_WORKS = ("工事中", "建替え", "休止", "閉鎖")
# Lists give one place several rows, some by its gate and some by its hall.
_SAME_PLACE_M = 60.0


@dataclass(frozen=True, slots=True)
class ShelterReport:
    """What became of the lists. `absent` are municipalities whose list says that there is none."""

    rows: int
    sites: int
    by_hazard: Mapping[str, int]
    with_capacity: int
    dropped: Mapping[str, int]
    absent: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the report for an operator."""
        fit = ", ".join(f"{hazard} {count}" for hazard, count in self.by_hazard.items())
        lines = [f"{self.rows} rows, {self.sites} sites; fit for {fit}", f"capacity known: {self.with_capacity}"]
        lines += [f"dropped, {reason}: {count}" for reason, count in sorted(self.dropped.items())]
        lines += [f"no list: {name}" for name in self.absent]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class ImportedShelters:
    """Sites, by id, and the report."""

    sites: tuple[Site, ...]
    report: ShelterReport


def read_shelters(paths: Iterable[Path]) -> ImportedShelters:
    """Return the sites of all lists at *paths*: files, or folders of which every list is read.

    Raises NothingImported when there is no site at all.
    """
    dropped: Counter[str] = Counter()
    absent: list[str] = []
    found: list[Site] = []
    for path in _files(paths):
        if path.suffix == ".csv":
            rows: Iterable[Site | str] = _municipal(path)
        else:
            rows = _national(path, absent)
        for row in rows:
            if isinstance(row, str):
                dropped[row] += 1
            else:
                found.append(row)
    sites = _merged(found)
    if not sites:
        raise NothingImported(f"no shelter in the lists; dropped: {dict(dropped)}, no list: {absent}")
    by_hazard = {kind.value: sum(kind in site.fit_for for site in sites) for kind in HAZARDS.values()}
    known = sum(site.capacity is not None for site in sites)
    rows_read = len(found) + sum(dropped.values())
    report = ShelterReport(rows_read, len(sites), by_hazard, known, dict(dropped), tuple(sorted(set(absent))))
    return ImportedShelters(sites, report)


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        inside = (
            sorted(p for p in path.rglob("*") if p.suffix in (".json", ".geojson", ".csv")) if path.is_dir() else [path]
        )
        found += inside
    return found


def _national(path: Path, absent: list[str]) -> Iterable[Site | str]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        yield "a file that is no JSON"
        return
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        if isinstance(document, dict) and document.get("type") == "unavailable":
            absent.append(f"{document.get('name', path.stem)} ({document.get('dataType', '')})")
        else:
            yield "a file that is no list of shelters"
        return
    for feature in document.get("features", ()):
        yield _national_row(feature, str(document.get("name") or path.stem))


def _national_row(feature: Mapping[str, Any], code: str) -> Site | str:
    row = feature.get("properties") or {}
    coordinates: list[Any] = (feature.get("geometry") or {}).get("coordinates") or []
    name, site_id = _text(row.get("施設・場所名")), _text(row.get("共通ID"))
    if not name or not site_id:
        return "a row without name or 共通ID"
    point = _point(coordinates[1], coordinates[0]) if len(coordinates) > 1 else None
    if point is None:
        return "a row without a point on Earth"
    remark, special = _text(row.get("備考")), _text(row.get("受入対象者"))
    flags = [hazard for column, hazard in HAZARDS.items() if _text(row.get(column)) in _YES]
    emergency = any(column in row for column in HAZARDS)
    # 指定避難所 are where people stay once the ground is still: fit after a quake, of water they say nothing.
    fit = frozenset(flags) if emergency else frozenset({HazardKind.EARTHQUAKE})
    site = Site(site_id, name, point, fit, code[:5], _text(row.get("住所")), remark=remark)
    if special:
        return replace(site, site_class=SiteClass.WELFARE, remark=f"{special} {remark}".strip())
    return _judged(site, emergency=emergency)


def _judged(site: Site, *, emergency: bool) -> Site:
    if any(word in site.remark for word in _SHUT_IN_WATER):
        site = replace(site, fit_for=site.fit_for - _WATER)
    if any(word in site.remark for word in _WORKS):
        site = replace(site, out_of_use=True)
    if emergency and site.name.endswith(_OPEN_GROUND):
        site = replace(site, site_class=SiteClass.ALWAYS_OPEN)
    return site


def _municipal(path: Path) -> Iterable[Site | str]:
    """Read a municipal table: 自治体標準オープンデータセット and what is like it."""
    for number, row in enumerate(csv.DictReader(decoded(path).splitlines()), start=1):
        name = _text(row.get("名称") or row.get("施設名") or row.get("施設・場所名"))
        if not name:
            yield "a row without a name"
            continue
        point = _point(row.get("緯度"), row.get("経度"))
        if point is None:
            yield "a row without a point on Earth"
            continue
        flags = {
            hazard for column, hazard in HAZARDS.items() if _text(row.get(_PREFIX + column) or row.get(column)) in _YES
        }
        code = _text(row.get("所在地_全国地方公共団体コード") or row.get("全国地方公共団体コード"))[:5]
        site_id = _text(row.get("ID") or row.get("共通ID")) or f"{path.stem}-{number}"
        capacity = capacity_of(_text(row.get("想定収容人数") or row.get("収容人数"))).people
        address = _text(row.get("所在地_連結表記") or row.get("住所"))
        access = _text(row.get("バリアフリー") or row.get("車椅子対応"))
        step_free = (
            None if not access else access in _YES or "有" in access or ("可" in access and "不可" not in access)
        )
        site = Site(site_id, name, point, frozenset(flags), code, address, capacity=capacity, step_free=step_free)
        yield _judged(replace(site, remark=_text(row.get("備考"))), emergency=True)


def _merged(sites: Iterable[Site]) -> tuple[Site, ...]:
    """Return one site for all rows of one name at one place; the smallest id names it."""
    by_name: dict[str, list[Site]] = {}
    # A list of emergency sites comes first, so that a shelter's class is that of its open ground only
    # where no building of its name is among the sites.
    for site in sorted(sites, key=lambda site: site.id):
        group = by_name.setdefault(_plain(site.name), [])
        for at, other in enumerate(group):
            if metres_between(site.point, other.point) <= _SAME_PLACE_M and _one(site, other):
                group[at] = _both(other, site)
                break
        else:
            group.append(site)
    return tuple(sorted((site for group in by_name.values() for site in group), key=lambda site: site.id))


def _one(left: Site, right: Site) -> bool:
    """Return whether two rows speak of the same doors: a welfare site in a school is a site of its own."""
    return (left.site_class is SiteClass.WELFARE) == (right.site_class is SiteClass.WELFARE)


def _both(first: Site, second: Site) -> Site:
    staffed = SiteClass.STAFFED in (first.site_class, second.site_class)
    known = [site.capacity for site in (first, second) if site.capacity is not None]
    return replace(
        first,
        fit_for=first.fit_for | second.fit_for,
        site_class=SiteClass.STAFFED if staffed else first.site_class,
        capacity=max(known) if known else None,
        step_free=first.step_free if first.step_free is not None else second.step_free,
        remark=" ".join(dict.fromkeys(text for text in (first.remark, second.remark) if text)),
        out_of_use=first.out_of_use or second.out_of_use,
    )


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace(" ", "")


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _point(lat: object, lng: object) -> LatLng | None:
    try:
        point = LatLng(float(str(lat)), float(str(lng)))
    except ValueError:
        return None
    return point if -90 <= point.lat <= 90 and -180 <= point.lng <= 180 and (point.lat or point.lng) else None
