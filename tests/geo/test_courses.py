"""Rivers' lines are read from a survey's short pieces, by name and number."""

import json
from pathlib import Path

import pytest

from geo.area_set import DropReason
from geo.errors import ShapeError
from geo.importers.courses import import_courses
from geo.importers.river_zone_file import load, save
from geo.river_zone import RiverZones


def survey(folder: Path, *lines: tuple[str | None, str, list[list[float]]]) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"W05_004": name, "W05_002": code},
            "geometry": {"type": "LineString", "coordinates": line},
        }
        for name, code, line in lines
    ]
    path = folder / "rivers.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_pieces_that_meet_are_one_line_and_the_rest_stays_apart(tmp_path: Path) -> None:
    path = survey(
        tmp_path,
        ("架空川", "8303", [[139.70, 35.70], [139.71, 35.70]]),
        ("架空川", "8303", [[139.71, 35.70], [139.72, 35.69]]),
        ("架空川", "8303", [[139.80, 35.60], [139.81, 35.60]]),
        ("架空川", "8399", [[139.72, 35.69], [139.73, 35.69]]),
        (None, "8303", [[139.74, 35.69], [139.75, 35.69]]),
    )
    found = import_courses(path, name="W05_004", code="W05_002")
    assert sorted((one.river, one.name, len(one.line)) for one in found.courses) == [
        ("8303", "架空川", 2), ("8303", "架空川", 3), ("8399", "架空川", 2),
    ]  # fmt: skip
    assert (found.report.read, found.report.kept) == (5, 4)
    assert [drop.reason for drop in found.report.dropped] == [DropReason.NO_CODE], "what has no name is counted"
    kept = load(save(RiverZones((), found.courses), tmp_path / "rivers.npz"))
    assert kept.courses == found.courses


def test_a_file_without_the_attribute_is_refused_by_name(tmp_path: Path) -> None:
    path = survey(tmp_path, ("架空川", "1", [[139.7, 35.7], [139.71, 35.7]]))
    with pytest.raises(ShapeError, match="W05_009") as refused:
        import_courses(path, name="W05_009")
    assert refused.value.reason == "vector-no-column"
