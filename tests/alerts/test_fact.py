"""A fact grows old visibly, and a wrong clock does not keep it young."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.fact import Attribution, Confidence, Freshness, freshness

_NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes_old", "shown"),
    [
        (0, Freshness.FRESH),
        (29, Freshness.FRESH),
        (30, Freshness.AGEING),
        (59, Freshness.AGEING),
        (60, Freshness.UNCONFIRMED),
        (-1, Freshness.FRESH),
        (-3, Freshness.UNCONFIRMED),
        (-60 * 24 * 365, Freshness.UNCONFIRMED),
    ],
)
def test_a_fact_ages_and_a_time_in_the_future_is_not_fresh(minutes_old: int, shown: Freshness) -> None:
    told = Attribution("koto-dis", _NOON - timedelta(minutes=minutes_old), _NOON, Confidence.OFFICIAL)
    assert freshness(told, at=_NOON) is shown
