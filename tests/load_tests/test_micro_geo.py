"""The measurement of shapes and cells compares ways that agree, and says so where they do not."""

from pathlib import Path

import pytest

from load_tests.errors import MeasureFailed
from load_tests.micro import geo as measurement


def test_covers_agree_and_are_put_beside_each_other(shared_data: Path) -> None:
    wards = measurement.ward_shapes(shared_data)
    assert len(wards) == 23
    plain = measurement.measure_cover("wards", wards[:2]).plain()
    assert plain["shapes"] == 2
    assert {"seconds", "first_seconds", "plain_loop_ratio", "h3_overlap_ratio"} <= plain.keys()
    zones = measurement.flood_shapes(shared_data, 20)
    assert measurement.measure_cover("flood zones", zones).shapes == 20


def test_the_index_of_cells_and_the_tree_of_points_name_the_same_people() -> None:
    found = measurement.measure_audience(3_000)
    assert 50 < found.shapes < 1_000
    assert found.others.keys() == {"strtree_points"}


def test_a_cell_that_is_missing_is_no_figure(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "_grid", lambda shapes: [set() for _ in shapes])
    with pytest.raises(MeasureFailed, match="missing"):
        measurement.measure_cover("wards", measurement.ward_shapes(shared_data)[:1])
