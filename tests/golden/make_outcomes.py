"""Write down what must become of every real document, from the documents alone.

    python -m tests.golden.make_outcomes DATA_FOLDER [--out outcomes.csv]

Nothing of the project is imported: this is a second reading of the same rules by other means, so that
an error has to be made twice to go unseen. Where the readers go by codes in the body, this goes by
names in the headline; where they keep state objects, this keeps a few dictionaries.

A row: file, outcome, reason, level, hazard, codes, checked. "yes" stands beside the rows that were read
next to their document (status, type, kinds with their counts, outcome); `checked.txt` names them. More
than thirty codes are written as their number and a hash.
"""

import argparse
import csv
import hashlib
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

HERE = Path(__file__).resolve().parent
COLUMNS = ("file", "outcome", "reason", "level", "hazard", "codes", "checked")
MANY_CODES = 30


@dataclass
class Saying:
    """What one document says, whatever becomes of it."""

    name: str
    sent: datetime
    series: str = ""
    identity: tuple[str, ...] = ()
    status: str = "actual"
    act: str = "alert"  # alert | correction | cancel
    recorded: str = ""
    refused: str = ""
    levels: set[int] = field(default_factory=set)
    hazards: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    known: bool = True
    content: tuple[object, ...] = ()
    digest: str = ""


# ------------------------------------------------------------------------------------------- the JMA

STATUS = {"通常": "actual", "訓練": "exercise", "試験": "test"}
ACT = {"発表": "alert", "遅延": "alert", "訂正": "correction", "取消": "cancel"}
# The first word that fits a name wins, so 暴風雪 stands before 暴風 and 融雪 before nothing at all.
HAZARD_WORDS = (
    ("土砂災害", "landslide"),
    ("大雨", "heavy_rain"),
    ("洪水", "flood"),
    ("高潮", "storm_surge"),
    ("暴風雪", "snowstorm"),
    ("風雪", "snowstorm"),
    ("暴風", "storm"),
    ("強風", "storm"),
    ("大雪", "heavy_snow"),
    ("波浪", "wave"),
    ("融雪", "snowmelt"),
    ("濃霧", "dense_fog"),
    ("乾燥", "dry_air"),
    ("なだれ", "avalanche"),
    ("低温", "cold"),
    ("着氷", "icing"),
    ("着雪", "snow_accretion"),
    ("霜", "frost"),
    ("雷", "thunder"),
)
WITH_LEVEL = {"landslide", "heavy_rain", "flood", "storm_surge"}
LEVEL_WORDS = (("特別警報", 5), ("危険警報", 4), ("警報", 3), ("注意報", 2))
STRONG = ("震度７", "震度６強", "震度６弱", "震度５強", "震度５弱")


def local(element: etree._Element, path: str) -> str:
    found = element.find("/".join(f"{{*}}{part}" for part in path.split("/")))
    return (found.text or "").strip() if found is not None else ""


def read_jma(name: str, raw: bytes, tables: set[str]) -> Saying:
    if name.endswith(".json"):
        # The dictionary beside the schemas: JSON, and none that anybody reads.
        return Saying(name, datetime.min.replace(tzinfo=UTC), refused="json-unknown")
    root = etree.fromstring(raw)
    return index(name, raw, root) if etree.QName(root).localname == "feed" else jma(name, raw, root, tables)


def index(name: str, raw: bytes, root: etree._Element) -> Saying:
    """A list of telegrams: recorded, whatever it lists."""
    said = Saying(name, datetime.fromisoformat(local(root, "updated")), series=f"atom:{local(root, 'id')}")
    said.digest, said.recorded = hashlib.sha256(raw).hexdigest(), "feed-index"
    return said


