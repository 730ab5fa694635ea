"""The page of the checks of reception: who may approve one, why it waits, and what became of those that went."""

import random
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import h3.api.basic_int as h3
import pytest

from alerts.place import Cell
from alerts.reception_check import CheckDays
from api.console.office import Office
from api.known.census import Answered, Census
from api.officers.accounts import Role
from dispatch.columns import columns_of
from dispatch.life import span_of
from dispatch.registry import Registry
from dispatch.subscription import Place
from geo.cells import union
from streams.brokers.client import Record
from streams.deciding.decision import Ledger, decide
from streams.notices.check import check_draft
from streams.payloads import Command, Draft, ReceiptRecord, Verb
from streams.topics import DRAFTS, NOTICES, RECEIPTS
from streams.wire import encode
from tests.api.evening import NINE_PM
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, Seat, room_in
from tests.dispatch.people import resident
from tests.streams.evening import wards_table

DAY = timedelta(days=1)
KOTO = (Place(Cell(h3.latlng_to_cell(35.64, 139.72, 9))),)
# The evening of the check, in the middle of its ten days.
THEN = datetime.fromtimestamp((span_of(NINE_PM.timestamp()) * 10 + 18_262 - 5) * 86_400, NINE_PM.tzinfo)


def people(*away: float) -> Registry:
    """Return 25 residents of Koto for each number of days that they have been away at `THEN`."""
    rng = random.Random(4)
    rows = [
        replace(resident(rng, KOTO, drill=drill), seen=span_of((THEN - days * DAY).timestamp()))
        for days in away
        for drill in (False, True)
        for _ in range(25)
    ]
    return Registry.of(columns_of(rows))


def check(office: Office, at: datetime) -> Draft:
    """Return the draft of a check in all wards, on the day of *at*."""
    days = CheckDays(frozenset({(at.month, at.day)}), issuer="東京都", until_hour=21)
    cells = union(*office.ground.cells.values())
    return check_draft(days, place="東京都", cells=cells, day=date(at.year, at.month, at.day), at=at)


class Checked:
    """A room in which a check of all wards waits, with the decider's ledger behind it."""

    def __init__(self, folder: Path, census: Census | None = None) -> None:
        self.room: Room = room_in(folder, wards_table(), census=census)
        self.room.clock.now = THEN.replace(hour=1)
        self.ledger = Ledger()
        self.draft = check(self.room.office, self.room.clock())
        self.take(Command(Verb.CREATE, self.draft.draft, "check", NINE_PM, draft=self.draft))

    def take(self, command: Command) -> None:
        decided = decide(self.ledger, command, at=self.room.clock())
        assert decided.record is not None, decided.refusal
        self.ledger.knows(decided.record)
        self._show(DRAFTS.name, decided.record.draft_id, decided.record)
        if decided.notice is not None:
            self._show(NOTICES.name, decided.notice.lineage, decided.notice)

    def confirm(self, by: str) -> None:
        self.take(Command(Verb.APPROVE, self.draft.draft, by, self.room.clock(), self.draft.notice.digest))

    def reached(self, **outcomes: int) -> None:
        notice = self.draft.notice
        receipt = ReceiptRecord(
            lineage=notice.lineage, revision=1, document="d", worker=0, workers=1, epoch=1,
            selected=sum(outcomes.values()), outcomes=dict(outcomes), wards={}, received_ms=1, first_accepted_ms=1,
            last_accepted_ms=9,
        )  # fmt: skip
        self._show(RECEIPTS.name, "r", receipt)

    def _show(self, topic: str, key: str, value: object) -> None:
        for known in (self.room.desk, self.room.sending):
            known.apply(Record(topic, 0, 0, key.encode(), encode(value), {}, 0))


def row(page: str, name: str) -> str:
    found = re.search(f"<th scope='row'>{name}</th><td>(.*?)</td>", page)
    return "" if found is None else found[1]


