"""What coordinators see of rivers: stations worst first, silence as silence, and ground that is only assumed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.claim import Tie
from alerts.gauge import Doubt, GaugeStation, Thresholds
from alerts.level import Level
from alerts.place import LatLng
from geo.cells import union
from geo.gauges.doubt import Stage
from geo.gauges.forecast import Forecast, Phase
from geo.gauges.silence import Voice
from streams.brokers.client import Record
from streams.dead_letters import Refused
from streams.gauges.record import GaugeRecord
from streams.gauges.river_desk import RiverDesk, clock_of, gauge_lines
from streams.payloads import Draft
from streams.topics import GAUGES, HAZARDS
from streams.wire import encode
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance

STATION = GaugeStation("mlit:1", "亀島川", LatLng(*KOTO), "隅田川", thresholds=Thresholds(1.0, 2.0, None, 4.0, 5.0))
OURS = Forecast(NINE_PM + timedelta(hours=1), 60, 3.9, 3.6, 4.2, Phase.RISING)


def gauge(name: str = "mlit:1", level: int = 2, stage_m: float | None = 3.5, **changes: object) -> GaugeRecord:
    stage = None if stage_m is None else Stage(NINE_PM, stage_m)
    made = GaugeRecord(name, STATION, level, NINE_PM, stage, NINE_PM, None, "", (), ())
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_station_says_what_the_water_lacks_to_the_next_threshold_that_it_has() -> None:
    (line,) = gauge_lines([gauge(forecasts=(OURS,))], NINE_PM)
    assert (line.name, line.river, line.level, line.stage_m) == ("亀島川", "隅田川", 2, 3.5)
    assert (line.next_level, line.to_next_m) == (4, 0.5), "it has no third threshold"
    assert line.forecasts == (OURS,)
    (top,) = gauge_lines([gauge(level=5, stage_m=5.3)], NINE_PM)
    assert (top.next_level, top.to_next_m) == (None, None)


def test_the_worst_comes_first_and_calm_stations_are_left_out_unless_all_are_asked_for() -> None:
    records = [
        gauge("b", 0),
        gauge("c", 1, 1.2),
        gauge("a", 4, 4.1),
        gauge("d", 0, doubt=Doubt.STUCK),
        gauge("e", 0, forecasts=(OURS,)),
        gauge("f", 1, 1.9),
    ]
    assert [line.station for line in gauge_lines(records, NINE_PM)] == ["a", "f", "c", "d", "e"]
    assert len(gauge_lines(records, NINE_PM, everything=True)) == 6


def test_a_silent_station_keeps_its_level_and_is_no_calm_one() -> None:
    (line,) = gauge_lines([gauge(level=3)], NINE_PM + timedelta(hours=2))
    assert (line.level, line.voice) == (3, Voice.SILENT)
    (unheard,) = gauge_lines([gauge(described=None, level=1, stage_m=None, heard_at=None)], NINE_PM)
    assert (unheard.name, unheard.stage_m, unheard.to_next_m, unheard.voice) == ("mlit:1", None, None, Voice.SILENT)


def test_ground_that_is_a_rivers_by_assumption_is_listed_for_all_shards_together() -> None:
    desk, evening = RiverDesk(), Evening()
    near, far = around(*KOTO, rings=2), around(35.9, 139.6, rings=2)
    assumed = [replace(danger(cells, area_name="荒川"), tie=Tie.RIVER_ASSUMED) for cells in (near, far)]
    evening.say(provenance(), [*assumed, danger(near)])
    for record in evening.records:
        if record.topic == HAZARDS.name:
            desk.apply(record)
    (tie,) = desk.assumed()
    assert (tie.lineage, tie.issuer, tie.area_name, tie.level) == ("flood", "気象庁", "荒川", Level.ALL_LEAVE)
    assert tie.cells == union(near, far) == desk.assumed_cells("flood")
    assert desk.assumed_cells("another") == ()
    # The map of a shard that says no more of it, or is gone, leaves the list.
    for record in evening.records:
        if record.topic == HAZARDS.name:
            desk.apply(replace(record, value=None))
    assert desk.assumed() == ()


def test_the_newest_word_of_a_station_counts_and_what_cannot_be_read_goes_aside() -> None:
    desk = RiverDesk()
    for number, level in enumerate((2, 4)):
        desk.apply(Record(GAUGES.name, 0, number, b"mlit:1", encode(gauge(level=level))))
    assert [line.level for line in desk.lines(NINE_PM)] == [4]
    with pytest.raises(Refused):
        desk.apply(Record(GAUGES.name, 0, 2, b"mlit:1", b"???"))
    desk.apply(Record(GAUGES.name, 0, 3, b"mlit:1", None))
    assert desk.lines(NINE_PM) == ()


def drafted(minutes: int | None) -> Draft:
    source = provenance()
    if minutes is not None:
        source = replace(source, decide_by=NINE_PM + timedelta(minutes=minutes))
    (command,) = Evening().drafted(source, [danger(around(*KOTO, rings=1))])
    assert command.draft is not None
    return command.draft


def test_a_draft_has_a_clock_where_its_document_says_until_when() -> None:
    found = clock_of(drafted(5), NINE_PM)
    assert found is not None
    assert (found.left, found.overdue) == (timedelta(minutes=5), False)
    past = clock_of(drafted(5), NINE_PM + timedelta(minutes=6))
    assert past is not None
    assert past.overdue
    assert clock_of(drafted(None), NINE_PM) is None
    assert clock_of(None, NINE_PM) is None