def jma(name: str, raw: bytes, root: etree._Element, tables: set[str]) -> Saying:
    title, office = local(root, "Control/Title"), local(root, "Control/EditorialOffice")
    events = local(root, "Head/EventID").split()
    said = Saying(name, datetime.fromisoformat(local(root, "Control/DateTime")))
    said.series = f"jma:{title}|{office}|{events[0] if events else ''}"
    said.status = STATUS[local(root, "Control/Status")]
    said.act = ACT[local(root, "Head/InfoType")]
    said.identity = (" ".join(events), local(root, "Head/Serial"), said.act)
    said.digest = hashlib.sha256(raw).hexdigest()
    said.recorded = why_only_recorded(title)
    if said.recorded or said.act == "cancel":
        return said
    kinds = list(in_force(title, root))
    if not kinds and title in ("震度速報", "震源・震度に関する情報") and said.act == "alert":
        felt = root.find("{*}Body/{*}Intensity/{*}Observation") is not None
        said.recorded = "below-notice-intensity" if felt else "source-only"
    for hazard, level, codes, _said_so in kinds:
        said.hazards.add(hazard)
        said.codes.update(codes)
        if level:
            said.levels.add(level)
    said.known = not kinds or bool(said.codes & tables)
    said.content = (local(root, "Head/Headline/Text"), tuple(sorted(map(repr, kinds))))
    return said


def why_only_recorded(title: str) -> str:
    if re.match(r"気象(特別警報・)?警報・(警報・)?注意報($|（Ｈ２７）$|（Ｒ０６）（(?!集約))", title):
        return ""
    if title in ("気象特別警報・警報・注意報", "土砂災害警戒情報", "指定河川洪水予報", "記録的短時間大雨情報"):
        return ""
    if title in ("震度速報", "震源・震度に関する情報"):
        return ""
    if title.startswith("竜巻注意情報") or title == "津波警報・注意報・予報a":
        return ""
    if title in ("水位周知河川に関する情報", "噴火警報・予報", "噴火速報", "府県気象防災速報"):
        return ""
    if title.startswith("緊急地震速報"):
        return "eew-recorded"
    return "source-only" if title == "震源に関する情報" else "kind-informational"


Kind = tuple[str, int | None, tuple[str, ...], str]


def in_force(title: str, root: etree._Element) -> Iterator[Kind]:
    """Return (hazard, level, codes, status) of all that the telegram puts or keeps in force."""
    if title == "津波警報・注意報・予報a":
        yield from tsunami(root)
    elif title.startswith("震"):
        yield from shaking(root)
    elif title in ("指定河川洪水予報", "水位周知河川に関する情報"):
        yield from river(root)
    elif title.startswith("噴火"):
        yield from volcano(root)
    elif title == "府県気象防災速報":
        yield from bulletin(root)
    else:
        yield from weather(title, root)


def weather(title: str, root: etree._Element) -> Iterator[Kind]:
    section = finest(root, title)
    for item in section.iterfind("{*}Item") if section is not None else ():
        codes = tuple(sorted(local(area, "Code") for area in item.iterfind("{*}Areas/{*}Area")))
        for kind in item.iterfind("{*}Kind"):
            name, condition = local(kind, "Name"), local(kind, "Condition")
            if name == "解除":
                continue
            if title == "土砂災害警戒情報":
                yield "landslide", 4, codes, condition
            elif title == "記録的短時間大雨情報":
                yield "record_rain", None, codes, condition
            elif title.startswith("竜巻"):
                yield "tornado", None, codes, condition
            else:
                for hazard in hazards_of(name, condition):
                    level = next(number for word, number in LEVEL_WORDS if name.endswith(word))
                    yield hazard, level if hazard in WITH_LEVEL else None, codes, condition


def finest(root: etree._Element, title: str) -> etree._Element | None:
    sections = {s.get("type", ""): s for s in root.iterfind("{*}Head/{*}Headline/{*}Information")}
    for wanted in ("（市町村等）", "（一次細分区域等）", "（府県予報区等）", "（発表細分）"):
        for kind, section in sections.items():
            if kind.endswith(wanted):
                return section
    return sections.get(title)


