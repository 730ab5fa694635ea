"""Write orders and shelters as L-Alert documents: one for each danger, one for all shelters.

The same documentID with a rising revision, in the wrapper and inside alike: an order, its updates, a correction
(更新 with an Errata) and its withdrawal (distributionType Cancel, with what it takes back as 解除, for those who read
the body alone) are one document of one id. What an L-Alert order has no
element for (its end in time, a polygon) is not sent by this way.
"""

from collections.abc import Mapping
from typing import Any

from lxml import etree

from alerts.level import Level
from alerts.order_words import ORDER_NAMES_JA
from alerts.words import HAZARDS_JA
from feeds.dis.words import HAZARDS, LEVELS, ORDER_STATES, STATUSES, TYPES, OrderState, look_up
from feeds.lalert.names import (
    COMMONS,
    EDXL,
    ELEMENTS,
    EVACUATION,
    EVACUATION_BODY,
    EVERYWHERE,
    HEAD,
    PCX,
    SHELTER,
    SHELTER_BODY,
)
from feeds.xml import Element

_TYPES = {"Alert": "Report", "Update": "Update", "Cancel": "Cancel"}
_SHELTER_SORTS = {"open": "開設", "full": "開設", "closed": "閉鎖", "unknown": "不明"}
_SHELTER_STATUSES = {"empty": "空き", "filling": "やや混雑", "crowded": "混雑", "full": "定員一杯"}


