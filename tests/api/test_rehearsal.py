"""An officer rehearses alone: the whole evening, and nothing of it reaches anything live (R18)."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Lane
from alerts.notice import Phase
from api.console.officer_page import FINDINGS
from api.officers.accounts import Role
from api.officers.audit import read
from api.orders.lint import Finding
from api.practice.practice_town import ROAD_NAMES, effect_of
from api.practice.rehearsal import (
    SECONDS_MEANT,
    TIME_TO_FILL,
    Fault,
    Rehearsal,
    Rehearsals,
    Result,
    Step,
    practice_draft,
    result_of,
)
from api.practice.rehearsal_words import ENTRIES, FAULT_WORDS, PRACTISE
from streams.deciding.decision import Ledger, decide
from streams.notices.drill import PRACTICE_SECOND, says_drill_first
from streams.payloads import Command, Verb
from streams.topics import AUDIT, COMMANDS
from tests.api.evening import NINE_PM, around
from tests.api.test_office import KOTO_WARD, Room, Seat, drafted, room_in
from tests.api.test_posting import Stages
from tests.streams.evening import wards_table

PAGE = "/console/rehearse"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    found = room_in(tmp_path, wards_table())
    # Nothing real waits: one that does has its own test.
    found.desk._drafts.clear()
    return found


@pytest.fixture
def stages(room: Room) -> Stages:
    return Stages(room)


class Officer:
    """Somebody who presses what the page of the rehearsal shows."""

    def __init__(self, seat: Seat, stages: Stages) -> None:
        self.seat, self.stages = seat, stages
        self.pages: list[str] = []

    def look(self, path: str = PAGE) -> str:
        page = self.seat.get(path)
        assert page.status_code == 200, page.text
        self.pages.append(page.text)
        return page.text

    def press(self, action: str, page: str = "", /, **fields: str) -> httpx.Response:
        """Send the form of *page* that goes to *action*, as it stands there."""
        shown = page or self.look()
        form = re.findall(
            rf'<form method=[\'"]post[\'"] action=[\'"]{re.escape(action)}[\'"]>(.*?)</form>', shown, re.S
        )[0]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        if 'name="code"' in form:
            hidden["code"] = self.seat.room.code(self.seat.name)
        self.seat.room.clock.now += timedelta(seconds=20)
        answer = self.seat.room.form(action, {**hidden, **fields}, {"cookie": self.seat.cookie})
        self.stages.go_on()
        return answer

    def begin(self) -> str:
        """Begin, read the draft, and return its id."""
        assert self.press(f"{PAGE}/begin").status_code == 303
        answer = self.press(f"{PAGE}/read")
        return answer.headers["location"].rpartition("/")[2]

    def mend(self, draft: str, said: str = "21:15") -> None:
        page = self.look(f"/drafts/{draft}/edit")
        fields = dict(re.findall(r'<input name="([^"]+)" autocomplete="off" value="([^"]*)"', page))
        for name, value in re.findall(r'<textarea name="([^"]+)" rows="4">([^<]*)</textarea>', page):
            fields[name] = value.replace(TIME_TO_FILL, said)
        answer = self.press(f"/drafts/{draft}/edit", page, hours="", **fields)
        assert answer.status_code == 303, answer.text


def rehearse(officer: Officer, *, road: str = "north-bridge", correct: str = "correct", lift: str = "lift") -> str:
    """Go through all of it and return the last page."""
    draft = officer.begin()
    officer.mend(draft)
    assert officer.press(f"{PAGE}/second").status_code == 303
    lineage = officer.stages.sent[-1].lineage
    officer.look(f"/sending/{lineage}")
    assert officer.press(f"{PAGE}/answer", state="sent").status_code == 303
    assert officer.press(f"{PAGE}/close", road=road).status_code == 303
    assert officer.press(f"{PAGE}/seen").status_code == 303
    officer.look()
    officer.press(f"/sending/{lineage}/{correct}", officer.look(f"/sending/{lineage}"))
    officer.look()
    officer.stages.go_on()
    assert officer.press(f"{PAGE}/second").status_code == 303
    again = officer.stages.sent[-1].lineage
    assert again != lineage
    officer.look()
    officer.press(f"/sending/{again}/{lift}", officer.look(f"/sending/{again}"))
    return officer.look()


@pytest.mark.parametrize("role", [Role.DRAFTER, Role.APPROVER])
def test_one_officer_alone_goes_through_the_whole_evening(room: Room, stages: Stages, role: Role) -> None:
    room.add("sato", role)
    officer = Officer(room.sign_in("sato"), stages)
    begun = room.clock.now
    end = rehearse(officer)
    assert "訓練の結果" in end
    assert FINDINGS[Finding.NO_TIME] in end, "the stop that was met"
    assert room.clock.now - begun < timedelta(minutes=15)
    # All that went out: drills, told first as such, approved by the played person, ended as they were.
    assert [(one.lane, one.approved_by) for one in stages.sent] == [
        (Lane.DRILL, PRACTICE_SECOND), (Lane.DRILL, "sato"), (Lane.DRILL, PRACTICE_SECOND), (Lane.DRILL, "sato"),
    ]  # fmt: skip
    assert [one.parts[0].phase for one in stages.sent] == [
        Phase.ISSUED, Phase.CANCELLED, Phase.ISSUED, Phase.LIFTED,
    ]  # fmt: skip
    assert all(says_drill_first(text) for one in stages.sent for part in one.parts for text in part.texts)
    # On no other topic than those of a drill: nothing of the map, no closure, no document.
    assert {topic for topic, _, _ in room.topics.records} == {COMMANDS.name, AUDIT.name}
    acts = [act for _, act, _ in room.topics.acts()]
    assert acts == [
        "sign-in", "rehearse", "edit", "rehearse-approved", "correct", "rehearse-approved", "lift", "rehearsed",
    ]  # fmt: skip
    # Every page has the drill's colour, its word and the clock.
    for page in officer.pages:
        assert '<body class="drill">' in page
        assert re.search(r"<title>訓練", page), page[:300]
        assert re.search(r"<h1>訓練", page)
    assert all("はじめから" in page and "この段" in page for page in officer.pages[1:-1])
    assert '"stops":["no-time"]' in read(room.topics.of(AUDIT.name)[-1])[0].detail


def test_the_result_is_read_back_from_the_trail_and_shown_with_each_officer(room: Room, stages: Stages) -> None:
    room.add("sato")
    officer = Officer(room.sign_in("sato"), stages)
    rehearse(officer)
    fresh = Rehearsals()
    fresh.recall(read(raw)[0] for raw in room.topics.of(AUDIT.name))
    (result,) = fresh.last()
    assert (result.officer, result.stops, result.faults) == ("sato", ("no-time",), ())
    assert set(result.seconds) == {step.value for step in Step}
    assert result.total_seconds == sum(result.seconds.values()) > 60
    room.add("ueda")
    other = Officer(room.sign_in("ueda"), stages)
    assert re.search(r"<td>sato</td><td>\d\d:\d\d</td><td>\d+分\d\d秒</td>", other.look())


def test_what_went_wrong_is_what_to_practise(room: Room, stages: Stages) -> None:
    room.add("sato")
    officer = Officer(room.sign_in("sato"), stages)
    draft = officer.begin()
    room.clock.now += timedelta(seconds=SECONDS_MEANT[Step.MEND])
    officer.mend(draft, "まもなく")
    assert "送れません" in officer.look(f"/drafts/{draft}")
    assert (
        officer.press(f"{PAGE}/second", officer.look().replace("/edit", "")).status_code == 409
        if (f"{PAGE}/second" in officer.look())
        else True
    )
    page = officer.look(f"/drafts/{draft}/edit")
    fields = dict(re.findall(r'<input name="([^"]+)" autocomplete="off" value="([^"]*)"', page))
    for name, value in re.findall(r'<textarea name="([^"]+)" rows="4">([^<]*)</textarea>', page):
        fields[name] = value.replace("まもなく", "21:15")
    officer.press(f"/drafts/{draft}/edit", page, hours="", **fields)
    officer.press(f"{PAGE}/second")
    lineage = stages.sent[-1].lineage
    assert officer.press(f"{PAGE}/answer", state="unknown").status_code == 422
    officer.press(f"{PAGE}/answer", state="sent")
    assert officer.press(f"{PAGE}/close", road="no-such-road").status_code == 422
    officer.press(f"{PAGE}/close", road="south-bridge")
    officer.press(f"{PAGE}/seen")
    officer.press(f"/sending/{lineage}/lift", officer.look(f"/sending/{lineage}"))
    officer.look()
    stages.go_on()
    officer.press(f"{PAGE}/second")
    again = stages.sent[-1].lineage
    officer.press(f"/sending/{again}/correct", officer.look(f"/sending/{again}"))
    end = officer.look()
    for fault in Fault:
        assert FAULT_WORDS[fault] in end
    assert PRACTISE[Step.MEND] in end


def test_a_real_draft_that_waits_is_loud_on_every_page(room: Room, stages: Stages) -> None:
    room.add("sato", wards=("*",))
    officer = Officer(room.sign_in("sato"), stages)
    assert 'class="real"' not in officer.look()
    assert officer.press(f"{PAGE}/begin", ward=KOTO_WARD).status_code == 303
    draft = officer.press(f"{PAGE}/read").headers["location"].rpartition("/")[2]
    real = room.drafts["feed"]
    room.desk._drafts[real.draft_id] = real
    for path in (PAGE, f"/drafts/{draft}", f"/drafts/{draft}/edit"):
        page = officer.look(path)
        assert 'class="real" role="alert"' in page
        assert f'href="/drafts/{real.draft_id}"' in page
    room.add("kita", wards=("1311700",))
    assert 'class="real"' not in Officer(room.sign_in("kita"), stages).look(), "not hers to approve"


def test_only_the_played_person_lets_a_rehearsal_go_and_never_anything_else(room: Room, stages: Stages) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    officer = Officer(seat, stages)
    draft = officer.begin()
    officer.mend(draft)
    assert seat.decide("approve", draft).status_code == 409, "by its own page"
    assert stages.sent == []
    page = officer.look()
    for changed in ({"digest": "0" * 64}, {"code": "000000"}):
        assert officer.press(f"{PAGE}/second", page, **changed).status_code in (403, 409)
    assert stages.sent == []
    assert "rehearse-approved" not in {act for _, act, _ in room.topics.acts()}
    with pytest.raises(ValueError, match="letters"):
        room.add(PRACTICE_SECOND)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(lane=st.sampled_from([lane for lane in Lane if lane is not Lane.DRILL]), verb=st.sampled_from(list(Verb)))
def test_the_decider_lets_the_played_person_touch_nothing_live(lane: Lane, verb: Verb) -> None:
    record = drafted()
    assert record.draft is not None
    notice = replace(record.draft.notice, lane=lane)
    live = replace(record, draft=replace(record.draft, notice=notice))
    ledger = Ledger()
    ledger.knows(live)
    draft = live.draft if verb in (Verb.EDIT, Verb.END) else None
    command = Command(verb, live.draft_id, PRACTICE_SECOND, NINE_PM, notice.digest, draft)
    decided = decide(ledger, command, at=NINE_PM)
    assert decided.notice is None


def test_it_can_be_quit_and_its_draft_is_discarded(room: Room, stages: Stages) -> None:
    room.add("sato")
    officer = Officer(room.sign_in("sato"), stages)
    draft = officer.begin()
    assert officer.press(f"{PAGE}/quit").headers["location"] == "/drill"
    assert room.desk.draft(draft) is None
    assert stages.sent == []
    assert f'action="{PAGE}/begin"' in officer.look()
    assert ("sato", "rehearse-ended", "done: gauge") in room.topics.acts()


def test_a_form_of_no_rehearsal_does_nothing(room: Room, stages: Stages) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    csrf = re.findall(r'name="csrf" value="([^"]*)"', seat.get(PAGE).text)[0]
    for word in ("read", "second", "answer", "close", "seen", "quit"):
        answer = room.form(f"{PAGE}/{word}", {"csrf": csrf}, {"cookie": seat.cookie})
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert room.form(f"{PAGE}/begin", {"csrf": csrf, "ward": "1311700"}, {"cookie": seat.cookie}).status_code == 422
    assert room.topics.of(COMMANDS.name) == []
    assert room.browser.get(PAGE).headers["location"] == "/sign-in"


def test_the_made_up_draft_has_one_stop_and_the_second_one_none(room: Room) -> None:
    cells = around(35.672, 139.817)
    first, second = (practice_draft("sato", "江東区", cells, NINE_PM, number, at=NINE_PM) for number in (0, 1))
    assert TIME_TO_FILL in first.notice.parts[0].texts[0].body
    assert TIME_TO_FILL not in second.notice.parts[0].texts[0].body
    assert first.notice.lineage != second.notice.lineage
    assert practice_draft("sato", "江東区", cells, NINE_PM, 0, at=NINE_PM + timedelta(minutes=1)).draft == first.draft


@pytest.mark.parametrize("road", list(ROAD_NAMES))
def test_a_closed_road_is_on_no_way_and_who_moved_is_counted(road: str) -> None:
    effect = effect_of(road)
    assert all(road not in course.roads for course in effect.after)
    assert effect.moved == sum(one.people for one in effect.before if road in one.roads)


def test_closing_a_bridge_sends_people_over_the_other_one() -> None:
    effect = effect_of("north-bridge")
    assert effect.moved > 1_000
    assert all("south-bridge" in course.roads for course in effect.after)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(steps=st.lists(st.sampled_from(list(Step)), max_size=30))
def test_steps_are_done_in_order_whatever_comes(steps: list[Step]) -> None:
    running = Rehearsal("sato", KOTO_WARD, NINE_PM, (("a", "x"), ("b", "y")))
    for number, step in enumerate(steps):
        running = running.did(step, NINE_PM + timedelta(seconds=number))
    done = [step for step, _ in running.done]
    assert done == list(Step)[: len(done)]
    assert result_of(running).total_seconds <= len(steps)


def test_the_longest_result_fits_its_place_in_the_trail_and_all_has_words() -> None:
    longest = Result(
        "a",
        "",
        {step.value: 99_999 for step in Step},
        tuple(one.value for one in Finding if one in FAILING),
        tuple(Fault),
    )
    assert len(longest.detail()) <= 500
    assert set(ENTRIES) == set(PRACTISE) == set(SECONDS_MEANT) == set(Step)
    assert set(FAULT_WORDS) == set(Fault)
    assert sum(SECONDS_MEANT.values()) == 15 * 60


# What a rehearsal can meet at most: its ground cannot be lost.
FAILING = frozenset(
    {Finding.NO_ACTION, Finding.NO_TIME, Finding.NOT_SAID_TO_BE_A_DRILL, Finding.TOO_LONG, Finding.EXPIRED}
)