def hazards_of(name: str, condition: str) -> tuple[str, ...]:
    hazard = next((value for word, value in HAZARD_WORDS if word in name), "other")
    if hazard == "heavy_rain" and condition:
        return tuple(v for w, v in (("土砂災害", "landslide"), ("浸水害", "heavy_rain")) if w in condition)
    return (hazard,)


def tsunami(root: etree._Element) -> Iterator[Kind]:
    for item in root.iterfind("{*}Body/{*}Tsunami/{*}Forecast/{*}Item"):
        name = local(item, "Category/Kind/Name")
        if name.startswith(("大津波警報", "津波警報", "津波注意報")) and not name.endswith("解除"):
            when = local(item, "FirstHeight/ArrivalTime")
            yield "tsunami", None, (local(item, "Area/Code"),), f"{name} {when}"


# Wards of the designated cities, which the municipal table knows only as cities.
CITY_OF_WARD = (
    ("011", 100, 110, "0110000"),
    ("041", 100, 110, "0410000"),
    ("111", 100, 115, "1110000"),
    ("121", 100, 110, "1210000"),
    ("141", 100, 130, "1410000"),
    ("141", 130, 150, "1413000"),
    ("141", 150, 160, "1415000"),
    ("151", 100, 110, "1510000"),
    ("221", 100, 130, "2210000"),
    ("221", 130, 145, "2213000"),
    ("231", 100, 120, "2310000"),
    ("261", 100, 115, "2610000"),
    ("271", 100, 140, "2710000"),
    ("271", 140, 150, "2714000"),
    ("281", 100, 115, "2810000"),
    ("331", 100, 105, "3310000"),
    ("341", 100, 110, "3410000"),
    ("401", 100, 130, "4010000"),
    ("401", 130, 140, "4013000"),
    ("431", 100, 110, "4310000"),
)


def shaking(root: etree._Element) -> Iterator[Kind]:
    """Read the headline's list of places by intensity; the body's list where some did not report."""
    sections = list(root.iterfind("{*}Head/{*}Headline/{*}Information"))
    municipal = [s for s in sections if s.get("type", "").endswith("（市町村等）")]
    silent = {
        local(city, "Code")
        for city in root.iterfind(".//{*}City")
        if local(city, "Condition") and local(city, "MaxInt") not in ("5-", "5+", "6-", "6+", "7")
    }
    for item in (municipal or sections)[0].iterfind("{*}Item") if sections else ():
        codes = {local(area, "Code") for area in item.iterfind("{*}Areas/{*}Area")} - silent
        if local(item, "Kind/Name") in STRONG and codes:
            yield "earthquake", None, with_cities(codes), local(item, "Kind/Name")
    if silent:
        yield "earthquake", None, with_cities(silent), "震度５弱以上未入電"


def with_cities(codes: set[str]) -> tuple[str, ...]:
    cities = {
        city
        for code in codes
        for prefix, first, end, city in CITY_OF_WARD
        if code.startswith(prefix) and len(code) == 7 and first < int(code[2:5]) < end
    }
    return tuple(sorted(codes | cities))


def river(root: etree._Element) -> Iterator[Kind]:
    reach = next(
        s
        for s in root.iterfind("{*}Head/{*}Headline/{*}Information")
        if s.get("type", "").endswith(("（予報区域）", "（発表区間）"))
    )
    cities = {(city.text or "").strip() for city in root.iterfind("{*}Body//{*}CityCode")}
    for item in reach.iterfind("{*}Item"):
        code = local(item, "Kind/Code")
        if not code.startswith("1"):
            rivers = {local(area, "Code") for area in item.iterfind("{*}Areas/{*}Area")}
            yield "flood", int(code[0]), tuple(sorted(cities or rivers)), local(item, "Kind/Condition")


