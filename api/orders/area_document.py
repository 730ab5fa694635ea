"""An area as a document of the console has it: the same that `feeds.console.console_area` reads."""

from typing import Any

from alerts.alert import GEOCODE_AREA_NAME, Area


def plain_area(area: Area) -> dict[str, Any]:
    """Return *area* as a part of a document; the console writes one outline or one circle in each."""
    plain: dict[str, Any] = {"name": area.description}
    for code in area.geocodes:
        plain["chome" if code.value_name == GEOCODE_AREA_NAME else "code"] = code.value
    if area.polygons:
        plain["polygon"] = [[point.lat, point.lng] for point in area.polygons[0]]
    if area.circles:
        circle = area.circles[0]
        plain["circle"] = [circle.centre.lat, circle.centre.lng, circle.radius_km]
    return plain
