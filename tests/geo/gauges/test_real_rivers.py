"""A year of crisis gauges in Kanto: drafts at the stations that were over, and at no others."""

import gzip
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts.gauge import Doubt, GaugeReading
from feeds.read import read
from geo.gauges.doubt import Stage
from geo.gauges.level import Move
from geo.gauges.station import GaugeState, known_as, step
from geo.gauges.warning import Told, crossing
from geo.river_zone import NO_ZONES, cells_endangered

LATER = datetime(2100, 1, 1, tzinfo=UTC)
JAPAN = ZoneInfo("Asia/Tokyo")


def test_the_stations_that_overflowed_have_drafts_and_no_others(shared_data: Path) -> None:
    folder = shared_data / "05_bosai_json" / "river_crisis_gauges"
    stations = {
        one.id: one for one in read((folder / "stations.csv").read_bytes(), name="s", received=LATER).facts.stations
    }
    readings: dict[str, list[GaugeReading]] = defaultdict(list)
    raw = gzip.decompress((folder / "observations_kanto.csv.gz").read_bytes())
    for reading in read(raw, name="r", received=LATER).facts.readings:
        readings[reading.station].append(reading)

    drafted: dict[int, set[str]] = {4: set(), 5: set()}
    over: dict[int, set[str]] = {4: set(), 5: set()}
    unbelieved: set[str] = set()
    late_minutes = []
    restated = 0
    for identity, series in readings.items():
        state = known_as(GaugeState(), stations[identity])
        told: Told | None = None
        onset: datetime | None = None
        for reading in sorted(series, key=lambda one: one.attribution.fact_at):
            at = reading.attribution.fact_at
            stepped = step(state, reading)
            state = stepped.state
            onset = (onset or at) if reading.recorded_overflow else None
            if reading.recorded_overflow:
                over[5].add(identity)
                if stepped.belief.doubt is Doubt.OUT_OF_RANGE:
                    unbelieved.add(identity)
            if stepped.judged is None:
                continue
            # Received as it was read: the file was collected within the hour.
            endangered = cells_endangered(NO_ZONES, "", near=None)
            stage = Stage(at, state.stages[-1].value_m)
            written = crossing(stations[identity], state.held.level, stage, at, told, endangered, JAPAN)
            if written is None:
                continue
            if stepped.judged.move is Move.HOLD and told is not None:
                restated += 1
            told = written.told
            if stepped.judged.move is Move.RISE:
                drafted[state.held.level].add(identity)
                if state.held.level == 5 and onset is not None:
                    late_minutes.append((at - onset) / timedelta(minutes=1))
    # 46 stations recorded an overflow; one of them read 1,747.88 m where the river overflows at 213.07 m.
    assert len(over[5]) == 46
    assert over[5] - drafted[5] == {"mlit-crisis:1000000128"} <= unbelieved
    assert drafted[5] <= over[5], "no draft of an overflow that the source does not know"
    # And with the very reading that was over.
    assert max(late_minutes) == 0
    # A flood of a day is said again as long as it lasts, not at each reading.
    assert 0 < restated < sum(map(len, readings.values())) / 50
