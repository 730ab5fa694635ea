"""The table of readers: one line for each, with its real samples. A new reader adds its line here.

A target that has no sample at hand is left out of a run, and the run says so.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from lxml import etree

from alerts.lifecycle import SeriesState, accept
from alerts.place import LatLng
from alerts.report import Report
from alerts.road import RoadCause
from feeds.errors import FeedError
from feeds.feed_entries import read_entries
from feeds.jma.kinds import Family, family_of
from feeds.lalert.write import write_orders, write_shelters
from feeds.read import read, series_of
from feeds.resident import FEED as RESIDENT
from feeds.resident import resident_document

RECEIVED = datetime(2026, 11, 22, tzinfo=UTC)
# Small samples reach the same lines, and ten times as often in the same time.
_LARGEST_BYTES = 40_000
_SAMPLES = 16


class Form(StrEnum):
    """How a sample is changed, and what "past the parser" means for it."""

    XML = "xml"
    JSON = "json"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Target:
    """One reader. `parse` returns or raises one of `refusals`; anything else is a finding."""

    name: str
    form: Form
    parse: Callable[[bytes], object]
    samples: Callable[[Path], list[bytes]]
    refusals: tuple[type[Exception], ...] = (FeedError,)


def _read(feed: str = "") -> Callable[[bytes], Report]:
    def parse(raw: bytes) -> Report:
        key = series_of(raw, feed)
        report = read(raw, name="fuzz", received=RECEIVED, feed=feed)
        assert key
        assert report.kind
        # What a reader lets through meets the life cycle next: it takes every report.
        accept(SeriesState(), report)
        return report

    return parse


def _of_family(family: Family) -> Callable[[Path], list[bytes]]:
    def samples(data: Path) -> list[bytes]:
        found = []
        for path in sorted((data / "04_jma_xml" / "samples").glob("*.xml")):
            kind = path.stem.rpartition("_")[2].removesuffix("ii")
            if family_of(kind) is family:
                found.append(path.read_bytes())
        return _smallest(found)

    return samples


def _cap(data: Path) -> list[bytes]:
    paths = [path for path in (data / "06_cap").rglob("*") if path.suffix in (".xml", ".cap")]
    raws = (path.read_bytes() for path in sorted(paths) if "schema" not in path.parts)
    return _smallest([raw for raw in raws if b"<feed" not in raw and b"<!DOCTYPE" not in raw])


_RSS = (
    b"<rss version='2.0'><channel><pubDate>Wed, 25 Nov 2026 10:00:00 +0900</pubDate><item><title>Flood</title>"
    b"<link>https://cap.example/1</link><guid>1</guid><pubDate>Wed, 25 Nov 2026 09:59:00 GMT</pubDate></item>"
    b"</channel></rss>"
)


def _indexes(data: Path) -> list[bytes]:
    return _smallest(
        [
            *(path.read_bytes() for path in sorted((data / "04_jma_xml").glob("atom_*.xml"))),
            (data / "06_cap" / "nws_2020-05-07.xml").read_bytes(),
            _RSS,
        ]
    )


def _headlines(data: Path) -> list[bytes]:
    with gzip.open(data / "05_bosai_json" / "jma_warning_stream" / "events.jsonl.gz", "rb") as lines:
        return [line for number, line in zip(range(4000), lines, strict=False) if number % 250 == 0]


def _gauge_json(data: Path) -> list[bytes]:
    folder = data / "05_bosai_json"
    names = ("nwis_iv_mock.json", "waterservices_iv.txt", "waterservices_dv.txt", "waterdata_ogc_fixtures.json")
    paths = [folder / "usgs_river" / name for name in names]
    crisis = {
        "code": "3300000015", "name": "幸田川橋－U　／　（二）幸田川", "level": -0.31,
        "obsTime": "2025-09-12T20:50:00+09:00", "over": 11, "startLevel": -0.95, "warnLevel": None, "fladLevel": 0.01,
        "latitude": 34.62, "longitude": 134.06,
    }  # fmt: skip
    base = "http://environment.data.gov.uk/flood-monitoring"
    measure = f"{base}/id/measures/1029TH-level-stage-i-15_min-mASD"
    reading = {"dateTime": "2026-11-20T23:00:00Z", "measure": measure, "value": [0.4, 0.5]}
    made: tuple[dict[str, object], ...] = (
        {"items": [crisis, crisis]},
        {"@context": f"{base}/meta/context.jsonld", "items": [reading]},
    )
    return _smallest(
        [
            *(path.read_bytes() for path in [*paths, folder / "uk_ea" / "get_station_1491TH.json"]),
            *(json.dumps(document, ensure_ascii=False).encode() for document in made),
        ]
    )


def _gauge_tables(data: Path) -> list[bytes]:
    folder = data / "05_bosai_json"
    with gzip.open(folder / "river_crisis_gauges" / "observations_kanto.csv.gz", "rb") as observations:
        readings = observations.read(20_000)
    paths = [
        *(folder / "amedas_nikkei" / name for name in ("area.csv", "temp.csv")),
        folder / "river_crisis_gauges" / "stations.csv",
    ]
    plain = (
        "観測所コード,観測所名,緯度,経度,河川名,観測時刻,水位,氾濫注意水位,避難判断水位,氾濫危険水位\n"
        "E01,架空北橋,35.777,139.795,架空あおば川,2026/11/20 08:50,2.5,2.5,4.6,4.9\n"
    )
    return [readings, plain.encode(), plain.encode("cp932"), *(path.read_bytes()[:20_000] for path in paths)]


def _rdb(data: Path) -> list[bytes]:
    return _smallest([path.read_bytes() for path in (data / "05_bosai_json" / "usgs_river").glob("*site*.txt")])


def _console(_data: Path) -> list[bytes]:
    at = "2026-09-18T18:40:00+09:00"
    form = {"shirase": "console/1", "by": "duty officer", "at": at, "valid_until": "2026-09-19T06:00:00+09:00"}
    documents = (
        {"kind": "closure", "id": "aoba-bridge", "name": "架空青葉橋", "point": [35.7, 139.85], "cause": "flooded"},
        {"kind": "shelter", "id": "E1", "state": "full", "occupants": 480},
        {"kind": "incident", "id": "i", "incident": "fire", "title": "火災", "point": [35.7, 139.85]},
    )
    return [json.dumps({**form, **document}, ensure_ascii=False).encode() for document in documents]


def _municipal(_data: Path) -> list[bytes]:
    at, office = "2026-07-01T11:50:00+09:00", {"code": "131237", "name": "江戸川区"}
    form = {"format": "shirase-dis", "version": 1, "id": "edogawa-2026-01", "revision": 1, "issuer": office}
    areas = [{"name": "江戸川区", "code": "131237"}]
    order = {"level": "避難指示", "state": "発令", "hazard": "洪水", "areas": areas, "issued_at": at}
    place = {"as_of": at, "lat": 35.7067, "lng": 139.8424}
    shelter = {"id": "E1312300001001", "name": "平井小学校", "state": "開設", "capacity": "屋内480人", **place}
    road = {"id": "r-7", "name": "平井大橋", "state": "通行止め", "cause": "冠水", **place}
    damage = {"id": "d-1", "kind": "停電", "title": "平井一丁目で停電", "as_of": at, "counts": {"軒": 1200}}
    lists: tuple[dict[str, object], ...] = (
        {"orders": [order]},
        {"shelters": [shelter, {**shelter, "id": "2", "occupants": 120}]},
        {"roads": [road], "incidents": [damage]},
    )
    head = {**form, "sent": at, "status": "Actual", "type": "発表"}
    return [json.dumps({**head, **rows}, ensure_ascii=False).encode() for rows in lists]


def _shelter_tables(data: Path) -> list[bytes]:
    folder = data / "10_incidents" / "noto_nanao_open_shelters"
    return [path.read_bytes()[:20_000] for path in sorted((folder / "history").glob("*.csv"))[::20]]


def _crowd(data: Path) -> list[bytes]:
    with gzip.open(data / "10_incidents" / "ushahidi_haiti" / "haiti_reports_no_text.csv.gz", "rb") as reports:
        return [reports.read(10_000)]


def _l_alert(data: Path) -> list[bytes]:
    plains = [json.loads(raw) for raw in _municipal(data)]
    order, shelters = plains[0], plains[1] | {"id": "s"}
    return [*write_orders(order), write_shelters(shelters)]


def _supply(_data: Path) -> list[bytes]:
    head = "市区町村コード,市区町村名,避難所ID,避難所名,品目,要請数量,単位,要請日時,状態"
    row = "131237,江戸川区,E1312300001001,平井小学校,毛布,200,枚,令和8年7月1日12時00分,要請中"
    return [f"{head}\n{row}\n".encode(encoding) for encoding in ("utf-8", "cp932")]


def _satellite(_data: Path) -> list[bytes]:
    # As the satellites sent them: an early warning, a flood and a tsunami (azarashi's published examples).
    return [
        b"$QZQSM,55,C6AF89A820000324000050400548C5E2C000000003DFF8001C00001185443FC*05",
        b"$QZQSM,58,C6AFD99CB1800160A8F5528600000000000000000000000000000010E502538*0E",
        b"$QZQSM,58,9AAFA99C828001E8F67C31053960414E621053BE00000000000000132735038*0F",
    ]


def _residents(_data: Path) -> list[bytes]:
    point = LatLng(35.7067, 139.8424)
    return [resident_document("way-7", slot, RoadCause.FLOODED, point, RECEIVED) for slot in (0, 49)]


def _drawn_tables(data: Path) -> list[bytes]:
    folder = data / "10_incidents" / "noto_nanao_open_shelters" / "latest"
    return [path.read_bytes() for path in sorted(folder.glob("*.geojson"))]


def _smallest(raws: list[bytes]) -> list[bytes]:
    ordered = sorted(raws, key=len)
    return [raw for raw in ordered if len(raw) <= _LARGEST_BYTES][:_SAMPLES] or ordered[:1]


TARGETS: tuple[Target, ...] = (
    *(Target(f"jma-{family.value}", Form.XML, _read(), _of_family(family)) for family in Family),
    Target("jma-headline", Form.JSON, _read(), _headlines),
    Target("cap", Form.XML, _read(), _cap),
    Target("console", Form.JSON, _read("console"), _console),
    Target("gauge-json", Form.JSON, _read(), _gauge_json),
    Target("gauge-table", Form.TABLE, _read(), _gauge_tables),
    Target("gauge-table-declared", Form.TABLE, _read("gauge:ward"), _gauge_tables),
    Target("gauge-rdb", Form.TABLE, _read(), _rdb),
    Target("municipal", Form.JSON, _read("dis"), _municipal),
    Target("l-alert", Form.XML, _read("l-alert"), _l_alert),
    Target("supply-table", Form.TABLE, _read("supply"), _supply),
    Target("shelter-table", Form.TABLE, _read(), _shelter_tables),
    Target("drawn-table", Form.JSON, _read(), _drawn_tables),
    Target("satellite", Form.TABLE, _read("qzss"), _satellite),
    Target("resident", Form.JSON, _read(RESIDENT), _residents),
    Target("crowd-table", Form.TABLE, _read(), _crowd),
    Target("feed-index", Form.XML, _read(), _indexes),
    Target("feed-entries", Form.XML, read_entries, _indexes),
)


def past_the_parser(form: Form, raw: bytes) -> bool:
    """Say whether the plain parser of *form* takes *raw*, so that our reader has something to read."""
    match form:
        case Form.XML:
            try:
                etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
            except (etree.XMLSyntaxError, ValueError):
                return False
            return True
        case Form.JSON:
            try:
                json.loads(raw)
            except (ValueError, RecursionError):
                return False
            return True
        case Form.TABLE:
            return b"," in raw or b"\t" in raw


def available(data: Path) -> Iterator[tuple[Target, list[bytes]]]:
    """Yield every target with its samples, where there are some."""
    for target in TARGETS:
        try:
            samples = target.samples(data)
        except OSError:
            continue
        if samples:
            yield target, samples
