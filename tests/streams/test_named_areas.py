"""A municipality's order that names only 町丁目, from the document to its claims."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import orjson
import pytest

from alerts.alert import GEOCODE_AREA_NAME, GEOCODE_CLASS20, Geocode
from alerts.report import OutcomeKind
from geo.area_set import AreaSet
from geo.cells import expand, union
from geo.errors import AreaTableError
from geo.importers import area_set_file
from geo.importers.area_sets import Origin, import_chome
from geo.named_areas import NamedAreas
from shirase.areas import named_areas_at, table_at
from shirase.paths import DEFAULT_AREAS
from streams.hazards.recompute import maps_of
from streams.ingest.settlement import Settled, settle
from tests.conftest import PROJECT
from tests.feeds.municipal import document, order, raw
from tests.streams.evening import arrival, policy

AT = datetime(2026, 7, 1, 3, 5, tzinfo=UTC)
KOTO, ISSUER = "江東区", {"code": "131083", "name": "江東区"}


@cache
def chome(folder: Path) -> AreaSet:
    return import_chome([folder / f"{KOTO}.json"], Origin("2026-01-01", "towns", "")).areas


@pytest.fixture
def named(shared_data: Path, tmp_path: Path) -> NamedAreas:
    """Return what a worker loads from the folder of `SHIRASE_AREA_SETS`."""
    area_set_file.save(chome(shared_data / "09_population" / "geolonia_chome"), tmp_path)
    found = named_areas_at(tmp_path, table_at(PROJECT / DEFAULT_AREAS))
    assert found is not None
    return found


def order_over(*names: str) -> bytes:
    areas = [{"name": name} for name in names]
    return raw(document(issuer=ISSUER, orders=[order(areas=areas)], shelters=None, roads=None, incidents=None))


def settled(content: bytes, named: NamedAreas | None) -> Settled:
    table = named.table if named else table_at(PROJECT / DEFAULT_AREAS)
    return settle(arrival(content, AT), None, table=table, policy=policy(), named=named)


def cells_of(found: Settled) -> set[int]:
    return set(expand(union(*(danger.cells for claim in found.claims for danger in claim.dangers))))


def test_an_order_over_two_chome_reaches_these_and_no_more(named: NamedAreas, shared_data: Path) -> None:
    found = settled(order_over("亀戸１丁目", "大島 二丁目"), named)
    assert (found.record.outcome, found.record.detail) == (OutcomeKind.NOTICE, "")
    reached = cells_of(found)
    listed: list[dict[str, Any]] = orjson.loads(
        (shared_data / "09_population" / "geolonia_chome" / f"{KOTO}.json").read_bytes()
    )
    points = {
        row["town"]: int(h3.latlng_to_cell(row["lat"], row["lng"], 9)) for row in listed if row["lat"] is not None
    }
    assert {points["亀戸一丁目"], points["大島二丁目"]} <= reached
    day = named.on(AT.date())
    expected = [day.lookup(Geocode(GEOCODE_AREA_NAME, f"13108 {name}")) for name in ("亀戸一丁目", "大島二丁目")]
    assert reached == set(expand(union(*(one.cells for one in expected if one))))
    ward = named.table.lookup(Geocode(GEOCODE_CLASS20, "1310800"))
    assert ward is not None
    ground = set(expand(ward.cells))
    assert reached <= {cell for one in ground for cell in h3.grid_disk(one, 1)}
    assert len(reached) < len(ground) / 5, "not the whole ward"
    assert points["有明一丁目"] not in reached
    assert {danger.area_name for claim in found.claims for danger in claim.dangers} == {"亀戸１丁目", "大島 二丁目"}


def test_without_the_sets_it_is_held_as_before(named: NamedAreas) -> None:
    held = settled(order_over("亀戸一丁目", "大島二丁目"), None)
    assert (held.record.outcome, held.record.reason) == (OutcomeKind.HELD, "area-not-in-table")
    assert held.record.detail == "13108 亀戸一丁目 13108 大島二丁目"
    assert held.claims == ()


def test_an_order_of_unknown_chome_only_is_held_by_name(named: NamedAreas) -> None:
    held = settled(order_over("無名町一丁目"), named)
    assert (held.record.outcome, held.record.reason) == (OutcomeKind.HELD, "area-not-in-table")
    assert "無名町一丁目" in held.record.detail
    assert held.claims == ()


def test_where_some_are_unknown_the_rest_is_told_and_the_record_says_which_are_not(named: NamedAreas) -> None:
    found = settled(order_over("亀戸一丁目", "無名町一丁目"), named)
    assert found.record.outcome is OutcomeKind.NOTICE
    assert found.record.detail == "1 of its areas not in table: 13108 無名町一丁目"
    assert cells_of(found) == cells_of(settled(order_over("亀戸一丁目"), named))


def test_a_document_older_than_the_list_is_held(named: NamedAreas) -> None:
    """A list of a later day is no answer: towns are joined and numbered anew."""
    sent = (AT - timedelta(days=365)).isoformat()
    areas = [{"name": "亀戸一丁目"}]
    old = document(issuer=ISSUER, orders=[order(areas=areas)], sent=sent, shelters=None, roads=None, incidents=None)
    assert settled(raw(old), named).record.reason == "area-not-in-table"


def test_the_map_recomputed_from_telegrams_holds_the_same_cells(named: NamedAreas) -> None:
    content = order_over("亀戸一丁目")
    maps = maps_of([(b"key", arrival(content, AT))], table=named.table, policy=policy(), named=named)
    dangers = [danger for one in maps.values() for standing in one.standings for danger in standing.dangers]
    held = {cell for danger in dangers for cell in expand(danger.cells)}
    assert held == cells_of(settled(content, named))


def test_a_folder_without_a_set_stops_the_worker_and_no_folder_is_no_setting(tmp_path: Path) -> None:
    table = table_at(PROJECT / DEFAULT_AREAS)
    assert named_areas_at(None, table) is None
    with pytest.raises(AreaTableError, match=r"shirase areas import") as error:
        named_areas_at(tmp_path / "mistyped", table)
    assert error.value.reason == "area-sets-missing"
