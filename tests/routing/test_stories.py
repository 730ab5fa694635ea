"""On real pieces of Tokyo a bridge or main street is closed: who is told what, and who is left in peace."""

import functools
from pathlib import Path

import pytest

from routing.change import Cause
from routing.plan import Advice
from shirase.ways_picture import Panel, Shown, draw
from tests.routing.stories import STORIES, Story, Told, play, real_sites


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> "functools._lru_cache_wrapper[Told]":
    shared: Path = request.getfixturevalue("shared_data")
    sites = real_sites(shared)
    return functools.lru_cache(maxsize=None)(lambda story: play(shared, story, sites))


stories = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)


@stories
def test_exactly_those_whose_way_was_cut_are_told_again(
    played: "functools._lru_cache_wrapper[Told]", story: Story
) -> None:
    told = played(story)
    cut = set()
    for entry in told.before.cells:
        routes = [answer.route for part in entry.parts for answer in (part.general, part.step_free) if answer.route]
        if any(told.closed & set(route.road_ids) for route in routes):
            cut.add(entry.cell)
    assert cut
    assert len(cut) < len(told.before.cells) / 2
    assert {change.cell for change in told.after.changes} == cut
    assert {change.cause for change in told.after.changes} == {Cause.WAY_CUT}
    assert {change.because for change in told.after.changes} == {(f"closure-{story.name}",)}


@stories
def test_nobody_is_led_over_what_is_closed_and_nobody_gets_there_sooner(
    played: "functools._lru_cache_wrapper[Told]", story: Story
) -> None:
    told = played(story)
    assert not told.before.violations
    assert not told.after.violations
    for change in told.after.changes:
        assert change.before is not None
        assert change.after is not None
        was, now = change.before.parts[0].general.route, change.after.parts[0].general.route
        assert was is not None
        if now is not None:
            assert not told.closed & set(now.road_ids)


@stories
def test_undoing_it_re_tells_exactly_those_it_moved(played: "functools._lru_cache_wrapper[Told]", story: Story) -> None:
    told = played(story)
    assert {change.cell for change in told.undone.changes} == {change.cell for change in told.after.changes}
    assert told.undone.cells == told.before.cells


def test_who_is_told_what(played: "functools._lru_cache_wrapper[Told]") -> None:
    otemachi, ginza, koenji, heiwadai = (played(story) for story in STORIES)
    assert otemachi.from_to == {
        ("区立スポーツセンター", "区立スポーツセンター"): 8,
        ("区立スポーツセンター", "常盤小学校"): 1,
    }
    assert ginza.from_to == {
        ("泰明小学校", "泰明小学校"): 14,
        ("泰明小学校", "城東小学校"): 1,
        ("泰明小学校", "生涯学習センター"): 1,
    }
    assert sum(koenji.from_to.values()) == 9
    assert koenji.from_to["馬橋公園", "高円寺学園"] == 2
    assert heiwadai.from_to == {("開進第四中学校", "開進第四中学校"): 3}
    advised = {entry.parts[0].general.advice for entry in otemachi.after.cells}
    assert advised == {Advice.GO, Advice.GO_UP}


def test_the_picture_is_drawn_and_small(played: "functools._lru_cache_wrapper[Told]", tmp_path: Path) -> None:
    told = played(STORIES[3])
    moved = frozenset(change.cell for change in told.after.changes)
    shown = Shown(told.shelters, told.after.cells, told.closed, moved)
    draw(tmp_path / "after.png", [Panel(told.network, "後", shown)], credit="© OpenStreetMap contributors")
    drawn = (tmp_path / "after.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert 5_000 < len(drawn) < 250_000
