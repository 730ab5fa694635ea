"""How good the short forecast of river stages is, on real readings beside persistence.

    python -m load_tests.gauge_forecast READINGS.csv[.gz] STATIONS.csv [--write]

Readings are replayed station by station through the same judgement that the gauges stage uses, so that what it
does not believe is neither forecast from nor compared with. The gain of each phase and horizon is chosen on the
first half of the readings by time, everything is compared on the second. `--write` writes the page
`docs/gauge-forecast.md`; the constants to put into `geo/gauges/forecast.py` are printed at the end.
"""

import argparse
import gzip
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from alerts.gauge import GaugeReading, GaugeStation
from alerts.report import Facts
from feeds.read import read
from geo.gauges.doubt import Stage
from geo.gauges.forecast import (
    CALIBRATED,
    HORIZONS_MINUTES,
    Calibration,
    Calibrations,
    Phase,
    carried_m,
    phase_of,
    slope_of,
)
from geo.gauges.station import GaugeState, known_as, step

PAGE = Path(__file__).resolve().parent.parent / "docs" / "gauge-forecast.md"
# A reading counts for a horizon when it is so near to it; the series are mostly hourly.
TOLERANCE_MINUTES = {10: 5.0, 30: 10.0, 60: 15.0}
GAINS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
# Fewer comparisons than this decide nothing: not shown, whatever they say.
ENOUGH = 100
# A crossing counts as foreseen for so long after it was forecast.
EVENT_WITHIN = timedelta(minutes=75)
OVERFLOW_HORIZON = 60


@dataclass(frozen=True, slots=True)
class Pair:
    """A stage at one moment, its trend, and what it really was a horizon later."""

    at: datetime
    phase: Phase
    horizon: int
    stage_m: float
    carried_m: float
    real_m: float

    def error(self, gain: float) -> float:
        """Return real minus forecast; gain 0 is persistence."""
        return self.real_m - self.stage_m - gain * self.carried_m


@dataclass(frozen=True, slots=True)
class Series:
    """The believed stages of one station, and what its source said of each moment."""

    station: GaugeStation
    stages: tuple[Stage, ...]
    overflow: Mapping[datetime, bool]
    read: int


def series_of(readings: Path, stations: Path) -> tuple[Series, ...]:
    """Return each station's believed stages in order of time."""
    known = {one.id: one for one in _facts(stations).stations}
    by_station: dict[str, list[GaugeReading]] = defaultdict(list)
    for reading in _facts(readings).readings:
        by_station[reading.station].append(reading)
    return tuple(_series(known[identity], found) for identity, found in sorted(by_station.items()) if identity in known)


def _facts(path: Path) -> Facts:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    return read(raw, name=path.name, received=datetime(2100, 1, 1, tzinfo=UTC)).facts


def _series(station: GaugeStation, readings: list[GaugeReading]) -> Series:
    state = known_as(GaugeState(), station)
    stages: list[Stage] = []
    for reading in sorted(readings, key=lambda one: one.attribution.fact_at):
        stepped = step(state, reading)
        state = stepped.state
        if stepped.judged is not None:
            stages.append(state.stages[-1])
    overflow = {one.attribution.fact_at: bool(one.recorded_overflow) for one in readings}
    return Series(station, tuple(stages), overflow, len(readings))


def pairs_of(all_series: Iterable[Series]) -> Iterator[Pair]:
    """Yield every comparison that the readings allow."""
    for series in all_series:
        for place in range(1, len(series.stages)):
            slope = slope_of(series.stages[max(0, place - 40) : place + 1])
            if slope is None:
                continue
            here = series.stages[place]
            for later in series.stages[place + 1 : place + 8]:
                minutes = (later.at - here.at).total_seconds() / 60
                for horizon, tolerance in TOLERANCE_MINUTES.items():
                    if abs(minutes - horizon) <= tolerance:
                        carried = carried_m(slope, minutes)
                        yield Pair(here.at, phase_of(slope), horizon, here.value_m, carried, later.value_m)


