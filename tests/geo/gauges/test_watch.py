"""A watched station: what a record of readings leads to, and what it never does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.cap import ResponseType
from alerts.gauge import Doubt, GaugeReading, GaugeStation, Quantity
from alerts.place import LatLng
from geo.gauges.doubt import Neighbour
from geo.gauges.forecast import HORIZONS_MINUTES, Calibration, Phase
from geo.gauges.neighbours import neighbours_of
from geo.gauges.station import GaugeState, known_as
from geo.gauges.watch import FORECAST_FEED, OBSERVED_FEED, Heard, Watched, hear
from geo.river_zone import NO_ZONES, Endangered, cells_endangered
from tests.geo.gauges.rivers import NOON, STATION, reading, run

JAPAN = ZoneInfo("Asia/Tokyo")
SHOWN = {(phase, minutes): Calibration(1.0, -0.1, 0.2, True) for phase in Phase for minutes in HORIZONS_MINUTES}


def river(station: GaugeStation) -> Endangered:
    return cells_endangered(NO_ZONES, station.river, near=station.point)


def nobody(_station: GaugeStation, _at: datetime) -> Sequence[Neighbour]:
    return ()


def heard(watched: Watched, *readings: GaugeReading, station: GaugeStation | None = None, shown: bool = False) -> Heard:
    calibrations = SHOWN if shown else {}
    return hear(
        watched, station, readings, neighbours=nobody, river=river, zone=JAPAN, calibrations=calibrations
    )  # fmt: skip


def test_a_rise_is_said_once_however_often_its_record_is_handled() -> None:
    first = heard(Watched(), reading(1.5), reading(3.1, 10), station=STATION)
    (message,) = first.messages
    assert (message.feed, message.alert.infos[0].level) == (OBSERVED_FEED, 3)
    again = heard(first.watched, reading(1.5), reading(3.1, 10), station=STATION)
    assert (again.messages, again.watched) == ((), first.watched)
    # A crash before the state was written: the same bytes are said again.
    assert heard(Watched(), reading(1.5), reading(3.1, 10), station=STATION).messages == first.messages


def test_readings_are_taken_in_the_order_of_their_times() -> None:
    found = heard(Watched(), reading(3.1, 10), reading(1.5), station=STATION)
    assert [one.state.held.level for one in found.steps] == [1, 3]


def test_a_station_that_nobody_has_described_says_nothing() -> None:
    unknown = heard(Watched(), reading(9.0))
    assert unknown.messages == ()
    # Described later, its next reading is read against its thresholds.
    described = heard(unknown.watched, station=STATION)
    assert described.messages == ()
    assert len(heard(described.watched, reading(9.1, 10)).messages) == 1


def test_flapping_for_six_hours_makes_two_messages_at_most() -> None:
    swings = [reading(3.0 * (1.02 if (n // 3) % 2 else 0.98), n * 7.0) for n in range(52)]
    start = heard(Watched(), reading(2.5, -10), station=STATION)
    found = heard(start.watched, *swings)
    assert len(found.messages) <= 2


def test_a_flood_ends_with_an_all_clear_that_is_a_draft_too() -> None:
    rise = heard(Watched(), reading(2.9), reading(3.1, 10), station=STATION)
    low = heard(rise.watched, *(reading(0.9 + n / 10_000, 20 + n * 10.0) for n in range(45)))
    assert [one.alert.infos[0].response_types for one in low.messages] == [(ResponseType.ALL_CLEAR,)]
    assert low.messages[0].feed == OBSERVED_FEED
    assert low.watched.told is None


def test_a_forecast_crossing_goes_out_under_its_own_feed() -> None:
    rising = [reading(2.0 + n * 0.1, n * 10.0) for n in range(10)]
    found = heard(Watched(), *rising, station=STATION, shown=True)
    assert {one.feed for one in found.messages} == {OBSERVED_FEED, FORECAST_FEED}
    assert found.watched.forecasts
    assert heard(Watched(), *rising, station=STATION).watched.forecasts == ()


def test_rain_is_kept_beside_the_stage_and_judged_by_nobody() -> None:
    rain = replace(reading(80.0, 5), quantity=Quantity.RAIN_1H_MM)
    older = replace(reading(10.0, 0), quantity=Quantity.RAIN_1H_MM)
    found = heard(Watched(), rain, station=STATION)
    assert (found.messages, found.steps, found.watched.others) == ((), (), (rain,))
    assert heard(found.watched, older).watched.others == (rain,)


def test_a_jump_is_asked_of_the_neighbours() -> None:
    asked: list[datetime] = []

    def calm(_station: GaugeStation, at: datetime) -> Sequence[Neighbour]:
        asked.append(at)
        return (Neighbour("b", 0.0), Neighbour("c", 0.0))

    found = hear(
        Watched(), STATION, (reading(1.5), reading(4.1, 5), reading(4.2, 10)),
        neighbours=calm, river=river, zone=JAPAN,
    )  # fmt: skip
    assert [one.belief.doubt for one in found.steps] == [None, Doubt.NEIGHBOURS_DISAGREE, None]
    assert asked == [NOON + timedelta(minutes=5), NOON + timedelta(minutes=10)]


# ---------------------------------------------------------------------------------------- neighbours


def other(name: str, place: LatLng, river_name: str = "", values: Sequence[tuple[float, float]] = ()) -> GaugeState:
    station = replace(STATION, id=name, point=place, river=river_name)
    return run(list(values), known_as(GaugeState(), station))[-1].state if values else known_as(GaugeState(), station)


def test_neighbours_are_near_or_of_the_same_river_and_were_heard_lately() -> None:
    up = [(0.0, 1.0), (30.0, 1.4)]
    near, far = LatLng(35.80, 139.80), LatLng(35.95, 139.80)
    states = [
        other("near", near, "", up),
        other("far", far, "", up),
        other("same river", far, STATION.river, up),
        other("too far", LatLng(36.9, 139.8), STATION.river, up),
        other("long ago", near, "", [(-200.0, 1.0), (-100.0, 1.5)]),
        other("once", near, "", [(30.0, 1.0)]),
        other("never", near),
        other(STATION.id, near, "", up),
        GaugeState(),
    ]
    found = neighbours_of(STATION, states, NOON + timedelta(minutes=35))
    assert [(one.station, round(one.change_m, 2)) for one in found] == [("near", 0.4), ("same river", 0.4)]
