"""The evening's documents are real in form: they pass the agency's and OASIS's own schemas."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

from alerts.report import OutcomeKind
from geo.cells import expand
from geo.cover import cover
from shirase.demo.city import people
from shirase.demo.rivers import AOBA, strip
from shirase.demo.scenario import CAP_SENDER, NARROW_KM, WIDE_KM, ScenarioDocument, river_evening, write_folder
from shirase.demo.wards import WARDS

START = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


@pytest.fixture(scope="module")
def evening() -> tuple[ScenarioDocument, ...]:
    return river_evening(START, seed=7)


def test_every_telegram_is_valid_against_the_published_schema(
    evening: tuple[ScenarioDocument, ...], shared_data: Path
) -> None:
    folder = shared_data / "04_jma_xml" / "schema"
    report = etree.XMLSchema(etree.parse(folder / "jmx.xsd"))
    telegrams = [d for d in evening if d.name.startswith("V")]
    for document in telegrams:
        report.assertValid(etree.fromstring(document.raw))
    assert len(telegrams) >= 12


@pytest.mark.parametrize("body", ["jmx_mete.xsd", "jmx_seis.xsd"])
def test_the_bodies_are_valid_too(evening: tuple[ScenarioDocument, ...], shared_data: Path, body: str) -> None:
    """`Report` lets any Body pass laxly, so each Body is held against its own schema as well."""
    schema = etree.XMLSchema(etree.parse(shared_data / "04_jma_xml" / "schema" / body))
    seismic = body == "jmx_seis.xsd"
    checked = 0
    for document in evening:
        if document.name.startswith("V") and document.name.startswith("VXSE") == seismic:
            schema.assertValid(etree.fromstring(document.raw)[2])
            checked += 1
    assert checked == (1 if seismic else len([d for d in evening if d.name.startswith("V")]) - 1)


def test_every_cap_alert_is_valid_against_cap_1_2(evening: tuple[ScenarioDocument, ...], shared_data: Path) -> None:
    schema = etree.XMLSchema(etree.parse(shared_data / "06_cap" / "schema" / "cap12.xsd"))
    alerts = [d for d in evening if d.name.startswith("CAP")]
    for document in alerts:
        schema.assertValid(etree.fromstring(document.raw))
    assert len(alerts) == 4


def test_the_cap_update_and_cancel_name_what_they_replace_byte_for_byte(evening: tuple[ScenarioDocument, ...]) -> None:
    by_name = {d.name: etree.fromstring(d.raw) for d in evening if d.name.startswith("CAP")}

    def triple(name: str) -> str:
        return ",".join(by_name[name].findtext(CAP + field) or "" for field in ("sender", "identifier", "sent"))

    first, second = triple("CAP_river.xml"), triple("CAP_river_wider.xml")
    assert first.startswith(CAP_SENDER + ",")
    assert by_name["CAP_river_wider.xml"].findtext(CAP + "references") == first
    assert by_name["CAP_river_cancel.xml"].findtext(CAP + "references") == f"{first} {second}"


def test_the_evening_holds_every_outcome(evening: tuple[ScenarioDocument, ...]) -> None:
    assert {d.expectation for d in evening} == {kind.value for kind in OutcomeKind}


def test_the_duplicate_is_the_same_bytes_and_the_broken_one_is_no_xml(evening: tuple[ScenarioDocument, ...]) -> None:
    raw = {d.name: d.raw for d in evening}
    assert raw["VXKO_warning.xml"] == raw["VXKO_warning_again.xml"]
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(raw["broken.xml"])


def test_at_least_eight_wards_are_warned_and_the_wider_rain_crosses_the_groups_border(
    evening: tuple[ScenarioDocument, ...],
) -> None:
    warned = next(d for d in evening if d.name == "VPWW55_warning.xml")
    names = {"m": "http://xml.kishou.go.jp/jmaxml1/body/meteorology1/"}
    items = etree.fromstring(warned.raw).iterfind(".//m:Warning[@type='気象警報・注意報（市町村等）']/m:Item", names)
    codes = {
        item.findtext("m:Area/m:Code", namespaces=names)
        for item in items
        if item.findtext("m:Kind/m:Code", namespaces=names) == "03"
    }
    assert len(codes) == 9
    assert {"1312300", "1310500", "1311700"} <= codes


def test_only_the_drill_and_its_words_say_drill(evening: tuple[ScenarioDocument, ...]) -> None:
    said = {
        d.name for d in evening if any(word in d.raw.decode() for word in ("訓練", "試験", "テスト", "TEST", "DRILL"))
    }
    assert said == {"VPWW55_drill.xml", "CAP_words_of_a_drill.xml"}


def test_times_rise_and_the_same_seed_writes_the_same_bytes(evening: tuple[ScenarioDocument, ...]) -> None:
    assert all(earlier.at < later.at for earlier, later in pairwise(evening))
    assert river_evening(START, seed=7) == evening
    assert river_evening(START, seed=8) != evening


def test_a_faster_pace_moves_the_times_inside_too_and_keeps_them_apart() -> None:
    quick = river_evening(START, seed=7, pace=1 / 60)
    assert quick[-1].at < timedelta(minutes=5)
    sent = [etree.fromstring(d.raw)[0][1].text for d in quick if d.name.startswith("VPWW55") and "drill" not in d.name]
    assert len(set(sent)) == len(sent) == 3
    with pytest.raises(ValueError, match="pace"):
        river_evening(START, seed=7, pace=1 / 120)


def test_a_folder_lists_the_documents_in_time_order(evening: tuple[ScenarioDocument, ...], tmp_path: Path) -> None:
    written = write_folder(evening, tmp_path / "evening")
    assert sorted(written) == list(written)
    assert [path.read_bytes() for path in sorted((tmp_path / "evening").iterdir())] == [d.raw for d in evening]


@pytest.mark.parametrize("half_width_km", [NARROW_KM, WIDE_KM])
def test_the_polygons_are_sound_and_cross_ward_borders(half_width_km: float) -> None:
    """No line of the ring crosses another, and the update's cells hold all of the alert's."""
    living = people(1)
    covered = set(expand(cover([strip(AOBA.line, half_width_km)], [])))
    wards = {WARDS[w].name for c, w in zip(living.cells.tolist(), living.ward.tolist(), strict=True) if c in covered}
    assert len(wards) >= 5
    assert covered <= set(expand(cover([strip(AOBA.line, WIDE_KM)], [])))
