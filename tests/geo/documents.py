"""Reports, claims and dangers for the tests of `geo/`, about real places."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import h3.api.basic_int as h3

from alerts.alert import GEOCODE_CLASS20, Alert, AlertInfo, Area, Geocode
from alerts.cap import Certainty, MsgType, Severity, Status, Urgency
from alerts.claim import Claim, Danger, Lane, Provenance, Release, Standing
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Cells, Shard
from alerts.report import Linkage, Outcome, OutcomeKind, Report
from geo.areas import AreaCover
from geo.cells import compact

# The typhoon of 12 October 2019: the Arakawa's lower wards in the evening.
AT = datetime(2019, 10, 12, 9, 0, tzinfo=UTC)
KOTO, EDOGAWA = "江東区", "江戸川区"
KAMEIDO = h3.latlng_to_cell(35.697, 139.826, 9)
KASAI = h3.latlng_to_cell(35.663, 139.873, 9)
KOTO_CELLS = compact(h3.grid_disk(KAMEIDO, 4))
EDOGAWA_CELLS = compact(h3.grid_disk(KASAI, 6))


@dataclass(frozen=True, slots=True)
class Decided:
    """What the life cycle would say."""

    outcome: Outcome
    lineage: str = "lineage-1"
    revision: int = 1


NOTICE = Decided(Outcome(OutcomeKind.NOTICE, "new-lineage"))


def decided(kind: OutcomeKind, revision: int) -> Decided:
    """Return a decision of *kind*."""
    return Decided(Outcome(kind, "test"), revision=revision)


class TwoWards:
    """A table of two wards."""

    covers: ClassVar[dict[str, AreaCover]] = {
        "1310800": AreaCover(KOTO, "1310800", KOTO_CELLS, KOTO_CELLS[:3]),
        "1312300": AreaCover(EDOGAWA, "1312300", EDOGAWA_CELLS),
    }

    def lookup(self, geocode: Geocode) -> AreaCover | None:
        """Return the ward."""
        return self.covers.get(geocode.value) if geocode.value_name == GEOCODE_CLASS20 else None


def info(*codes: str, level: Level | None = Level.ELDERLY_LEAVE, language: str = "ja-JP", **more: object) -> AlertInfo:
    """Return a flood warning for *codes*."""
    values: dict[str, object] = {
        "event": "洪水警報",
        "hazard": HazardKind.FLOOD,
        "urgency": Urgency.EXPECTED,
        "severity": Severity.SEVERE,
        "certainty": Certainty.LIKELY,
        "language": language,
        "level": level,
        "areas": tuple(Area("", geocodes=(Geocode(GEOCODE_CLASS20, code),)) for code in codes),
        **more,
    }
    return AlertInfo(**values)  # type: ignore[arg-type]


def report(*infos: AlertInfo, document: str = "d1", msg_type: MsgType = MsgType.ALERT) -> Report:
    """Return a report of *infos*."""
    alert = Alert(document, "jma", AT, Status.ACTUAL, msg_type, sent_text=AT.isoformat(), infos=infos)
    return Report(document, "jma", "VPWW54", "series", Linkage.SERIES, alert, AT)


def danger(cells: Cells, level: Level | None = Level.ELDERLY_LEAVE, name: str = KOTO, **more: object) -> Danger:
    """Return a danger of flood in *cells*."""
    values: dict[str, object] = {
        "hazard": HazardKind.FLOOD,
        "level": level,
        "severity": Severity.SEVERE,
        "urgency": Urgency.EXPECTED,
        "certainty": Certainty.LIKELY,
        "event": "洪水警報",
        "area_name": name,
        "area_code": "",
        "cells": cells,
        **more,
    }
    return Danger(**values)  # type: ignore[arg-type]


def provenance(revision: int = 1, lineage: str = "lineage-1", outcome: str = "notice") -> Provenance:
    """Return where a claim of *revision* comes from."""
    return Provenance(
        f"{lineage}-{revision}", lineage, revision, "jma", "VPWW54", "気象庁", AT, AT, AT,
        Release.AUTOMATIC, Lane.LIFE_SAFETY, outcome,
    )  # fmt: skip


def standing(*dangers: Danger, revision: int = 1, outcome: str = "notice", shards: int = 1) -> Standing:
    """Return what holds in a shard."""
    return Standing(provenance(revision, outcome=outcome), shards, dangers)


def claim(shard: int, *dangers: Danger, revision: int = 1, lineage: str = "lineage-1", shards: int = 1) -> Claim:
    """Return a claim about *shard*."""
    return Claim(provenance(revision, lineage), Shard(shard), shards, dangers)