def volcano(root: etree._Element) -> Iterator[Kind]:
    """Read the names: 噴火予報 of whatever kind asks nothing; the places are listed once, by municipality."""
    for section in root.iterfind("{*}Body/{*}VolcanoInfo"):
        for item in section.iterfind("{*}Item") if "（対象市町村等）" in section.get("type", "") else ():
            name = local(item, "Kind/Name")
            if not name.startswith("噴火予報"):
                codes = tuple(sorted(local(area, "Code") for area in item.iterfind("{*}Areas/{*}Area")))
                yield "volcano", None, codes, f"{name} {local(item, 'Kind/Condition')}"


BULLETINS = {"（記録的短時間大雨）": "record_rain", "（短時間大雪）": "heavy_snow"}


def bulletin(root: etree._Element) -> Iterator[Kind]:
    """Read the title for what it is about, the headline for where."""
    title = local(root, "Head/Title")
    codes = {(code.text or "").strip() for code in root.iterfind("{*}Head/{*}Headline//{*}Area/{*}Code")}
    for words, hazard in BULLETINS.items():
        if title.endswith(words):
            yield hazard, None, tuple(sorted(codes)), ""


# ------------------------------------------------------------------------------------ the life cycle


def settle_jma(sayings: Iterable[Saying]) -> Iterator[tuple[Saying, str, str]]:
    """Return each document with its outcome and reason, in the order of one replay."""
    open_series: dict[str, Saying] = {}  # the newest of each series
    ended: dict[str, bool] = {}
    digests: set[tuple[str, str]] = set()
    rank = {"alert": 0, "correction": 1, "cancel": 2}
    for said in sorted(sayings, key=lambda one: (one.sent, one.name)):
        if said.refused:
            yield said, "dead-letter", said.refused
            continue
        if said.status != "actual":
            yield said, "drill", f"status-{said.status}"
            continue
        if (said.series, said.digest) in digests:
            yield said, "duplicate", "same-document"
            continue
        if said.recorded:
            digests.add((said.series, said.digest))
            yield said, "informational", said.recorded
            continue
        before = open_series.get(said.series)
        same_time = False
        if before is not None:
            mine, theirs = (said.sent, rank[said.act]), (before.sent, rank[before.act])
            if mine < theirs:
                yield said, "duplicate", "superseded"
                continue
            if mine == theirs and said.identity == before.identity and said.content == before.content:
                yield said, "duplicate", "same-message"
                continue
            same_time = mine == theirs
        digests.add((said.series, said.digest))
        going_on = before is not None and not ended[said.series]
        lifted = said.act != "cancel" and not said.hazards
        open_series[said.series] = said
        ended[said.series] = lifted or said.act == "cancel"
        if said.act == "cancel":
            yield said, "cancel", "cancelled" if going_on else "original-not-sent"
        elif lifted:
            yield said, "update", "all-clear" if going_on else "all-clear-not-sent"
        elif not said.known:
            yield said, "held", "area-not-in-table"
        elif going_on and same_time:
            yield said, "update", "same-time-restated"
        elif going_on:
            yield said, "update", "corrected" if said.act == "correction" else "restated"
        elif said.act == "correction":
            yield said, "notice", "new-episode" if before else "original-unknown"
        else:
            yield said, "notice", "new-episode" if before else "new"


# --------------------------------------------------------------------------------------------- CAP

CAP_NAMESPACE = re.compile(r"(urn:oasis:names:tc:emergency:cap:|http://www\.incident\.com/cap/)(1\.[012])$")
# Every event of the folder, read by eye. One that is not listed stops the script: look at it first.
EVENTS = {
    "Flood Warning": "flood",
    "thunderstorm": "thunder",
    "SEVERE THUNDERSTORM": "thunder",
    "snowfall": "heavy_snow",
    "neige": "other",
    "Earthquake": "earthquake",
    "Tsunami Warning": "tsunami",
    "Tsunami Cancellation": "tsunami",
    "Child Abduction": "security",
    "Abducción de Niño": "other",
    "Administrative Message/Follow up Statement": "other",
    "Required Monthly Test": "other",
    "Homeland Security Advisory System Update": "security",
}
DRILL = re.compile(r"\b(test|drill|exercise)\b|訓練|試験", re.IGNORECASE)
TEXTS = ("event", "headline", "description", "instruction")
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass
class Message:
    """What one CAP message says, whatever becomes of it."""

    name: str
    sent: datetime = BEFORE_ALL
    refused: str = ""
    recorded: str = ""
    status: str = ""
    drill_word: bool = False
    sender: str = ""
    identifier: str = ""
    act: str = ""
    references: tuple[tuple[str, str], ...] = ()
    responses: set[str] = field(default_factory=set)
    all_clear: bool = False
    hazards: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    place: str = ""  # "shape", "point" for a circle without a radius, "codes" for foreign codes only


