"""A copy of the residents' state for any web server: as the API answers, with its age, and never half written."""

import gzip
import json
from datetime import timedelta
from pathlib import Path

from alerts.shelter import ShelterReport, ShelterState
from api.drawing.ground import NO_GROUND
from api.http.reader import Freshness
from api.live.facts import Section
from api.live.whole_map import WholeMap
from api.residents.app import REFRESH_JS, Residents
from shirase.static_export import StaticExport
from tests.api.evening import NINE_PM
from tests.api.live.test_board import NAME, Desk, attribution
from tests.api.live.test_here import desk_of, flooded


def export_of(desk: Desk, folder: Path, fresh: Freshness) -> StaticExport:
    residents = Residents(desk.board.state, lambda: fresh)
    return StaticExport(
        folder, desk.board, residents.first_page, REFRESH_JS, WholeMap(desk.board, residents.hazards, NO_GROUND)
    )


def test_every_answer_is_a_file_at_its_own_path(tmp_path: Path) -> None:
    desk = desk_of()
    flooded(desk)
    export_of(desk, tmp_path, Freshness(True, 0, 1.0)).write(Freshness(True, 0, 1.0), NINE_PM)
    for section in Section:
        body = desk.board.answers.bodies[section.path(NAME)]
        name = section.path(NAME)[1:] + ("/index.html" if section is Section.HERE else "")
        written = (tmp_path / name).read_bytes()
        assert written == body.raw or section is Section.HERE
        packed = tmp_path / f"{name}.gz"
        assert not packed.exists() or gzip.decompress(packed.read_bytes()) == written
    assert "レベル4" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert f'href="/here/{NAME}/"' in (tmp_path / "here" / "index.html").read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("*.unfinished"))


def test_a_copy_says_up_to_when_it_was_current_also_when_the_broker_is_away(tmp_path: Path) -> None:
    desk = desk_of()
    gone = Freshness(True, 0, 3600.0)
    export_of(desk, tmp_path, gone).write(gone, NINE_PM)
    here = (tmp_path / "here" / NAME / "index.html").read_text(encoding="utf-8")
    assert "09/12 20:00:00 現在の写し" in here
    index = json.loads((tmp_path / "live" / "shards.json").read_bytes())
    assert index["current_at"] == (NINE_PM - timedelta(hours=1)).isoformat()
    assert "新しい情報を受け取れていません" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_only_what_changed_is_written_again(tmp_path: Path) -> None:
    desk = desk_of()
    fresh = Freshness(True, 0, 0.0)
    export = export_of(desk, tmp_path, fresh)
    first = export.write(fresh, NINE_PM)
    again = export.write(fresh, NINE_PM + timedelta(seconds=15))
    desk.shelter(ShelterReport("s1", "", attribution(), ShelterState.OPEN))
    changed = export.write(fresh, NINE_PM + timedelta(seconds=30))
    assert (first > again, changed) == (True, again + 1)
    shelters = json.loads((tmp_path / "live" / NAME / "shelters.geojson").read_bytes())
    assert shelters["features"][0]["properties"]["state"] == "open"


def test_the_map_that_the_first_page_leads_to_is_in_the_copy_with_its_age(tmp_path: Path) -> None:
    fresh = Freshness(True, 0, 1.0)
    export_of(desk_of(), tmp_path, fresh).write(fresh, NINE_PM)
    assert 'href="/map/plain"' in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "map.svg").read_bytes().startswith(b"<svg")
    assert "現在の写し" in (tmp_path / "map/plain/index.html").read_text(encoding="utf-8")
