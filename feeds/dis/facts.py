"""One row of a municipal report becomes one fact."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from alerts.fact import Attribution, Confidence
from alerts.incident import IncidentKind, IncidentReport
from alerts.place import LatLng
from alerts.road import RoadCause, RoadPlace, RoadReport
from alerts.shelter import ShelterReport, ShelterState, band_of
from feeds.dis.clock import time_of
from feeds.dis.people import capacity_of, people_of
from feeds.dis.words import (
    ACCEPTS,
    BANDS,
    CAUSES,
    CONFIDENCES,
    HAZARDS,
    INCIDENTS,
    ROAD_LIFTED,
    SHELTER_STATES,
    SITE_CLASSES,
    look_up,
)

Plain = Mapping[str, Any]
Said = Callable[[Plain, Confidence], Attribution]


class RowRefused(Exception):
    """Leave the building of one row: `reason` is a stable code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail[:120]


def shelter_of(row: Plain, said: Attribution, ward: str, issuer: str) -> ShelterReport:
    """Return what *row* says about a shelter. A state that is no listed word is unknown, never closed (R11)."""
    capacity_text = str(row["capacity"]) if isinstance(row.get("capacity"), str) else ""
    capacity = capacity_of(capacity_text).people if capacity_text else row.get("capacity")
    if capacity_text.isdecimal():
        capacity_text = ""  # a number in a table is no prose
    occupants = row.get("occupants")
    if isinstance(occupants, str):
        occupants = people_of(occupants)
    band = look_up(BANDS, row.get("band", ""))
    return ShelterReport(
        id=full_id(row["id"], issuer),
        name=row["name"],
        attribution=said,
        state=look_up(SHELTER_STATES, row.get("state", "")) or ShelterState.UNKNOWN,
        point=_point(row),
        ward=ward,
        address=row.get("address", ""),
        site_class=look_up(SITE_CLASSES, row.get("class", "")),
        fit_for=_fit_for(row),
        step_free=row.get("step_free"),
        capacity=capacity,
        capacity_text=capacity_text,
        occupants=occupants,
        band=band or band_of(occupants, capacity),
        accepts=look_up(ACCEPTS, row.get("accepts", "")),
        needs=tuple(row.get("needs", ())),
    )


def road_of(row: Plain, said: Said, ward: str, issuer: str) -> RoadReport:
    """Return what *row* says about a road; reported where it does not say that somebody has looked."""
    lifted = look_up(ROAD_LIFTED, row["state"])
    if lifted is None:
        raise RowRefused("row-road-state", row["state"])
    confidence = _confidence(row)
    attribution = said(row, confidence)
    begins = _time(row, "from") or attribution.fact_at
    ends = _time(row, "until")
    if ends is not None and ends <= begins:
        raise RowRefused("row-ends-before-start", f"{row.get('from', '')} {row['until']}")
    place = RoadPlace(
        point=_point(row),
        line=_line(row.get("line", ())),
        polygon=_ring(row),
        road_ids=tuple(row.get("road_ids", ())),
        name=row.get("name", ""),
    )
    if place.point is None and not place.line and not place.polygon and not place.road_ids:
        # A name alone closes nothing: nobody could say which way it means.
        raise RowRefused("row-no-place", row.get("name", ""))
    return RoadReport(
        id=full_id(row["id"], issuer),
        place=place,
        cause=look_up(CAUSES, row.get("cause", "")) or RoadCause.OTHER,
        attribution=attribution,
        valid_from=begins,
        valid_until=ends,
        lifted=lifted,
        text=row.get("text", ""),
        ward=ward,
    )


def incident_of(row: Plain, said: Said, ward: str, issuer: str) -> IncidentReport:
    """Return what *row* says has happened. What kind it is not known by stays "other"."""
    return IncidentReport(
        id=full_id(row["id"], issuer),
        kind=look_up(INCIDENTS, row["kind"]) or IncidentKind.OTHER,
        title=row["title"],
        attribution=said(row, _confidence(row)),
        point=_point(row),
        area=_ring(row),
        area_codes=tuple(row.get("area_codes", ())),
        ward=ward,
        text=row.get("text", ""),
        counts=tuple(sorted(row.get("counts", {}).items())),
        ended=row.get("ended", False),
    )


def full_id(own: str, issuer: str) -> str:
    """Return an id that is one thing's alone: the national common id, else the issuer's own with its issuer."""
    return own if COMMON_ID.match(own) or ":" in own else f"{issuer}:{own}"


# 共通ID of the national lists: a letter, the municipality's five digits, a number.
COMMON_ID = re.compile(r"^[A-Z]\d{13}$")


def _confidence(row: Plain) -> Confidence:
    return look_up(CONFIDENCES, row.get("confidence", "")) or Confidence.REPORTED


def _fit_for(row: Plain) -> tuple[Any, ...] | None:
    if "fit_for" not in row:
        return None
    # A danger that we do not know is left out: fit for it would be a claim of safety.
    found = (look_up(HAZARDS, word) for word in row["fit_for"])
    return tuple(sorted({hazard for hazard in found if hazard is not None}))


def _point(row: Plain) -> LatLng | None:
    if ("lat" in row) != ("lng" in row):
        raise RowRefused("row-half-a-position")
    if "lat" not in row:
        return None
    lat, lng = float(row["lat"]), float(row["lng"])
    if lat == 0.0 and lng == 0.0:
        raise RowRefused("row-position", "0, 0 is what a form writes that has no position")
    return LatLng(lat, lng)


def _line(positions: Sequence[Sequence[float]]) -> tuple[LatLng, ...]:
    return tuple(LatLng(lat, lng) for lat, lng in positions)


def _ring(row: Plain) -> tuple[LatLng, ...]:
    ring = _line(row.get("polygon", ()))
    if ring and ring[0] != ring[-1]:
        raise RowRefused("row-ring-open")
    return ring


def _time(row: Plain, name: str) -> datetime | None:
    if name not in row:
        return None
    at = time_of(row[name])
    if at is None:
        raise RowRefused("row-time", row[name])
    return at
