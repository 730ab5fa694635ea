"""One claim per shard that a document covers or used to cover."""

from datetime import timedelta

import pytest

from alerts.alert import GEOCODE_CLASS20, GEOCODE_RIVER, Area, Geocode
from alerts.claim import Lane, Release
from alerts.place import Circle, LatLng, Shard
from alerts.report import OutcomeKind, Report
from geo.cells import intersection, shard_of, split_by_shard, union
from geo.claims import ClaimSet, claims_of, expires_at, told_infos
from geo.errors import ShapeError
from tests.geo.documents import (
    AT,
    EDOGAWA,
    EDOGAWA_CELLS,
    KOTO,
    KOTO_CELLS,
    NOTICE,
    Decided,
    TwoWards,
    decided,
    info,
    report,
)


def claims(told: Report, accepted: Decided = NOTICE, previous: tuple[Shard, ...] = ()) -> ClaimSet:
    """Return the claims of *told*."""
    return claims_of(told, accepted, TwoWards(), Release.AUTOMATIC, Lane.LIFE_SAFETY, previous)


def test_a_document_becomes_one_claim_per_shard_and_says_how_many() -> None:
    found = claims(report(info("1310800", "1312300")))
    expected = set(split_by_shard(union(KOTO_CELLS, EDOGAWA_CELLS)))
    assert {claim.shard for claim in found.claims} == expected == set(found.shards)
    assert {claim.shards for claim in found.claims} == {len(expected)}
    assert union(*(danger.cells for claim in found.claims for danger in claim.dangers)) == union(
        KOTO_CELLS, EDOGAWA_CELLS
    )
    for claim in found.claims:
        for danger in claim.dangers:
            assert all(shard_of(cell) == claim.shard for cell in danger.cells)
            assert intersection(danger.partial, danger.cells) == danger.partial
    assert {danger.area_name for claim in found.claims for danger in claim.dangers} == {KOTO, EDOGAWA}


def test_partial_cells_stay_with_their_shard() -> None:
    found = claims(report(info("1310800")))
    assert union(*(danger.partial for claim in found.claims for danger in claim.dangers)) == KOTO_CELLS[:3]


def test_a_shard_that_is_no_longer_covered_is_withdrawn() -> None:
    before = claims(report(info("1310800", "1312300")))
    now = claims(report(info("1310800"), document="d2"), decided(OutcomeKind.UPDATE, 2), before.shards)
    withdrawn = {claim.shard for claim in now.claims if not claim.dangers}
    assert withdrawn == set(before.shards) - set(now.shards) != set()
    assert {claim.shards for claim in now.claims} == {len(before.shards)}


def test_a_cancel_withdraws_everywhere_and_claims_nothing() -> None:
    before = claims(report(info("1310800", "1312300")))
    now = claims(report(info("1310800"), document="d2"), decided(OutcomeKind.CANCEL, 2), before.shards)
    assert [claim.dangers for claim in now.claims] == [()] * len(before.shards)
    assert now.shards == ()
    assert {claim.provenance.outcome for claim in now.claims} == {"cancel"}


def test_unknown_codes_are_returned_and_the_rest_is_covered() -> None:
    odd = Geocode(GEOCODE_RIVER, "123456789012")
    area = Area("荒川流域", geocodes=(Geocode(GEOCODE_CLASS20, "1310800"), odd))
    found = claims(report(info(areas=(area,))))
    assert found.unknown_areas == (odd,)
    assert {danger.area_name for claim in found.claims for danger in claim.dangers} == {"荒川流域"}
    assert claims(report(info("9999999"))).claims == ()


def test_an_event_told_in_two_languages_is_one_danger() -> None:
    english = info("1310800", language="en-US", event="Flood warning")
    japanese = info("1310800")
    assert told_infos(report(english, japanese).alert) == (japanese,)
    assert told_infos(report(english, info("1310800", language="fr-CA")).alert) == (english,)
    assert told_infos(report().alert) == ()


def test_circles_and_codes_of_one_area_are_a_union() -> None:
    circle = Circle(LatLng(lat=35.663, lng=139.873), 1.0)
    area = Area("両方", circles=(circle,), geocodes=(Geocode(GEOCODE_CLASS20, "1310800"),))
    found = claims(report(info(areas=(area,))))
    covered = union(*(danger.cells for claim in found.claims for danger in claim.dangers))
    assert intersection(covered, KOTO_CELLS) == KOTO_CELLS
    assert intersection(covered, EDOGAWA_CELLS) != ()


def test_a_shape_that_is_no_place_refuses_the_whole_document() -> None:
    area = Area("", circles=(Circle(LatLng(lat=95.0, lng=139.0), 1.0),))
    with pytest.raises(ShapeError):
        claims(report(info("1310800"), info(areas=(area,))))


def test_a_document_holds_until_its_last_danger_ends() -> None:
    short, long = AT + timedelta(hours=1), AT + timedelta(hours=6)
    assert expires_at(report(info(expires=short), info(expires=long)).alert) == long
    assert expires_at(report(info(expires=short), info()).alert) == AT + timedelta(hours=24)
    assert expires_at(report().alert) == AT + timedelta(hours=24)
