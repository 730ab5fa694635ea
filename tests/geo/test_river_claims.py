"""A river forecast is said of the municipalities that it names and of the ground that its river endangers."""

import h3.api.basic_int as h3

from alerts.alert import GEOCODE_RIVER, Geocode
from alerts.claim import Danger, Lane, Release, Standing, Tie
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Cell, LatLng
from geo.cells import contains, difference, shard_of, union
from geo.change import NOTHING_TOLD
from geo.change import difference as changes_of
from geo.claims import ClaimSet, claims_of
from geo.depth import DepthRank
from geo.hazard_map import snapshot, worst_at
from geo.river_zone import NO_ZONES, RiverCourse, RiverZone, RiverZones
from shirase.demo.river_ground import demo_river_zones
from shirase.demo.rivers import AOBA, TSUKI
from tests.geo.documents import KAMEIDO, KOTO_CELLS, NOTICE, TwoWards, info, provenance, report

# The disc around Kameido that the made-up table names, and one across the ward's border.
HERE = tuple(sorted(Cell(cell) for cell in h3.grid_disk(KAMEIDO, 8)))
ZONE = RiverZone("9999", "", "架空川", DepthRank.FROM_3_M, "map", "2026-04-01", union(HERE))
COURSE = RiverCourse("9999", "", "架空川", (LatLng(35.72, 139.82), LatLng(35.67, 139.83)))


def said(rivers: RiverZones, hazard: HazardKind = HazardKind.FLOOD) -> ClaimSet:
    forecast = info("1310800", level=Level.ALL_LEAVE, hazard=hazard, event_codes=(Geocode(GEOCODE_RIVER, "9999"),))
    return claims_of(report(forecast), NOTICE, TwoWards(), Release.AUTOMATIC, Lane.LIFE_SAFETY, rivers=rivers)


def dangers(claims: ClaimSet, tie: Tie) -> list[Danger]:
    return [danger for claim in claims.claims for danger in claim.dangers if danger.tie is tie]


def test_both_the_ward_and_the_ground_of_the_river_are_kept() -> None:
    found = said(RiverZones((ZONE,)))
    assert union(*(danger.cells for danger in dangers(found, Tie.AREA))) == KOTO_CELLS
    zone = dangers(found, Tie.RIVER_ZONE)
    assert union(*(danger.cells for danger in zone)) == ZONE.cells
    assert {danger.area_name for danger in zone} == {"架空川の浸水想定区域"}
    assert {claim.shards for claim in found.claims} == {len(found.claims)}


def test_ground_across_the_wards_border_is_told_and_explain_says_by_what() -> None:
    found = said(RiverZones((ZONE,)))
    across = next(cell for cell in difference(ZONE.cells, KOTO_CELLS) if h3.get_resolution(cell) == 9)
    (claim,) = [claim for claim in found.claims if claim.shard == shard_of(across)]
    standing = Standing(claim.provenance, claim.shards, claim.dangers)
    changes = changes_of({claim.shard: standing}, NOTHING_TOLD).changes
    assert any(contains(change.cells, across) for change in changes)
    verdict = worst_at(snapshot(claim.shard, (standing,), 0, "x"), across)
    assert verdict is not None
    assert "told by river_zone" in verdict.reasons[0]


def test_a_tie_that_is_assumed_is_on_the_map_and_told_to_nobody_by_itself() -> None:
    found = said(RiverZones(courses=(COURSE,)))
    assumed = dangers(found, Tie.RIVER_ASSUMED)
    assert assumed
    for claim in found.claims:
        standing = Standing(provenance(), claim.shards, claim.dangers)
        told = changes_of({claim.shard: standing}, NOTHING_TOLD).changes
        assert difference(union(*(change.cells for change in told)), KOTO_CELLS) == ()
    beside = next(cell for cell in difference(union(*(d.cells for d in assumed)), KOTO_CELLS))
    (claim,) = [claim for claim in found.claims if claim.shard == shard_of(beside)]
    verdict = worst_at(snapshot(claim.shard, (Standing(provenance(), 1, claim.dangers),), 0, "x"), beside)
    assert verdict is not None
    assert "river tie assumed" in verdict.reasons[0]


def test_a_river_that_nobody_knows_and_a_danger_that_is_no_flood_stay_with_their_area() -> None:
    for found in (said(NO_ZONES), said(RiverZones((ZONE,)), HazardKind.HEAVY_RAIN)):
        assert {danger.tie for claim in found.claims for danger in claim.dangers} == {Tie.AREA}


def test_the_demo_city_ties_two_rivers_and_leaves_one_to_be_assumed() -> None:
    table = demo_river_zones()
    assert {zone.river for zone in table.zones} == {river.code for river in (AOBA,)} | {"999900000002"}
    assert TSUKI.code in {course.river for course in table.courses}
    rings = [zone.cells for zone in table.zones if zone.river == AOBA.code]
    assert all(set(a).isdisjoint(b) for number, a in enumerate(rings) for b in rings[number + 1 :])
    assert None in {zone.depth for zone in table.zones}