def calibrate(first: Sequence[Pair], second: Sequence[Pair]) -> Calibrations:
    """Return gains and bands of the first half; shown where the second half agrees that persistence is beaten."""
    found = {}
    for phase in Phase:
        for horizon in HORIZONS_MINUTES:
            learnt = [pair for pair in first if pair.phase is phase and pair.horizon == horizon]
            tested = [pair for pair in second if pair.phase is phase and pair.horizon == horizon]
            if not learnt:
                continue
            gain = min(GAINS, key=lambda one: mean_error(learnt, one))
            errors = sorted(pair.error(gain) for pair in learnt)
            wins = (
                min(len(learnt), len(tested)) >= ENOUGH
                and mean_error(learnt, gain) < mean_error(learnt, 0.0)
                and mean_error(tested, gain) < mean_error(tested, 0.0)
            )
            low, high = errors[int(0.1 * (len(errors) - 1))], errors[int(0.9 * (len(errors) - 1))]
            found[phase, horizon] = Calibration(gain, round(low, 3), round(high, 3), wins)
    return found


def mean_error(pairs: Sequence[Pair], gain: float) -> float:
    """Return the mean of the absolute errors in metres."""
    return sum(abs(pair.error(gain)) for pair in pairs) / len(pairs) if pairs else float("nan")


@dataclass(frozen=True, slots=True)
class Crossings:
    """Overflow that was recorded, and what was said of it before. `lead` is in minutes, one for each hit."""

    onsets: int
    judgeable: int
    hits: int
    missed: int
    false: int
    lead_minutes: tuple[float, ...]


def crossings_of(all_series: Iterable[Series], calibrations: Calibrations, *, only_shown: bool) -> Crossings:
    """Compare forecasts of overflow within the hour with the flags that the source recorded.

    An onset can be judged when the gauge spoke within EVENT_WITHIN before it and was not over then.
    """
    onsets = judgeable = hits = false = 0
    leads: list[float] = []
    for series in all_series:
        limit = series.station.thresholds.overflow_m
        times = sorted(series.overflow)
        began = [
            now for before, now in pairwise(times)
            if series.overflow[now] and not series.overflow[before]
        ]  # fmt: skip
        onsets += len(began) + bool(times and series.overflow[times[0]])
        before_of = dict(zip(times[1:], times, strict=False))
        warned = _forecast_times(series, limit, calibrations, only_shown=only_shown)
        for onset in began:
            if onset - before_of[onset] > EVENT_WITHIN:
                continue
            judgeable += 1
            ahead = [at for at in warned if timedelta(0) < onset - at <= EVENT_WITHIN]
            if ahead:
                hits += 1
                leads.append((onset - ahead[0]).total_seconds() / 60)
        for at in warned:
            after = [now for now in times if at < now <= at + EVENT_WITHIN]
            if after and not any(series.overflow[now] for now in after):
                false += 1
    return Crossings(onsets, judgeable, hits, judgeable - hits, false, tuple(leads))


def _forecast_times(
    series: Series, limit: float | None, calibrations: Calibrations, *, only_shown: bool
) -> list[datetime]:
    """Return when an overflow was forecast from a stage below it."""
    if limit is None:
        return []
    found = []
    for place in range(1, len(series.stages)):
        slope = slope_of(series.stages[max(0, place - 40) : place + 1])
        here = series.stages[place]
        if slope is None or here.value_m >= limit:
            continue
        calibration = calibrations.get((phase_of(slope), OVERFLOW_HORIZON))
        if calibration is None or (only_shown and not calibration.shown):
            continue
        if here.value_m + calibration.gain * carried_m(slope, OVERFLOW_HORIZON) >= limit:
            found.append(here.at)
    return found


