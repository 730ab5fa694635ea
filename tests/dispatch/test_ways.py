"""What a kind 3 push says and carries: words for everybody, the ways inside, never more than a phone takes."""

import json
from dataclasses import replace

import pytest

from alerts.notice import Notice, Phase
from alerts.place import LatLng
from alerts.wording import FIRST_CHARACTERS, MAX_TITLE_WIDTH, width
from dispatch.errors import PlanMissing
from dispatch.message import Message, Messages
from dispatch.settings import DispatchSettings
from dispatch.ways import polyline, simplified, with_ways
from routing.plan import CellAdvice, EvacuationPlan, plan_of
from tests.streams.small_town import AT, closure, shelter_state, town
from tests.streams.test_evacuation_board import Desk

SETTINGS = DispatchSettings()


def told(desk: Desk, due_number: int = -1) -> tuple[Notice, dict[int, EvacuationPlan]]:
    plans = {plan.shard: plan for due in desk.log for plan in due.plans}
    notice = desk.log[due_number].drafts[0].notice
    return replace(notice, approved_at=AT), plans  # type: ignore[return-value]


def ordered() -> Desk:
    desk = Desk()
    desk.order()
    return desk


def messages(desk: Desk) -> tuple[Notice, Messages]:
    notice, plans = told(desk)
    worded, ways = with_ways(notice, plans)  # type: ignore[arg-type]
    return worded, Messages(worded, SETTINGS, ways)


def plain(message: Message) -> dict[str, object]:
    found: dict[str, object] = json.loads(message.plaintext)
    return found


def test_a_push_begins_with_the_place_and_says_level_action_and_time_in_forty_characters() -> None:
    worded, _ = messages(ordered())
    for part in worded.parts:
        japanese = part.texts[0]
        assert japanese.title.startswith(part.area_names[0])
        assert width(japanese.title) <= MAX_TITLE_WIDTH
        first = japanese.body[:FIRST_CHARACTERS]
        assert "レベル4" in first
        assert "避難" in first
        assert "14:00" in first
        english = part.texts[1]
        assert width(english.title) <= MAX_TITLE_WIDTH
        assert english.body[:FIRST_CHARACTERS].startswith("Level 4, 14:00: Walk to ")


def test_a_changed_way_says_the_reason_first_and_which_one_it_replaces() -> None:
    desk = ordered()
    desk.hear(closure(6))
    worded, _ = messages(desk)
    for part in worded.parts:
        assert part.texts[0].body.startswith("レベル4 架空6号橋が通行止め→")
        assert "の案内は使わないでください" in part.texts[0].body
        assert "架空6号橋 closed" in part.texts[1].body[:FIRST_CHARACTERS]


def test_a_full_shelter_is_named_as_the_reason() -> None:
    desk = ordered()
    desk.hear(shelter_state("north", "full"))
    worded, _ = messages(desk)
    assert {part.texts[0].body[:18] for part in worded.parts} == {"レベル4 架空north小学校が使え"}


def test_an_end_says_that_it_is_no_all_clear() -> None:
    desk = ordered()
    desk.order((), 2)
    worded, made = messages(desk)
    for number, part in enumerate(worded.parts):
        assert part.phase is Phase.LIFTED
        assert "危険がなくなったという知らせではありません" in part.texts[0].body
        assert "way" not in plain(made.for_part(number, "ja", 1))


def test_every_push_carries_its_way_and_fits_the_smallest_phone() -> None:
    worded, made = messages(ordered())
    for number in range(len(worded.parts)):
        for language in ("ja", "en", "zh-Hans"):
            message = made.for_part(number, language, 1)
            assert len(message.plaintext) <= 2600
            way = plain(message)["way"]
            assert isinstance(way, dict)
            assert way["parts"][0]["g"]["a"] == "go"
            assert way["parts"][0]["g"]["l"]


def test_a_very_long_way_is_drawn_more_coarsely_and_its_words_stay_whole() -> None:
    desk = ordered()
    notice, plans = told(desk)
    long_line = tuple(LatLng(35.7 + n * 1e-4, 139.8 + (n % 7) * 3e-4) for n in range(3000))

    def longer(entry: CellAdvice) -> CellAdvice:
        part = entry.parts[0]
        assert part.general.route is not None
        route = replace(part.general.route, line=long_line)
        return replace(entry, parts=(replace(part, general=replace(part.general, route=route)),) * 3)

    grown = {
        shard: plan_of(plan.shard, 2, plan.hazards, plan.facts_at, [longer(entry) for entry in plan.cells])
        for shard, plan in plans.items()
    }
    refs = tuple(replace(ref, digest=grown[ref.shard].digest) for ref in notice.plans)
    worded, ways = with_ways(replace(notice, plans=refs), grown)  # type: ignore[arg-type]
    made = Messages(worded, SETTINGS, ways)
    short = messages(desk)[1]
    for message in made.check():
        assert len(message.plaintext) <= 2600
    assert len(plain(made.for_part(0, "ja", 1))["notification"]["body"]) >= len(  # type: ignore[index]
        plain(short.for_part(0, "ja", 1))["notification"]["body"]  # type: ignore[index]
    )


def test_nothing_is_written_from_a_plan_that_the_notice_does_not_name() -> None:
    notice, plans = told(ordered())
    with pytest.raises(PlanMissing):
        with_ways(notice, {})
    other = {shard: replace(plan, digest="0" * 64) for shard, plan in plans.items()}
    with pytest.raises(PlanMissing):
        with_ways(notice, other)  # type: ignore[arg-type]


def test_the_same_notice_and_plan_give_the_same_bytes() -> None:
    once, again = messages(ordered())[1], messages(ordered())[1]
    assert [one.plaintext for one in once.check()] == [one.plaintext for one in again.check()]


def test_who_cannot_take_steps_reads_what_differs_for_her() -> None:
    steep = town(sites=tuple(replace(site, step_free=site.id == "west") for site in town().sites))
    desk = Desk(steep)
    desk.order()
    worded, made = messages(desk)
    differing = [
        number
        for number, part in enumerate(worded.parts)
        if part.way is not None and part.way.shelter_id != "west" and "段差を避け" in part.texts[0].body
    ]
    assert differing
    way = plain(made.for_part(differing[0], "ja", 1))["way"]
    assert isinstance(way, dict)
    assert way["parts"][0]["s"] != way["parts"][0]["g"]


def test_a_line_is_written_as_maps_on_the_web_read_it() -> None:
    # The example of the format's own description.
    assert polyline([LatLng(38.5, -120.2), LatLng(40.7, -120.95), LatLng(43.252, -126.453)]) == (
        "_p~iF~ps|U_ulLnnqC_mqNvxq`@"
    )


def test_a_simpler_line_begins_and_ends_where_it_did() -> None:
    line = tuple(LatLng(35.7 + n * 1e-5, 139.8 + (n % 2) * 1e-6) for n in range(100))
    coarse = simplified(line, 5.0)
    assert (coarse[0], coarse[-1]) == (line[0], line[-1])
    assert len(coarse) < 5