def cap(name: str, raw: bytes, schemas: Path) -> Message:
    if b"<!DOCTYPE" in raw:
        return Message(name, refused="xml-forbidden-dtd")
    root = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
    qualified = etree.QName(root)
    if qualified.localname == "feed":
        return Message(name, recorded="feed-index", sent=datetime.fromisoformat(local(root, "updated")))
    version = CAP_NAMESPACE.match(qualified.namespace or "")
    if version is None or qualified.localname != "alert":
        return Message(name, refused="not-cap-or-jma")
    if not etree.XMLSchema(file=str(schemas / f"cap{version[2].replace('.', '')}.xsd")).validate(root):
        return Message(name, refused="cap-schema")
    infos = root.findall("{*}info")
    shapes = [(e.text or "").strip() for e in root.iterfind("{*}info/{*}area/{*}polygon")]
    circles = [(e.text or "").split() for e in root.iterfind("{*}info/{*}area/{*}circle")]
    codes = {
        local(e, "value") if len(e) else (e.text or "").partition("=")[2].strip()
        for e in root.iterfind("{*}info/{*}area/{*}geocode")
    }
    message = Message(
        name,
        sent=datetime.fromisoformat(local(root, "sent")),
        status=local(root, "status").lower(),
        sender=local(root, "sender"),
        identifier=local(root, "identifier"),
        act=local(root, "msgType").lower(),
        references=tuple((item.split(",")[0], item.split(",")[1]) for item in local(root, "references").split()),
        drill_word=any(DRILL.search(local(info, text)) for info in infos for text in TEXTS),
        responses={(e.text or "") for e in root.iterfind("{*}info/{*}responseType")},
        all_clear=bool(infos)
        and all("AllClear" in [e.text for e in info.iterfind("{*}responseType")] for info in infos),
        hazards={EVENTS[local(info, "event")] for info in infos},
        codes={code for code in codes if code},
        categories={(e.text or "") for e in root.iterfind("{*}info/{*}category")},
    )
    if any(float(circle[1]) == 0 for circle in circles):
        message.place = "point"
    elif any(shapes) or circles:
        message.place = "shape"
    elif message.codes:
        message.place = "codes"
    elif message.status == "actual" and message.act in ("alert", "update"):
        message.refused = "cap-no-area"
        message.hazards = set()
    return message


def settle_cap(messages: Iterable[Message]) -> Iterator[tuple[Message, str, str]]:
    """Return each message with its outcome and reason, in the order of one replay."""
    known: set[tuple[str, str]] = set()
    for one in sorted(messages, key=lambda message: (message.sent, message.name)):
        key = one.sender, one.identifier
        if one.refused:
            yield one, "dead-letter", one.refused
        elif one.recorded:
            yield one, "informational", one.recorded
        elif one.status != "actual":
            yield one, "drill", f"status-{one.status}"
        elif one.drill_word:
            yield one, "held", "drill-words-under-actual"
        elif key in known:
            # No message of the folder is there twice with the same content.
            yield one, "held", "identifier-conflict"
        elif one.act != "alert" and not one.references:
            yield one, "held", f"{one.act}-without-references"
        elif one.act != "alert" and any(sender != one.sender for sender, _ in one.references):
            yield one, "held", "sender-mismatch"
        else:
            resolved = any(reference in known for reference in one.references)
            known.add(key)
            yield one, *let_out(one, resolved)


