"""Typhoon forecasts (VPTW40-45, 60-65): where the storm may be in the hours to come.

Each step of the forecast (12, 24, 45 or 48 hours and more) has the centre of its probability circle and the
暴風警戒域 around it: the ground that the storm of 25 m/s may cover if the centre goes anywhere into that circle.
Between two steps centre and radius are taken along the straight line, hour by hour.

Of an uneven area the largest radius counts on all sides. Direction of safety: the ground may be too large.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from alerts.expected import Expected
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Circle, LatLng
from feeds.jma.tree import child, children, descendants, text
from feeds.moment import moment
from feeds.xml import Element

# Only the nights that are near: each later telegram says the rest again, and better.
LOOKS_AHEAD = timedelta(hours=48)
_STEP = timedelta(hours=1)
_NOW, _ESTIMATE, _FORECAST = "実況", "推定", "予報"
_STORM, _STORM_TO_COME = "暴風域", "暴風警戒域"
# ISO 6709 as the JMA writes it: +25.5+142.2/ in degrees (the same in minutes stands beside it).
_POINT = re.compile(r"^([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)/?$")

Step = tuple[datetime, Circle]


def expected_of(body: Element | None) -> tuple[Expected, ...]:
    """Return an hour of storm for each hour of the forecast in which there is storm at all."""
    steps = sorted(_steps(body), key=lambda step: step[0])
    if not steps:
        return ()
    until = steps[0][0] + LOOKS_AHEAD
    hours = {at: circle for at, circle in steps if at <= until}
    for (begins, first), (ends, last) in pairwise(steps):
        if begins > until or ends == begins:
            continue
        # No further than is looked ahead: a step of a century would be a million hours.
        for number in range(round((min(ends, until) - begins) / _STEP) + 1):
            at = begins + number * _STEP
            hours[at] = _between(first, last, (at - begins) / (ends - begins))
    return tuple(
        Expected(
            hazard=HazardKind.STORM,
            event="台風による暴風",
            level=None,
            grade=Level.ELDERLY_LEAVE,
            begins=at,
            ends=at + _STEP,
            reach=circle,
        )
        for at, circle in sorted(hours.items(), key=lambda hour: hour[0])
    )


def _steps(body: Element | None) -> Iterator[Step]:
    for infos in children(body, "MeteorologicalInfos"):
        for info in children(infos, "MeteorologicalInfo"):
            written = child(info, "DateTime")
            kind = written.get("type", "") if written is not None else ""
            at = moment(text(written))
            if at is None or not kind.startswith((_NOW, _ESTIMATE, _FORECAST)):
                continue
            centre, radius_km = _centre(info), _storm_km(info)
            if centre is not None and radius_km > 0:
                yield at, Circle(centre, radius_km)


def _centre(info: Element) -> LatLng | None:
    """Return the centre of the typhoon, or of its probability circle, in degrees."""
    for point in descendants(info, "Coordinate", "BasePoint"):
        found = _POINT.match((point.text or "").strip())
        # The same place stands there in degrees and minutes (+2530+14210/): never mistaken for degrees.
        if found is None or "度分" in point.get("type", ""):
            continue
        lat, lng = float(found.group(1)), float(found.group(2))
        if abs(lat) <= 90 and abs(lng) <= 180:
            return LatLng(lat, lng)
    return None


def _storm_km(info: Element) -> float:
    """Return the largest radius of the storm area in kilometres, 0 where there is no storm."""
    widest = 0.0
    for part in descendants(info, "WarningAreaPart"):
        if part.get("type") not in (_STORM, _STORM_TO_COME):
            continue
        for radius in descendants(part, "Radius"):
            written = (radius.text or "").strip()
            if radius.get("unit") == "km" and written.isascii() and written.isdigit() and len(written) <= 4:
                widest = max(widest, float(written))
    return widest


def _between(first: Circle, last: Circle, share: float) -> Circle:
    def along(one: float, other: float) -> float:
        return one + (other - one) * share

    return Circle(
        LatLng(along(first.centre.lat, last.centre.lat), along(first.centre.lng, last.centre.lng)),
        along(first.radius_km, last.radius_km),
    )
