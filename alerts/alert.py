"""The CAP 1.2 alert, and what a telegram of any other format is turned into.

Names are CAP's. Two things stand beside CAP: each info carries a `HazardKind` and, where the
source gives one, a Japanese `Level`. Times are aware datetimes.
"""

from dataclasses import dataclass
from datetime import datetime

from alerts.cap import Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Circle, Ring
from alerts.river_stage import RiverStage
from alerts.wave import Wave


@dataclass(frozen=True, slots=True)
class Geocode:
    """An area named by a code: `value_name` says from which table (CAP `valueName`)."""

    value_name: str
    value: str


# JMA municipal areas (class20, 7 digits), primary subdivisions (一次細分区域) and forecast
# offices (府県予報区) share no digits' pattern that tells them apart safely, so the table is named.
GEOCODE_CLASS20 = "JMA.class20"
GEOCODE_CLASS10 = "JMA.class10"
GEOCODE_OFFICE = "JMA.office"
GEOCODE_PREFECTURE = "JIS.prefecture"
GEOCODE_QUAKE_AREA = "JMA.quake-area"
GEOCODE_TSUNAMI_AREA = "JMA.tsunami-area"
GEOCODE_RIVER = "JMA.river"
GEOCODE_VOLCANO = "JMA.volcano"
# The name of a place below a municipality: 「13123 平井一丁目」.
GEOCODE_AREA_NAME = "JIS.area-name"

# The CAP parameter by which a document of our own says until when its draft is to be decided (ISO 8601).
PARAMETER_DECIDE_BY = "shirase.decide-by"


@dataclass(frozen=True, slots=True)
class Area:
    """Where to tell people (not where the event is). Polygons, circles and geocodes are a union."""

    description: str
    polygons: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Geocode, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertInfo:
    """One danger, in one language, for some areas."""

    event: str
    hazard: HazardKind
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    categories: tuple[Category, ...] = ()
    language: str = "ja-JP"
    level: Level | None = None
    response_types: tuple[ResponseType, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    code: str = ""  # the source's own code of the kind, e.g. JMA "03"
    event_codes: tuple[Geocode, ...] = ()
    parameters: tuple[Geocode, ...] = ()
    areas: tuple[Area, ...] = ()
    stages: tuple[RiverStage, ...] = ()  # of a river forecast: its stations against their thresholds
    wave: Wave | None = None  # of a tsunami warning: what it says of these coasts


@dataclass(frozen=True, slots=True)
class Reference:
    """The triple by which CAP names an earlier message, byte for byte as it was written."""

    sender: str
    identifier: str
    sent: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One message of a series. `sent_text` keeps the bytes of `sent`, which references repeat."""

    identifier: str
    sender: str
    sent: datetime
    status: Status
    msg_type: MsgType
    scope: Scope = Scope.PUBLIC
    sent_text: str = ""
    source: str = ""
    restriction: str = ""
    note: str = ""
    codes: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[AlertInfo, ...] = ()
    sender_name: str = ""
    """Who sends it, in words: what lifts or takes back everything has no info that could say so."""
