"""Weather warnings: VPWW50/53/54 and, since 2026-05-28, VPWW55-61.

Each telegram restates everything that is in force for its office, so a kind that was lifted is
simply not there, and a telegram with nothing left is an all-clear.
"""

from collections.abc import Iterator
from datetime import timedelta

from alerts.alert import (
    GEOCODE_CLASS10,
    GEOCODE_CLASS20,
    GEOCODE_OFFICE,
    AlertInfo,
    Area,
    Geocode,
)
from alerts.hazard import category_of
from feeds.errors import JmaError
from feeds.jma.codes import LIFTED, WarningKind, warning_kinds
from feeds.jma.envelope import Envelope
from feeds.jma.tree import child, children, descendants, text
from feeds.xml import Element

# A warning names no end. The offices restate theirs at each change and at least with the morning
# and evening forecasts; a day without any word means that we lost the feed, not the danger.
WARNING_VALID_FOR = timedelta(hours=24)

PARAMETER_STATUS = "JMA.status"
MUNICIPAL_DIGITS = 7

# From the finest: a municipality, else a primary subdivision, else the whole office. 「市町村等を
# まとめた地域等」 lies between and is never the finest one of a telegram.
_SECTIONS: tuple[tuple[str, str], ...] = (
    ("（市町村等）", GEOCODE_CLASS20),
    ("（一次細分区域等）", GEOCODE_CLASS10),
    ("（府県予報区等）", GEOCODE_OFFICE),
    ("（発表細分）", GEOCODE_OFFICE),
)
_NOT_IN_FORCE = frozenset({"解除", "なし", "発表警報・注意報はなし"})


def infos_of(body: Element | None, envelope: Envelope) -> tuple[AlertInfo, ...]:
    """Return one info per kind and status, each with the municipalities it is in force for."""
    section, value_name = finest_section(body)
    found: dict[tuple[str, WarningKind, str], list[Area]] = {}
    for kind, area in kinds_in_force(section):
        code, status = text(kind, "Code"), text(kind, "Status")
        place = place_of(area, value_name, envelope)
        for warning in warning_kinds(code, text(kind, "Name"), text(kind, "Condition")):
            found.setdefault((code, warning, status), []).append(place)
    return tuple(
        _info(code, warning, status, tuple(areas), envelope) for (code, warning, status), areas in found.items()
    )


def finest_section(body: Element | None) -> tuple[Element, str]:
    """Return the finest `Warning` of *body* and the table of its area codes."""
    sections = {section.get("type", ""): section for section in children(body, "Warning")}
    for suffix, value_name in _SECTIONS:
        for kind, section in sections.items():
            if kind.endswith(suffix):
                return section, value_name
    raise JmaError("jma-no-area", "no section by municipality, subdivision or office")


def place_of(area: Element, value_name: str, envelope: Envelope) -> Area:
    """Return *area* with its code; a municipal code of the wrong length is looked up in the headline.

    A telegram of 2009 writes 清瀬市 as 132100 in its body and as 1322100 in its headline: with the
    first alone the whole city would have gone unwarned.
    """
    name, code = text(area, "Name"), text(area, "Code")
    if value_name == GEOCODE_CLASS20 and len(code) != MUNICIPAL_DIGITS:
        others = {c for n, c in envelope.headline_places if n == name and len(c) == MUNICIPAL_DIGITS}
        if len(others) == 1:
            code = others.pop()
    return Area(name, geocodes=(Geocode(value_name, code),))


def kinds_in_force(section: Element) -> Iterator[tuple[Element, Element]]:
    """Return every kind of *section* that holds, each with each of its areas.

    Raises `JmaError` where an item does not say what it is or where: read as "nothing in force" it
    would be an all-clear that nobody gave.
    """
    items = children(section, "Item")
    if not items:
        raise JmaError("jma-no-kind", f"{section.get('type', '')} is empty")
    for item in items:
        areas = list(descendants(child(item, "Areas"), "Area")) or children(item, "Area")
        if not areas or not all(text(area, "Code") for area in areas):
            raise JmaError("jma-no-area", f"an item of {section.get('type', '')} has no area")
        kinds = children(item, "Kind")
        if not kinds:
            raise JmaError("jma-no-kind", f"an item of {section.get('type', '')} has no kind")
        for kind in kinds:
            code, status = text(kind, "Code"), text(kind, "Status")
            if code == LIFTED or status in _NOT_IN_FORCE:
                continue
            if not code:
                raise JmaError("jma-no-kind", f"status {status!r} of no kind")
            for area in areas:
                yield kind, area


def _info(code: str, warning: WarningKind, status: str, areas: tuple[Area, ...], envelope: Envelope) -> AlertInfo:
    return AlertInfo(
        event=warning.name,
        hazard=warning.hazard,
        urgency=warning.urgency,
        severity=warning.severity,
        certainty=warning.certainty,
        categories=(category_of(warning.hazard),),
        level=warning.level,
        effective=envelope.sent,
        expires=envelope.sent + WARNING_VALID_FOR,
        sender_name=envelope.publishing_office,
        headline=envelope.headline,
        code=code,
        parameters=(Geocode(PARAMETER_STATUS, status),),
        areas=areas,
    )