def test_of_a_check_over_all_wards_only_metropolitan_approvers_are_named_and_too_few_are_loud(tmp_path: Path) -> None:
    at = Checked(tmp_path)
    room = at.room
    room.add("koto", wards=(KOTO_WARD,))
    room.add("both", wards=(KOTO_WARD, EDOGAWA_WARD))
    room.add("drafter", Role.DRAFTER, ("*",))
    room.add("metro", wards=("*",))
    koto, metro = room.sign_in("koto"), room.sign_in("metro")
    for page in (koto.get("/checks").text, koto.get(f"/drafts/{at.draft.draft}").text):
        assert row(page, "承認できる人").startswith("metro <strong class='lapsed'>あと1人足りません")
        assert row(page, "待つ理由") == "二人の承認が要ります。まだだれも承認していません"
    room.add("mori", wards=("*",))
    assert row(metro.get("/checks").text, "承認できる人") == "metro、mori"
    at.confirm("metro")
    for page in (metro.get("/checks").text, metro.get(f"/drafts/{at.draft.draft}").text):
        assert row(page, "承認できる人") == "mori（一人目 metro は承認済み）"
        assert row(page, "待つ理由") == "二人の承認が要ります。あと1人"
    room.accounts.disable("mori")
    assert "あと1人足りません" in row(metro.get("/checks").text, "承認できる人")
    assert row(metro.get(f"/drafts/{room.drafts['feed'].draft_id}").text, "承認できる人") == "", "of no other draft"


def test_a_day_that_went_by_says_that_nothing_was_sent(tmp_path: Path) -> None:
    at = Checked(tmp_path)
    at.room.add("metro", wards=("*",))
    at.room.clock.now += DAY
    page = at.room.sign_in("metro").get("/checks").text
    assert "日が過ぎました。送られません（NOT SENT）" in page
    assert f"/drafts/{at.draft.draft}" not in page


@pytest.mark.parametrize(("away", "since", "aged"), [((0, 0, 100, 200, 400), "50", "50"), ((100, 200), "0", "25")])
def test_what_was_sent_has_its_counts_and_who_was_there_since(
    tmp_path: Path, away: tuple[float, ...], since: str, aged: str
) -> None:
    at = Checked(tmp_path, Census(None, people(*away)))
    at.confirm("metro")
    at.confirm("mori")
    at.reached(accepted=1_200, gone=34)
    at.room.add("koto", wards=(KOTO_WARD,))
    page = at.room.sign_in("koto").get("/checks").text
    assert "待っている受信の確認はありません" in page
    cells = re.findall(r"<td>(.*?)</td>", page.partition("<tbody>")[2].partition("</tbody>")[0])
    assert cells[2:6] == ["1,234", "1,200", since, aged]
    assert "千代田区、中央区、港区ほか20区" in cells[1]
    assert "どこにも送られません" in page


def test_no_figure_under_twenty_is_shown_and_what_nobody_counted_is_no_nought(tmp_path: Path) -> None:
    at = Checked(tmp_path)
    at.confirm("metro")
    at.confirm("mori")
    at.reached(accepted=7, gone=1)
    at.room.add("metro", wards=("*",))
    page = at.room.sign_in("metro").get("/checks").text
    cells = re.findall(r"<td>(.*?)</td>", page.partition("<tbody>")[2].partition("</tbody>")[0])
    assert cells[2:6] == ["&lt;20", "&lt;20", "分かりません", "分かりません"]


def test_who_signed_up_or_answered_before_those_ten_days_is_not_counted_and_nobody_is_known_finer() -> None:
    census = Census(None, people(0, 4, 11, 190))
    here = (KOTO[0].cell,)
    assert census.answered(here, since=THEN, at=THEN) == Answered(50, 25)
    assert census.answered(here, since=THEN - 3 * DAY, at=THEN) == Answered(50, 25), "the same ten days"
    assert census.answered(here, since=THEN + 10 * DAY, at=THEN + 10 * DAY) == Answered(0, 25)
    assert census.answered((), since=THEN, at=THEN) == Answered(0, 0)
    assert Census().answered(here, since=THEN, at=THEN) == Answered()


def test_nobody_looks_without_signing_in(tmp_path: Path) -> None:
    room = room_in(tmp_path)
    assert room.browser.get("/checks").headers["location"] == "/sign-in"
    room.add("koto", Role.DRAFTER)
    seat: Seat = room.sign_in("koto")
    assert 'href="/checks"' in seat.get("/").text
    assert "まだありません" in seat.get("/checks").text
