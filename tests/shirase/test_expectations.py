"""What the scenario expects of its documents is what our own readers and life cycle make of them."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import h3.api.basic_int as h3
import pytest

from alerts.claim import Lane, Release
from alerts.level import Level
from alerts.lifecycle import SeriesState, accept
from alerts.policy import Policy, release_for
from alerts.report import OutcomeKind, Report
from feeds.errors import FeedError
from feeds.read import read, series_of
from geo.cells import shard_of
from geo.claims import claims_of
from shirase.demo.scenario import river_evening
from tests.geo.documents import TwoWards

START = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)
POLICY = Path(__file__).resolve().parents[2] / "ops" / "policy.toml"


def play(seed: int) -> dict[str, tuple[str, Report | None]]:
    """Read the evening in order and return each document's outcome."""
    states: dict[str, SeriesState] = {}
    ends: dict[str, tuple[str, Report | None]] = {}
    for document in river_evening(START, seed, pace=1 / 60):
        try:
            report = read(document.raw, name=document.name, received=START + document.at)
        except FeedError:
            ends[document.name] = (OutcomeKind.DEAD_LETTER.value, None)
            continue
        assert report.series == series_of(document.raw)
        accepted = accept(states.get(report.series, SeriesState()), report)
        states[report.series] = accepted.state
        ends[document.name] = (accepted.outcome.kind.value, report)
    return ends


@pytest.mark.parametrize("seed", [1, 7, 2026])
def test_every_document_ends_as_it_says(seed: int) -> None:
    expected = {document.name: document.expectation for document in river_evening(START, seed)}
    assert {name: kind for name, (kind, _) in play(seed).items()} == expected


def test_the_policy_as_shipped_lets_each_notice_and_update_go_out() -> None:
    policy = Policy.from_plain(tomllib.loads(POLICY.read_text(encoding="utf-8")))
    asked = 0
    for kind, report in play(1).values():
        if report is not None and kind in (OutcomeKind.NOTICE, OutcomeKind.UPDATE):
            released = [release_for(policy, report, info) for info in report.alert.infos]
            assert all(release is Release.AUTOMATIC for release, _reason in released), report.kind
            asked += len(released)
    assert asked >= 10


def test_levels_rise_with_the_river_and_with_the_rain() -> None:
    ends = play(1)

    def level(name: str) -> Level | None:
        report = ends[name][1]
        assert report is not None
        return report.alert.infos[0].level

    assert level("VPWW55_advisory.xml") is Level.CHECK_ACTION
    assert level("VPWW55_warning.xml") is Level.ELDERLY_LEAVE
    assert level("VXKO_warning.xml") is Level.ELDERLY_LEAVE
    assert level("VXKO_danger.xml") is Level.ALL_LEAVE
    assert level("CAP_river.xml") is Level.ALL_LEAVE


def test_what_lifts_everything_still_says_who_lifts_it() -> None:
    kind, report = play(1)["VPWW54_lifted.xml"]
    assert kind == OutcomeKind.UPDATE.value
    assert report is not None
    assert (report.alert.infos, report.alert.sender_name) == ((), "気象庁本庁")
    before = (shard_of(h3.latlng_to_cell(35.672, 139.817, 9)),)
    found = claims_of(report, accept(SeriesState(), report), TwoWards(), Release.AUTOMATIC, Lane.LIFE_SAFETY, before)
    # It is read by people: "jma.go.jp lifted the warning" is an address and no name.
    assert {claim.provenance.issuer for claim in found.claims} == {"気象庁本庁"}
