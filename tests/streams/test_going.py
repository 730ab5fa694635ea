"""Notice 2: who is shown how a river goes, when, and when it is not worth a push."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import h3.api.basic_int as h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Danger, Release, Tie
from alerts.gauge import Thresholds
from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import NoticeKind, Picture
from alerts.place import Cell
from alerts.river_stage import RiverStage, Stage, Trend
from alerts.shaking import Intensity
from alerts.wave import Wave
from alerts.wording import MAX_TITLE_WIDTH, width
from geo.cells import expand
from geo.depth import DepthRank
from streams.digest import approval_digest
from streams.notices.notice_board import NoticeBoard
from streams.payloads import Draft
from tests.geo.documents import danger
from tests.streams.test_notice_board import A, B, create, hear, said

AT = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)
HERE = tuple(sorted(Cell(cell) for cell in h3.cell_to_children(h3.cell_to_center_child(A, 7), 9)))


def river(stage_m: float, minute: int = 0, level: int = 3, peak_m: float | None = None) -> RiverStage:
    """Return a station of which caution is 2 m and danger 4 m."""
    at = AT + timedelta(minutes=minute)
    forecast = () if peak_m is None else (Stage(at + timedelta(hours=1), peak_m, 4),)
    thresholds = Thresholds(caution_m=2.0, evacuation_m=3.5, danger_m=4.0)
    return RiverStage("s-1", "架空橋", "架空川", Stage(at, stage_m, level), Trend.RISING, forecast, thresholds)


def flood(stage: RiverStage, cells: Sequence[Cell] = HERE, depth: DepthRank | None = None) -> Danger:
    one = danger(tuple(cells), Level.ELDERLY_LEAVE)
    return replace(one, hazard=HazardKind.FLOOD, stage=stage, depth_rank=depth)


def tell(board: NoticeBoard, revision: int, *dangers: Danger) -> Draft:
    (draft,) = hear(board, said(A, revision, *dangers, shards=1))
    return draft


def test_the_first_warning_of_a_river_carries_its_picture() -> None:
    draft = tell(NoticeBoard(), 1, flood(river(3.0)))
    assert draft.notice.kind is NoticeKind.DANGER_IS_COMING
    assert [part.picture for part in draft.notice.parts] == [Picture(river(3.0))]


def test_more_water_at_the_same_level_is_notice_2_to_the_same_cells() -> None:
    board = NoticeBoard()
    first = tell(board, 1, flood(river(2.6)))
    draft = tell(board, 2, flood(river(3.2, 30, peak_m=4.1)))
    assert draft.notice.kind is NoticeKind.HOW_IT_IS_GOING
    assert draft.notice.revision == first.notice.revision + 1
    assert [part.cells for part in draft.notice.parts] == [part.cells for part in first.notice.parts]
    assert draft.notice.digest == approval_digest(draft.notice)
    assert draft.told_after == first.told_after
    texts = {text.language: text for text in draft.notice.parts[0].texts}
    assert tuple(texts) == LANGUAGES
    japanese, english = texts["ja"], texts["en"]
    assert japanese.body[:40].startswith("レベル3 ")
    assert "18:30" in japanese.body[:40]
    assert "3.20m（上昇中）。避難判断水位まであと0.30m。予報では19:30に4.10m。" in japanese.body
    assert "0.30 m below its evacuation level" in english.body
    assert width(japanese.title) <= MAX_TITLE_WIDTH


@pytest.mark.parametrize("stage", [river(2.6, 30), river(2.9, 30), river(3.4, 0), river(1.0, -30)])
def test_little_water_and_old_news_are_no_push(stage: RiverStage) -> None:
    board = NoticeBoard()
    tell(board, 1, flood(river(2.6)))
    draft = tell(board, 2, flood(stage))
    assert draft.notice.parts == ()
    assert draft.notice.revision == 1


def test_small_steps_are_counted_from_what_people_saw() -> None:
    board = NoticeBoard()
    tell(board, 1, flood(river(2.6)))
    parts = [len(tell(board, 2 + step, flood(river(2.6 + 0.2 * step, step))).notice.parts) for step in range(1, 7)]
    assert parts == [0, 0, 1, 0, 0, 1]


def test_another_level_of_the_danger_is_notice_1_and_not_2() -> None:
    board = NoticeBoard()
    tell(board, 1, flood(river(2.6)))
    draft = tell(board, 2, replace(flood(river(4.2, 30, 4)), level=Level.ALL_LEAVE))
    assert draft.notice.kind is NoticeKind.DANGER_IS_COMING
    assert draft.notice.parts[0].picture == Picture(river(4.2, 30, 4))


def test_a_draft_for_a_person_and_an_assumed_river_show_nobody_anything() -> None:
    board = NoticeBoard()
    assumed = [replace(flood(river(height, minute)), tie=Tie.RIVER_ASSUMED) for height, minute in ((2.6, 0), (3.9, 9))]
    assert tell(board, 1, assumed[0]).notice.parts == ()
    assert tell(board, 2, assumed[1]).notice.parts == ()
    board, waiting = NoticeBoard(), said(A, 1, flood(river(2.6)), shards=1)
    standing = waiting.standings[0]
    for revision, stage in ((1, river(2.6)), (2, river(3.9, 30))):
        source = replace(standing.provenance, revision=revision, release=Release.DRAFT)
        snapshot = replace(
            waiting, version=revision, standings=(replace(standing, provenance=source, dangers=(flood(stage),)),)
        )
        (draft,) = hear(board, snapshot)
        assert draft.notice.kind is NoticeKind.DANGER_IS_COMING


def test_how_deep_is_said_where_it_is_known_and_there_alone() -> None:
    board = NoticeBoard()
    deep, rest = HERE[:20], HERE[20:]
    tell(board, 1, flood(river(2.6)), flood(river(2.6), deep, DepthRank.FROM_3_M))
    draft = tell(board, 2, flood(river(3.9, 30)), flood(river(3.9, 30), deep, DepthRank.FROM_3_M))
    by_cells = {part.cells: part for part in draft.notice.parts}
    found = {part.picture.depth_rank: set(expand(part.cells)) for part in by_cells.values() if part.picture}
    assert found == {DepthRank.FROM_3_M: set(deep), None: set(rest)}
    bodies = {part.picture.depth_rank: part.texts[0].body for part in by_cells.values() if part.picture}
    assert "浸水の深さは3m以上5m未満の想定" in bodies[DepthRank.FROM_3_M]
    assert "浸水の深さ" not in bodies[None]


def test_a_restart_neither_repeats_nor_forgets_a_picture() -> None:
    board = NoticeBoard()
    drafts = [tell(board, 1, flood(river(2.6))), tell(board, 2, flood(river(3.2, 30)))]
    again = NoticeBoard()
    for draft in drafts:
        again.remember(create(draft))
    assert hear(again, said(A, 2, flood(river(3.2, 30)), shards=1)) == ()
    assert tell(again, 3, flood(river(3.3, 40))).notice.parts == ()
    assert tell(again, 4, flood(river(3.8, 50))).notice.kind is NoticeKind.HOW_IT_IS_GOING


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.floats(0, 6), min_size=1, max_size=12))
def test_nobody_is_left_with_a_picture_that_is_a_step_behind(heights: list[float]) -> None:
    board = NoticeBoard()
    saw = 0.0
    for revision, height in enumerate(heights, 1):
        draft = tell(board, revision, flood(river(height, revision)))
        for part in draft.notice.parts:
            assert part.picture is not None
            assert part.picture.river is not None
            saw = part.picture.river.now.stage_m
        assert abs(saw - height) < 0.5


def test_each_shard_of_a_document_is_shown_the_same_river() -> None:
    board = NoticeBoard()
    there = tuple(sorted(Cell(cell) for cell in h3.cell_to_children(h3.cell_to_center_child(B, 7), 9)))
    hear(board, said(A, 1, flood(river(2.6))), said(B, 1, flood(river(2.6), there)))
    (draft,) = hear(board, said(A, 2, flood(river(3.9, 30))), said(B, 2, flood(river(3.9, 30), there)))
    (part,) = draft.notice.parts
    assert set(expand(part.cells)) == {*HERE, *there}


def test_shaking_is_drawn_and_said_in_each_place_as_strongly_as_it_was_there() -> None:
    half = len(HERE) // 2
    quake = replace(danger(HERE[:half], None), hazard=HazardKind.EARTHQUAKE, event="震度６強")
    draft = tell(NoticeBoard(), 1, quake, replace(quake, cells=HERE[half:], event="震度５弱"))
    found = {part.picture: part for part in draft.notice.parts}
    assert set(found) == {Picture(intensity=Intensity.UPPER_6), Picture(intensity=Intensity.LOWER_5)}
    strong = found[Picture(intensity=Intensity.UPPER_6)]
    assert set(expand(strong.cells)) == set(HERE[:half])
    assert strong.texts[0].title == "地震 震度６強"
    assert strong.texts[1].title == "Earthquake: intensity 6 upper"


def test_a_tsunami_is_drawn_with_its_height_and_its_time() -> None:
    wave = Wave("津波警報", "３ｍ", 3.0, AT + timedelta(minutes=25))
    coast = replace(danger(HERE, None), hazard=HazardKind.TSUNAMI, event="津波警報", wave=wave)
    (part,) = tell(NoticeBoard(), 1, coast).notice.parts
    assert part.picture == Picture(wave=wave)
    assert "最初の波は18:25ごろ" in part.texts[0].body
    assert tell_nothing_more(coast)


def tell_nothing_more(coast: Danger) -> bool:
    """Say whether the same once more is no push."""
    board = NoticeBoard()
    tell(board, 1, coast)
    return tell(board, 2, coast).notice.parts == ()
