"""One person alone (R14): a small area where the second cannot be reached, loudly, and never more than that."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import h3.api.basic_int as h3
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Lane
from alerts.duty import AloneRule, alone_as, alone_by
from alerts.errors import PolicyError
from alerts.place import Cell, Cells
from alerts.policy import Policy
from alerts.policy_change import settings_changed
from api.console.board_routes import board_routes
from api.known.board import Orders
from api.known.census import Census
from api.officers.accounts import Account, Role
from api.officers.alone import AloneBook, Asked, LetGo, NotAlone, together, why_not_alone
from api.officers.approval import WIDE_PEOPLE, Proposal
from geo.cells import compact, expand, union
from streams.brokers.client import Record
from streams.topics import NOTICES
from streams.wire import encode
from tests.api.evening import NINE_PM
from tests.api.test_editing import edit
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, Seat, room_in
from tests.api.test_posting import ORDER, Stages, post, written
from tests.streams.evening import wards_table

RULE = AloneRule(on=True, most_people=1_000, window_minutes=60, after_seconds=60)
DISK = tuple(Cell(cell) for cell in h3.grid_disk(h3.latlng_to_cell(35.7, 139.8, 9), 3))
EAST = {cell: h3.cell_to_latlng(cell)[1] > 139.8 for cell in DISK}
PEOPLE: dict[int, int] = {cell: 40 + 17 * (number % 5) for number, cell in enumerate(DISK)}


def wards_of(cells: Cells) -> frozenset[str]:
    return frozenset("east" if EAST[cell] else "west" for cell in expand(cells))


def residents(cells: Cells) -> int:
    return sum(PEOPLE[cell] for cell in expand(cells))


def asked(cells: Cells, by: str = "aoki", lineage: str = "l", since: datetime = NINE_PM) -> Asked:
    proposal = Proposal(frozenset({by}), Lane.LIFE_SAFETY, wards_of(cells), residents(cells))
    return Asked(proposal, lineage, cells, since)


def refusal(
    one: Asked,
    account: Account,
    earlier: tuple[LetGo, ...] = (),
    standing: Cells = (),
    *,
    at: datetime = NINE_PM + timedelta(minutes=2),
    reason: str = "二人目と連絡がつかない",
    rule: AloneRule = RULE,
    counted: Mapping[int, int] | None = PEOPLE,
) -> NotAlone | None:
    ground = together(one, account.name, earlier, standing, rule=rule, wards_of=wards_of, at=at)
    return why_not_alone(
        account, one, ground, reason, rule=rule, wards_of=wards_of, at=at,
        residents=residents if counted is not None else lambda _: None,
    )  # fmt: skip


APPROVER = Account("aoki", Role.APPROVER, frozenset({"east", "west"}))
ONE_WARD = compact(cell for cell in DISK[:12] if EAST[cell])


@pytest.mark.parametrize(
    ("why", "changed"),
    [
        (None, {}),
        (NotAlone.OFF, {"rule": replace(RULE, on=False)}),
        (NotAlone.TOO_SOON, {"at": NINE_PM + timedelta(seconds=59)}),
        (NotAlone.NOT_COUNTED, {"counted": None}),
        (NotAlone.REASON, {"reason": "急ぐ"}),
        (NotAlone.PEOPLE, {"rule": replace(RULE, most_people=residents(ONE_WARD) - 1)}),
        (NotAlone.WARDS, {"standing": compact(DISK)}),
    ],
)
def test_each_condition_refuses_with_its_own_code(why: NotAlone | None, changed: dict[str, object]) -> None:
    assert refusal(asked(ONE_WARD), APPROVER, **changed) is why  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (replace(APPROVER, role=Role.DRAFTER), NotAlone.NOT_YOURS),
        (replace(APPROVER, wards=frozenset({"west"})), NotAlone.NOT_YOURS),
        (replace(APPROVER, wards=frozenset({"*"})), NotAlone.NOT_YOURS),
        (replace(APPROVER, name="baba"), NotAlone.NOT_NEEDED),
    ],
    ids=["drafter", "another-ward", "acting-for-a-ward", "not-the-author"],
)
def test_only_an_approver_of_the_ward_may_and_only_what_she_wrote(account: Account, why: NotAlone) -> None:
    assert refusal(asked(ONE_WARD), account) is why


Step = tuple[list[int], str, int, int]
STEPS = st.lists(
    st.tuples(
        st.lists(st.integers(0, len(DISK) - 1), min_size=1, max_size=9),
        st.sampled_from(["aoki", "baba"]),
        st.integers(0, 2),
        st.integers(0, 40),
    ),
    min_size=2,
    max_size=10,
)


@given(STEPS)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_many_small_areas_never_come_to_more_than_one_small_area(steps: list[Step]) -> None:
    """Whatever is asked in whatever order: what went alone within the window stays one ward and few people."""
    at, gone, standing = NINE_PM + timedelta(minutes=5), list[LetGo](), dict[str, Cells]()
    for picked, by, number, minutes in steps:
        at += timedelta(minutes=minutes)
        cells, lineage = compact({DISK[one] for one in picked}), f"order-{number}"
        account = replace(APPROVER, name=by)
        before = standing.get(lineage, ())
        if refusal(asked(cells, by, lineage), account, tuple(gone), before, at=at) is None:
            gone.append(LetGo(by, at, lineage, cells))
            standing[lineage] = union(before, cells)
        recent = [one for one in gone if at - one.at <= timedelta(minutes=RULE.window_minutes)]
        for person in ("aoki", "baba"):
            hers = union(*(one.cells for one in recent if one.by == person))
            assert residents(hers) <= RULE.most_people
            assert len(wards_of(hers)) <= 1
        for ward in ("east", "west"):
            assert residents(union(*(one.cells for one in recent if ward in wards_of(one.cells)))) <= RULE.most_people
        assert all(len(wards_of(cells)) <= 1 for cells in standing.values()), "an order that grows is one order"


def test_a_policy_makes_it_narrower_and_never_wider_than_two_persons_are_needed_for() -> None:
    row = {"name": "a", "release": "hold"}

    def read(**alone: object) -> Policy:
        return Policy.from_plain({"version": 1, "rule": [row], "alone": alone})

    assert Policy.from_plain({"version": 1, "rule": [row]}).alone.on is False, "nobody may unless it says so"
    assert read(on=True, most_people=500).alone == AloneRule(on=True, most_people=500)
    for wrong in ({"most_people": WIDE_PEOPLE + 1}, {"window_minutes": 5}, {"after_seconds": 0}, {"many": 1}):
        with pytest.raises(PolicyError):
            read(**wrong)
    wider = settings_changed(read(on=True, most_people=500), read(on=True, most_people=600, window_minutes=30))
    assert [widens for _, widens in wider] == [True, True]
    assert settings_changed(read(on=True), read())[0] == ("alone.on: True -> False", False)


# ── at the console ────────────────────────────────────────────────────────────────────────────────


def koto_room(tmp_path: Path, each: int = 10) -> Room:
    table = wards_table()
    people: dict[int, int] = dict.fromkeys(
        (cell for code in table.codes() for cell in expand(_cover(table, code))), each
    )
    room = room_in(tmp_path, table, Census(people))
    object.__setattr__(room.office, "alone_rule", replace(RULE, most_people=50_000))
    return room


def _cover(table: object, code: str) -> Cells:
    from alerts.alert import GEOCODE_CLASS20, Geocode

    found = table.lookup(Geocode(GEOCODE_CLASS20, code))  # type: ignore[attr-defined]
    return found.cells if found is not None else ()


def author_of(room: Room, stages: Stages, **fields: str) -> tuple[Seat, str]:
    """Return who wrote an order that waits, and its draft."""
    room.add("aoki", wards=(KOTO_WARD, EDOGAWA_WARD))
    seat = room.sign_in("aoki")
    assert post(seat, "order", **{**ORDER, **fields}).status_code == 303
    stages.go_on()
    return seat, written(room).draft_id


def alone(seat: Seat, draft_id: str, reason: str = "停電で二人目が来られない", **changed: str) -> httpx.Response:
    page = seat.get(f"/drafts/{draft_id}").text
    found = dict(re.findall(r'name="(csrf|digest)" value="([^"]*)"', page))
    fields = {**found, "reason": reason, "code": seat.room.code(seat.name), **changed}
    return seat.room.form(f"/drafts/{draft_id}/alone", fields, {"cookie": seat.cookie})


def test_one_officer_alone_sends_a_small_area_and_everybody_can_see_it(tmp_path: Path) -> None:
    orders = Orders()
    room = koto_room(tmp_path)
    room.app.include_router(board_routes(room.office, orders))
    stages = Stages(room)
    seat, draft_id = author_of(room, stages)
    room.clock.now = NINE_PM + timedelta(minutes=10)
    assert "もう一人を呼び出しています" in seat.get(f"/drafts/{draft_id}").text
    assert alone(seat, draft_id).status_code == 403, "the roster has not been called yet"
    room.clock.now += timedelta(minutes=2)
    assert "ひとりで承認して住民に送る" in seat.get(f"/drafts/{draft_id}").text
    assert alone(seat, draft_id, "急ぐ").status_code == 403
    assert alone(seat, draft_id, code="000000").status_code == 403
    csrf = re.findall(r'name="csrf" value="([^"]*)"', seat.get(f"/drafts/{draft_id}").text)[0]
    sent = alone(seat, draft_id)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/?did={draft_id}")
    stages.go_on()
    (notice,) = stages.sent
    assert alone_by(notice.approved_by) == "aoki"
    acts = [(act, detail) for by, act, detail in room.topics.acts() if act.startswith("approve-alone")]
    assert [act for act, _ in acts] == ["approve-alone-refused"] * 3 + ["approve-alone"]
    assert acts[-1][1] == f"{notice.digest} alone: 停電で二人目が来られない"
    orders.apply(Record(NOTICES.name, 0, 0, b"", encode(notice), {}, 0))
    for page, said in (
        ("/", "aoki（ひとりで承認）"),
        (f"/sending/{notice.lineage}", "aokiがひとりで承認しました"),
        ("/board", "ひとりで承認：aoki"),
    ):
        assert said in seat.get(page).text, page
    again = alone(seat, draft_id, digest=notice.digest, csrf=csrf)
    assert again.headers["location"] == f"/?did={draft_id}", "the same form has the same answer"
    assert len(stages.sent) == 1


@pytest.mark.parametrize("gone_out", [True, False], ids=["gone-out", "decider-silent"])
def test_a_second_small_area_counts_with_the_first(tmp_path: Path, *, gone_out: bool) -> None:
    room = koto_room(tmp_path)
    stages = Stages(room)
    known = {record.draft_id for record in room.drafts.values()}
    seat, first = author_of(room, stages, wards="", line="35.634,139.72", metres="300", area_name="一つ目")
    second_form = {**ORDER, "wards": "", "line": "35.646,139.72", "metres": "300", "area_name": "二つ目"}
    assert post(seat, "order", **second_form).status_code == 303
    stages.go_on()
    (second,) = {one.draft_id for one in room.desk.view().drafts} - known - {first}
    both = room.office.census.residents(union(_ground(room, first), _ground(room, second))) or 0
    object.__setattr__(room.office, "alone_rule", replace(RULE, most_people=both - 1))
    room.clock.now += timedelta(minutes=3)
    assert alone(seat, first).status_code == 303
    if gone_out:
        stages.go_on()
        for notice in stages.sent:
            room.office.alone.apply(Record(NOTICES.name, 0, 0, b"", encode(notice), {}, 0))
    else:
        # Killed meanwhile: what it remembers is the line in the trail.
        object.__setattr__(room.office, "alone", AloneBook())
    refused = alone(seat, second)
    assert refused.status_code == 403
    assert "人数が多すぎます" in refused.text
    room.clock.now += timedelta(minutes=30)
    assert alone(room.sign_in("aoki"), second).status_code == 403
    room.clock.now += timedelta(minutes=31)
    assert alone(room.sign_in("aoki"), second).status_code == 303, "an hour later it is an area of its own"


def _ground(room: Room, draft_id: str) -> Cells:
    record = room.desk.draft(draft_id)
    assert record is not None
    assert record.draft is not None
    return union(*(part.cells for part in record.draft.notice.parts))


def test_an_edit_after_it_and_a_state_that_is_old_send_nothing(tmp_path: Path) -> None:
    room = koto_room(tmp_path)
    stages = Stages(room)
    seat, draft_id = author_of(room, stages)
    room.clock.now += timedelta(minutes=3)
    object.__setattr__(room.office, "is_current", lambda: False)
    assert "いまの状況を読み込めていません" in alone(seat, draft_id).text
    object.__setattr__(room.office, "is_current", lambda: True)
    assert alone(seat, draft_id, digest="0" * 64).status_code == 409
    before = room.desk.draft(draft_id)
    assert before is not None
    assert before.draft is not None
    old = before.draft.notice.digest
    assert edit(seat, draft_id, hours="1").status_code == 303
    stages.go_on()
    room.clock.now += timedelta(minutes=3)
    assert alone(seat, draft_id, digest=old).status_code == 409, "what she saw before is gone"
    assert stages.sent == []
    assert alone_by(alone_as("aoki")) == "aoki"