def write_orders(plain: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return the documents of the orders of *plain*, one for each danger; their ids end in its name.

    Of a withdrawal the orders are those that it takes back; without them no document can say which.
    """
    by_hazard: dict[str, list[Mapping[str, Any]]] = {}
    for order in plain.get("orders", ()):
        by_hazard.setdefault(order["hazard"], []).append(order)
    return tuple(
        _document(plain, EVACUATION_BODY, f"{plain['id']}-{hazard}", _evacuation(orders, hazard, plain))
        for hazard, orders in by_hazard.items()
    )


def write_shelters(plain: Mapping[str, Any]) -> bytes:
    """Return the document of the shelters of *plain*."""
    return _document(plain, SHELTER_BODY, f"{plain['id']}-shelters", _shelter_body(plain))


def _evacuation(orders: list[Mapping[str, Any]], hazard: str, plain: Mapping[str, Any]) -> Element:
    body = _element(EVACUATION, "EvacuationOrder")
    kind = look_up(HAZARDS, hazard)
    _leaf(_under(body, ELEMENTS, "Disaster"), ELEMENTS, "DisasterName", HAZARDS_JA[kind] if kind else hazard)
    for order in orders:
        detail = _under(body, EVACUATION, "Detail")
        level = look_up(LEVELS, str(order["level"])) or Level.ALL_LEAVE
        lifted = look_up(ORDER_STATES, order["state"]) is OrderState.LIFTED
        _leaf(detail, EVACUATION, "Sort", ORDER_NAMES_JA[level])
        _leaf(detail, EVACUATION, "IssueOrLift", "解除" if lifted else "発令")
        areas = _under(detail, EVACUATION, "Areas")
        for area in order["areas"]:
            place = _under(areas, EVACUATION, "Area")
            location = _under(place, ELEMENTS, "Location")
            name = f"{plain['issuer']['name']}{EVERYWHERE}" if "code" in area else area["name"]
            _leaf(location, COMMONS, "areaName", name)
            _leaf(place, EVACUATION, "DateTime", order["issued_at"])
    return body


def _shelter_body(plain: Mapping[str, Any]) -> Element:
    body = _element(SHELTER, "Shelter")
    _leaf(body, SHELTER, "TotalNumberOfShelter", str(len(plain.get("shelters", ()))))
    listed = _under(body, SHELTER, "Informations")
    for row in plain.get("shelters", ()):
        one = _under(listed, SHELTER, "Information")
        location = _under(one, SHELTER, "Location")
        if "lat" in row:
            _leaf(location, EDXL, "circle", f"{row['lat']},{row['lng']} 0")
        _leaf(location, COMMONS, "areaName", row["name"])
        _leaf(location, SHELTER, "Address", row.get("address", ""))
        _leaf(one, SHELTER, "Type", "避難所" if row.get("class", "staffed") == "staffed" else _type(row["class"]))
        _leaf(one, SHELTER, "Sort", _SHELTER_SORTS.get(row.get("state", ""), "不明"))
        _leaf(one, SHELTER, "Capacity", str(row.get("capacity", "")))
        _leaf(one, SHELTER, "Status", _SHELTER_STATUSES.get(row.get("band", ""), ""))
        if "occupants" in row:
            _leaf(_under(one, SHELTER, "NumberOf"), SHELTER, "HeadCount", str(row["occupants"]))
        _leaf(one, SHELTER, "CheckedDateTime", row["as_of"])
    return body


def _type(site_class: str) -> str:
    return {"always-open": "広域避難場所", "temporary-stay": "一時滞在施設", "welfare": "福祉避難所"}[site_class]


def _document(plain: Mapping[str, Any], category: str, document: str, body: Element) -> bytes:
    status, sent = STATUSES[plain["status"]].value, plain["sent"]
    revision, name = str(plain["revision"]), plain["issuer"]["name"]
    kind = _TYPES[TYPES[plain["type"]].value]
    root = etree.Element(
        f"{{{EDXL}}}EDXLDistribution",
        nsmap={"edxlde": EDXL, "commons": COMMONS, "pcx_eb": ELEMENTS, "pcx_ib": HEAD},
    )
    for element, text in (
        ("distributionID", f"{document}.{revision}"),
        ("senderID", plain["issuer"]["code"]),
        ("dateTimeSent", sent),
        ("distributionStatus", status),
        ("distributionType", kind),
        ("combinedConfidentiality", "UNCLASSIFIED AND NOT SENSITIVE"),
    ):
        _leaf(root, EDXL, element, text)
    area = _under(root, COMMONS, "targetArea")
    _leaf(area, COMMONS, "areaName", name)
    _leaf(area, COMMONS, "jisX0402", plain["issuer"]["code"])
    content = _under(root, COMMONS, "contentObject")
    report = _under(_under(_under(content, EDXL, "xmlContent"), EDXL, "embeddedXMLContent"), PCX, "Report")
    control = _under(report, PCX, "Control")
    _leaf(control, PCX, "Title", category)
    _leaf(control, EDXL, "distributionStatus", status)
    _leaf(_under(control, PCX, "EditorialOffice"), ELEMENTS, "OfficeName", name)
    _leaf(_under(control, PCX, "PublishingOffice"), ELEMENTS, "OfficeName", name)
    if plain["type"] in ("訂正", "Correction"):
        _leaf(_under(control, PCX, "Errata"), ELEMENTS, "Description", plain.get("note", "") or "訂正")
    head = _under(report, HEAD, "Head")
    _leaf(head, HEAD, "Title", f"{name}: {'避難情報' if category == EVACUATION_BODY else '避難所情報'}")
    _leaf(head, HEAD, "ReportDateTime", sent)
    _leaf(head, EDXL, "distributionType", kind)
    _leaf(head, COMMONS, "documentRevision", revision)
    _leaf(head, COMMONS, "documentID", document)
    headline = _under(head, HEAD, "Headline")
    texts = [order.get("text", "") for order in plain.get("orders", ())] if category == EVACUATION_BODY else []
    _leaf(headline, HEAD, "Text", next(filter(None, texts), ""))
    report.append(body)
    _leaf(content, COMMONS, "publishingOfficeName", name)
    _leaf(content, COMMONS, "previousDocumentRevision", str(max(0, int(revision) - 1)))
    _leaf(content, COMMONS, "documentRevision", revision)
    _leaf(content, COMMONS, "documentID", document)
    _leaf(content, COMMONS, "category", category)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _element(namespace: str, name: str) -> Element:
    return etree.Element(f"{{{namespace}}}{name}", nsmap={"pcx_body": namespace})


def _under(parent: Element, namespace: str, name: str) -> Element:
    return etree.SubElement(parent, f"{{{namespace}}}{name}")


def _leaf(parent: Element, namespace: str, name: str, text: str) -> None:
    if text != "":
        _under(parent, namespace, name).text = text
