"""Reports from the crowd, as the Ushahidi deployment for Haiti exported them (2010).

Nobody stands behind a report of the crowd, also not when the platform calls it verified: each is
"reported", shown with its age and never acted on alone. What lies outside the country is refused row
by row, and the rest goes on.
"""

import hashlib
import re
from datetime import datetime, timedelta, timezone

from alerts.alert import Alert
from alerts.cap import MsgType, Status
from alerts.fact import Attribution, Confidence
from alerts.incident import IncidentKind, IncidentReport
from alerts.place import LatLng
from alerts.report import Facts, Linkage, RefusedRow, Report
from alerts.road import RoadCause, RoadPlace, RoadReport
from feeds.csv_text import CsvTable, Row
from feeds.errors import DisError

FEED = "crowd"
KIND = "ushahidi"
INFORMATIONAL = "facts-only"
COLUMNS = frozenset({"Serial", "INCIDENTDATE", "CATEGORY", "LATITUDE", "LONGITUDE"})

# Haiti kept Eastern Standard Time in 2010, without summer time.
LOCAL = timezone(timedelta(hours=-5))
# The island: reports came from the hospitals and airports of the neighbouring country too.
SOUTH, NORTH, WEST, EAST = 17.4, 20.3, -74.7, -68.2

# By the number of the category, which is the same in both of the deployment's languages.
_ROADS = {"5c": RoadCause.OTHER, "5d": RoadCause.BRIDGE_DAMAGED}
_KINDS = {
    "1d": IncidentKind.FIRE, "2": IncidentKind.LIFELINE, "2a": IncidentKind.NEED, "2b": IncidentKind.NEED,
    "2c": IncidentKind.LIFELINE, "2d": IncidentKind.NEED, "2e": IncidentKind.LIFELINE, "2f": IncidentKind.LIFELINE,
    "3c": IncidentKind.NEED, "5": IncidentKind.DAMAGE, "5a": IncidentKind.DAMAGE, "5b": IncidentKind.DAMAGE,
    "5e": IncidentKind.LIFELINE,
}  # fmt: skip
_CATEGORY = re.compile(r"(\d[a-h]?)\.?\s+([^,|]*)(?:\|\s*([^,]*))?")


class _Refused(Exception):
    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail[:120]


def is_crowd_table(columns: tuple[str, ...]) -> bool:
    """Say whether a table with *columns* is an export of such a deployment."""
    return set(columns) >= COLUMNS


def read_crowd(table: CsvTable, raw: bytes, name: str, received: datetime) -> Report:
    """Return the reports of the crowd in *table* as facts; raise `DisError` where no row can be used."""
    roads: list[RoadReport] = []
    incidents: list[IncidentReport] = []
    refused: list[RefusedRow] = []
    newest: datetime | None = None
    for number, row in enumerate(table.rows, start=1):
        try:
            if not row.get("Serial"):
                raise _Refused("row-id")
            said = _attribution(row, received)
            point = _point(row)
            found = _categories(row)
        except _Refused as error:
            refused.append(RefusedRow("rows", number, error.reason, error.detail))
            continue
        newest = max(newest or said.fact_at, said.fact_at)
        roads += _roads(row, said, point, found)
        incidents += _incidents(row, said, point, found)
    if newest is None:
        raise DisError("dis-nothing-said", f"{len(refused)} rows, and none can be used")
    return Report(
        document=hashlib.sha256(raw).hexdigest(),
        feed=FEED,
        kind=KIND,
        series=series_of_crowd(),
        linkage=Linkage.SERIES,
        alert=Alert(
            identifier=f"{name}|{newest.isoformat()}",
            sender=FEED,
            sent=newest,
            sent_text=newest.isoformat(),
            status=Status.ACTUAL,
            msg_type=MsgType.ALERT,
            source="Ushahidi",
        ),
        received=received,
        informational=INFORMATIONAL,
        facts=Facts(roads=tuple(roads), incidents=tuple(incidents), refused=tuple(refused)),
    )


def series_of_crowd() -> str:
    """Return the one series of such reports: each of them stands alone."""
    return f"crowd:{KIND}"


def _attribution(row: Row, received: datetime) -> Attribution:
    try:
        at = datetime.strptime(row.get("INCIDENTDATE", ""), "%d/%m/%Y %H:%M").replace(tzinfo=LOCAL)
    except ValueError:
        raise _Refused("row-time", row.get("INCIDENTDATE", "")) from None
    return Attribution(source=f"{FEED}:{KIND}", fact_at=at, received_at=received, confidence=Confidence.REPORTED)


def _point(row: Row) -> LatLng:
    lat, lng = (_degrees(row.get(name, "")) for name in ("LATITUDE", "LONGITUDE"))
    if not (SOUTH <= lat <= NORTH and WEST <= lng <= EAST):
        raise _Refused("row-outside-area", f"{lat}, {lng}")
    return LatLng(lat, lng)


def _degrees(text: str) -> float:
    if not re.fullmatch(r"-?\d{1,3}(\.\d{1,20})?", text):
        raise _Refused("row-number", text)
    return float(text)


def _categories(row: Row) -> dict[str, str]:
    """Return the English names of a report's categories by their numbers."""
    found = {number: (english or french).strip() for number, french, english in _CATEGORY.findall(row["CATEGORY"])}
    # Some have none; that something was reported there is all they say.
    return found or {"": "no category given"}


def _roads(row: Row, said: Attribution, point: LatLng, found: dict[str, str]) -> list[RoadReport]:
    return [
        RoadReport(
            id=f"{KIND}:{row['Serial']}:{number}",
            place=RoadPlace(point=point),
            cause=cause,
            attribution=said,
            valid_from=said.fact_at,
            text=found[number],
        )
        for number, cause in _ROADS.items()
        if number in found
    ]


def _incidents(row: Row, said: Attribution, point: LatLng, found: dict[str, str]) -> list[IncidentReport]:
    others = {number: title for number, title in found.items() if number not in _ROADS}
    if not others:
        return []
    # A category whose kind we know speaks for the report before one that says "other".
    number = min(others, key=lambda one: (one not in _KINDS, one))
    return [
        IncidentReport(
            id=f"{KIND}:{row['Serial']}",
            kind=_KINDS.get(number, IncidentKind.OTHER),
            title=others[number],
            attribution=said,
            point=point,
            text="; ".join(others.values()),
        )
    ]
