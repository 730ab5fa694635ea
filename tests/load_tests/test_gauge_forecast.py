"""The page about the forecast says what the readings say, and the constants are those of the page."""

from pathlib import Path

import pytest

from geo.gauges.forecast import CALIBRATED, Phase
from load_tests import gauge_forecast
from load_tests.gauge_forecast import calibrate, crossings_of, halves, mean_error, pairs_of, series_of


@pytest.fixture(scope="module")
def rivers(shared_data: Path) -> tuple[gauge_forecast.Series, ...]:
    folder = shared_data / "05_bosai_json" / "river_crisis_gauges"
    return series_of(folder / "observations_kanto.csv.gz", folder / "stations.csv")


def test_the_page_and_the_constants_are_what_the_readings_give(rivers: tuple[gauge_forecast.Series, ...]) -> None:
    first, second = halves(list(pairs_of(rivers)))
    assert max(pair.at for pair in first) < min(pair.at for pair in second)
    calibrations = calibrate(first, second)
    assert calibrations == CALIBRATED
    assert gauge_forecast.page(rivers, calibrations, second) == gauge_forecast.PAGE.read_text(encoding="utf-8")
    for (phase, horizon), one in calibrations.items():
        if one.shown:
            for half in (first, second):
                chosen = [pair for pair in half if (pair.phase, pair.horizon) == (phase, horizon)]
                assert mean_error(chosen, one.gain) < mean_error(chosen, 0.0)


def test_crossings_are_counted_against_the_flags_of_the_source(rivers: tuple[gauge_forecast.Series, ...]) -> None:
    found = crossings_of(rivers, CALIBRATED, only_shown=False)
    assert found.hits + found.missed == found.judgeable <= found.onsets
    assert len(found.lead_minutes) == found.hits
    assert crossings_of(rivers, {}, only_shown=True).hits == 0
    # Nothing is forecast of a rise, so that what is shown foresees no overflow: said on the page.
    assert not CALIBRATED[Phase.RISING, 60].shown
    assert crossings_of(rivers, CALIBRATED, only_shown=True).hits == 0
