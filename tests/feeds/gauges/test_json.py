"""Gauges' JSON of strangers: an empty list is no calm, and a field of another type is no crash."""

from datetime import UTC, datetime

import pytest

from feeds.errors import FeedError
from feeds.read import read

RECEIVED = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(("raw", "expected"), [
    (b'{"what": "else"}', "json-unknown"),
    (b"[" * 100_000 + b"]" * 100_000, "json-too-deep"),
    (b'{"items": [{"level": NaN}]}', "json-number"),
    (b'{"items": [{"level": 1e999}]}', "json-number"),
    (b'{"level": 1, "level": 2}', "json-duplicate-key"),
    (b'["\\ud800"]', "json-lone-surrogate"),
    (b"[" + b" " * (8 * 1024 * 1024), "too-large"),
    (b"[]", "json-unknown"),
    (b'{"items": [], "source": "https://k.river.go.jp/"}', "gauge-empty"),
    (b'{"items": {}, "source": "https://k.river.go.jp/"}', "gauge-form"),
    (b'{"items": [{"code": "1", "obsTime": "x", "level": 1, "over": 1}]}', "gauge-empty"),
    (b'{"items": [1], "@context": "environment.data.gov.uk/flood-monitoring"}', "gauge-form"),
    (b'{"items": [], "@context": "environment.data.gov.uk/flood-monitoring"}', "gauge-empty"),
    (b'{"value": {"timeSeries": []}}', "gauge-empty"),
    (b'{"value": {"timeSeries": 1}}', "gauge-form"),
    (b'{"type": "FeatureCollection", "features": []}', "gauge-empty"),
], ids=lambda value: value if isinstance(value, str) else "raw")  # fmt: skip
def test_an_empty_list_is_a_source_that_is_ill(raw: bytes, expected: str) -> None:
    with pytest.raises(FeedError) as refused:
        read(raw, name="x", received=RECEIVED)
    assert refused.value.reason == expected


@pytest.mark.parametrize("raw", [
    b'{"value": {"timeSeries": [1, {}, {"sourceInfo": {"siteCode": [{"value": "1"}]}, "variable": 3}]}}',
    b'{"type": "FeatureCollection", "features": [null, {"properties": {"monitoring_location_id": 5}}]}',
    b'{"type": "FeatureCollection", "features": [{"id": "USGS-1", "geometry": {"coordinates": ["a", null]}}]}',
    b'{"items": [{"stationReference": null, "measures": 5}], "@context": "environment.data.gov.uk/flood-monitoring"}',
    b'{"items": [{"measure": {}, "dateTime": 3}], "@context": "environment.data.gov.uk/flood-monitoring"}',
])  # fmt: skip
def test_fields_of_other_types_are_no_readings_and_no_crash(raw: bytes) -> None:
    assert read(raw, name="x", received=RECEIVED).facts.readings == ()