def page(all_series: Sequence[Series], calibrations: Calibrations, second: list[Pair]) -> str:
    """Return docs/gauge-forecast.md."""
    read_count = sum(series.read for series in all_series)
    believed = sum(len(series.stages) for series in all_series)
    lines = [
        "# The short forecast of river stages, beside persistence",
        "",
        "Written by `python -m load_tests.gauge_forecast READINGS STATIONS --write`, whatever it says. The method is",
        "in `geo/gauges/forecast.py`: a damped trend. Persistence says that the stage stays as it is.",
        "",
        f"Data: {read_count:,} readings of {len(all_series)} crisis gauges (危機管理型水位計) in seven prefectures of",
        "Kanto, collected once an hour from k.river.go.jp, September 2025 to August 2026; one file with",
        "`code,obsTime,level,over,...`, one with each gauge's place and thresholds. These gauges speak only while the",
        "water stands above their start level, and a collector that looks once an hour sees few pairs that are 10 or",
        f"30 minutes apart. {read_count - believed:,} readings were not believed (stuck, out of range, too fast); they",
        "are neither forecast from nor compared with. A reading counts for a horizon when it lies within 5, 10 and 15",
        "minutes of 10, 30 and 60.",
        "",
        "Gains were chosen on the first half by time, the table is the second half, which the choice has not seen.",
        f'"Shown" needs a smaller error than persistence in both halves and {ENOUGH} comparisons in each.',
        "",
        "| river | horizon | comparisons | persistence | trend | gain | 80 % of errors | shown |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for phase in (None, *Phase):
        for horizon in HORIZONS_MINUTES:
            chosen = [pair for pair in second if pair.horizon == horizon and phase in (None, pair.phase)]
            if phase is None:
                trend = _mixed_error(chosen, calibrations)
                still = mean_error(chosen, 0.0)
                lines.append(f"| all | {horizon} min | {len(chosen):,} | {_metres(still)} | {_metres(trend)} | | | |")
                continue
            calibration = calibrations.get((phase, horizon))
            if calibration is None:
                lines.append(f"| {phase.value} | {horizon} min | {len(chosen):,} | | | | | no |")
                continue
            lines.append(
                f"| {phase.value} | {horizon} min | {len(chosen):,} | {_metres(mean_error(chosen, 0.0))} "
                f"| {_metres(mean_error(chosen, calibration.gain))} | {calibration.gain:g} "
                f"| {calibration.low_m:+.3f} to {calibration.high_m:+.3f} m | {'yes' if calibration.shown else 'no'} |"
            )
    lines += ["", *_crossing_lines(all_series, calibrations)]
    return "\n".join(lines) + "\n"


def _mixed_error(pairs: Sequence[Pair], calibrations: Calibrations) -> float:
    errors = [
        abs(
            pair.error(calibrations[pair.phase, pair.horizon].gain if (pair.phase, pair.horizon) in calibrations else 0)
        )
        for pair in pairs
    ]
    return sum(errors) / len(errors) if errors else float("nan")


def _metres(value: float) -> str:
    return f"{value:.4f} m" if not math.isnan(value) else "-"


def _crossing_lines(all_series: Sequence[Series], calibrations: Calibrations) -> list[str]:
    every = crossings_of(all_series, calibrations, only_shown=False)
    shown = crossings_of(all_series, calibrations, only_shown=True)
    lines = [
        "## Overflow",
        "",
        "Against the overflow flags that the source recorded, all readings, horizon 60 minutes. An onset can be judged",
        f"when the gauge spoke within {EVENT_WITHIN.total_seconds() / 60:.0f} minutes before it and was not over then.",
        "Persistence never foresees a crossing.",
        "",
        "| | onsets recorded | can be judged | foreseen | missed | false | lead time, median |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in (("trend, all phases", every), ("trend, only where shown", shown)):
        leads = sorted(found.lead_minutes)
        middle = f"{leads[len(leads) // 2]:.0f} min" if leads else "none"
        counts = f"{found.onsets} | {found.judgeable} | {found.hits} | {found.missed} | {found.false}"
        lines.append(f"| {name} | {counts} | {middle} |")
    lines.append(f"| persistence | {every.onsets} | {every.judgeable} | 0 | {every.judgeable} | 0 | none |")
    return lines


def halves(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Return *pairs* parted at the middle of them by time."""
    ordered = sorted(pairs, key=lambda pair: (pair.at, pair.horizon, pair.stage_m))
    middle = ordered[len(ordered) // 2].at if ordered else datetime(1970, 1, 1, tzinfo=UTC)
    return [pair for pair in ordered if pair.at < middle], [pair for pair in ordered if pair.at >= middle]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write the page if told to; exit code 1 when the constants in the code are others."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.gauge_forecast", description=__doc__)
    parser.add_argument("readings", type=Path)
    parser.add_argument("stations", type=Path)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    asked = parser.parse_args(arguments)
    all_series = series_of(asked.readings, asked.stations)
    first, second = halves(list(pairs_of(all_series)))
    calibrations = calibrate(first, second)
    text = page(all_series, calibrations, second)
    print(text)
    if asked.write:
        PAGE.write_text(text, encoding="utf-8")
    for (phase, horizon), found in calibrations.items():
        print(
            f"    (Phase.{phase.name}, {horizon}): "
            f"Calibration({found.gain:g}, {found.low_m:g}, {found.high_m:g}, shown={found.shown}),"
        )
    return 0 if calibrations == CALIBRATED else 1


if __name__ == "__main__":
    sys.exit(main())
