"""Old documents move to today without changing what they say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert
from alerts.fact import Attribution, Confidence
from alerts.gauge import GaugeReading, Quantity
from alerts.incident import IncidentKind, IncidentReport
from alerts.lifecycle import SeriesState, accept
from alerts.report import Facts, OutcomeKind
from alerts.road import RoadCause, RoadPlace, RoadReport
from alerts.shelter import ShelterReport
from alerts.shift import shifted
from tests.alerts.messages import NOON, alert, info, report

YEARS = timedelta(days=365 * 7)


def stripped(message: Alert) -> Alert:
    """Return *message* without its times."""
    infos = tuple(replace(one, effective=None, onset=None, expires=None) for one in message.infos)
    return replace(message, sent=NOON, infos=infos)


def test_all_times_of_the_alert_move_together_and_nothing_else_does() -> None:
    whole = replace(info(), effective=NOON, onset=NOON + timedelta(minutes=5))
    before = report(alert("a", 0, infos=(whole, info(expires_minutes=None))))
    after = shifted(before, YEARS)
    first, second = after.alert.infos
    assert after.alert.sent == before.alert.sent + YEARS
    assert (first.effective, first.onset) == (NOON + YEARS, NOON + timedelta(minutes=5) + YEARS)
    assert first.expires == before.alert.infos[0].expires + YEARS  # type: ignore[operator]
    assert (second.effective, second.onset, second.expires) == (None, None, None)
    assert (after.received, after.document) == (before.received, before.document)
    assert stripped(after.alert) == stripped(before.alert)


def test_no_shift_is_the_same_report() -> None:
    before = report(alert("a", 0))
    assert shifted(before, timedelta(0)) is before


@given(st.timedeltas(timedelta(days=-3000), timedelta(days=3000)))
def test_how_long_a_document_is_valid_stays_and_the_way_back_is_exact(by: timedelta) -> None:
    before = report(alert("a", 0))
    after = shifted(before, by)
    (old,), (new,) = before.alert.infos, after.alert.infos
    assert old.expires is not None
    assert new.expires is not None
    assert new.expires - after.alert.sent == old.expires - before.alert.sent
    assert shifted(after, -by) == before


def test_references_still_resolve_because_the_written_time_stays() -> None:
    first = alert("a", 0)
    cancel = alert("c", 10, references=(first,))
    state = SeriesState()
    for message in (first, replace(cancel, msg_type=type(cancel.msg_type).CANCEL)):
        moved = shifted(replace(report(message), received=NOON + YEARS), YEARS - timedelta(hours=1))
        accepted = accept(state, moved)
        state = accepted.state
    assert (accepted.outcome.kind, accepted.outcome.reason) == (OutcomeKind.CANCEL, "cancelled")


def test_readings_move_with_their_document_and_the_time_we_heard_of_them_stays() -> None:
    said = Attribution("source", NOON, NOON + YEARS, Confidence.OFFICIAL)
    before = replace(report(alert("a", 0)), facts=Facts(readings=(GaugeReading("s:1", Quantity.STAGE_M, 2.0, said),)))
    (moved,) = shifted(before, YEARS).facts.readings
    assert (moved.attribution.fact_at, moved.attribution.received_at) == (NOON + YEARS, NOON + YEARS)


def test_facts_move_too_and_a_list_without_a_time_stays_the_oldest() -> None:
    by = timedelta(days=500)
    said = Attribution("dis:13123", NOON, NOON, Confidence.OFFICIAL)
    undated = replace(said, fact_at=datetime(1970, 1, 1, tzinfo=UTC))
    road = RoadReport("r", RoadPlace(name="b"), RoadCause.FLOODED, said, NOON, NOON + timedelta(hours=1))
    facts = Facts(
        shelters=(ShelterReport("s", "n", said), ShelterReport("t", "n", undated)),
        roads=(road, replace(road, valid_until=None)),
        incidents=(IncidentReport("i", IncidentKind.FIRE, "f", said),),
    )
    moved = shifted(replace(report(alert("A", 0)), facts=facts), by).facts
    assert [one.attribution.fact_at for one in moved.shelters] == [NOON + by, undated.fact_at]
    assert [(one.valid_from, one.valid_until) for one in moved.roads] == [
        (NOON + by, NOON + by + timedelta(hours=1)),
        (NOON + by, None),
    ]
    assert moved.incidents[0].attribution.fact_at == NOON + by
    assert moved.incidents[0].attribution.received_at == NOON