THEMES = {"Transport": "road-damage", "Health": "health", "Security": "suspicious-persons"}
NATURE = {"Met", "Geo", "Fire", "Env", "CBRNE"}


def let_out(one: Message, resolved: bool) -> tuple[str, str]:
    if one.act == "cancel":
        return "cancel", "cancelled" if resolved else "original-not-sent"
    if one.categories and not one.categories & NATURE and one.hazards <= {"other", "security"}:
        (category,) = one.categories
        return "informational", f"theme-{THEMES.get(category, 'ward-information')}-off"
    if one.place == "point":
        return "held", "circle-radius"
    if one.place == "codes":
        return "held", "area-not-in-table"
    if "Evacuate" in one.responses:
        return "held", "policy-hold"
    if one.all_clear:
        return "update", "all-clear" if resolved else "all-clear-not-sent"
    if resolved:
        return "update", "update"
    return "notice", "original-unknown" if one.references else "new"


# ------------------------------------------------------------------------------------------- the rows


def area_codes(data: Path) -> set[str]:
    """Return the codes of the area table: municipalities, subdivisions, offices, quake areas, coasts."""
    folder = data / "04_jma_areas" / "tables_tmiyachi_2025"
    # Quake areas and tsunami coasts have three digits, and the table groups municipalities for each of them.
    codes: set[str] = {f"{number:03d}" for number in range(100, 900)}
    for file, column in (
        ("jmacode.csv", "citycode"),
        ("firstareacode.csv", "firstareacode"),
        ("prefcode.csv", "prefcode"),
    ):
        with (folder / file).open(encoding="utf-8-sig", newline="") as lines:
            codes.update(row[column] for row in csv.DictReader(lines))
    return codes


def written_codes(codes: set[str]) -> str:
    """Return the sorted codes, or how many and a hash where a row would be unreadable."""
    text = " ".join(sorted(codes))
    if len(codes) <= MANY_CODES:
        return text
    return f"{len(codes)}#{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def rows(data: Path, checked: set[str]) -> list[dict[str, str]]:
    tables = area_codes(data)
    found = []
    for said, outcome, reason in settle_jma(read_jma(name, raw, tables) for name, raw in files(data, "04_jma_xml")):
        found.append((said.name, outcome, reason, said.levels, said.hazards, said.codes))
    schemas = data / "06_cap" / "schema"
    for one, outcome, reason in settle_cap(cap(name, raw, schemas) for name, raw in files(data, "06_cap")):
        found.append((one.name, outcome, reason, set(), one.hazards, one.codes))
    return [
        {
            "file": name,
            "outcome": outcome,
            "reason": reason,
            "level": str(max(levels)) if levels else "",
            "hazard": " ".join(sorted(hazards)),
            "codes": written_codes(codes),
            "checked": "yes" if name in checked else "",
        }
        for name, outcome, reason, levels, hazards, codes in sorted(found, key=lambda row: row[0])
    ]


def files(data: Path, folder: str) -> list[tuple[str, bytes]]:
    """Return every document of *folder* and below, those in archives too; XML schemas are not documents."""
    found = []
    for path in sorted((data / folder).rglob("*")):
        name = path.relative_to(data).as_posix()
        if path.suffix in (".xml", ".cap", ".json"):
            found.append((name, path.read_bytes()))
        elif ".tar" in path.suffixes:
            with tarfile.open(path) as packed:
                for member in packed.getmembers():
                    content = packed.extractfile(member) if member.name.endswith(".xml") else None
                    if content is not None:
                        found.append((f"{name}/{member.name.removeprefix('./')}", content.read()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=HERE / "outcomes.csv")
    chosen = parser.parse_args()
    checked = set((HERE / "checked.txt").read_text(encoding="utf-8").split("\n"))
    with chosen.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(chosen.data, checked))


if __name__ == "__main__":
    main()
