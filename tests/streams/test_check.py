"""A check of reception goes out by two persons, unchanged, on its day, and never beside a danger (R19)."""

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import pytest

from alerts.cap import Severity
from alerts.claim import Lane, Release
from alerts.duty import alone_as
from alerts.level import Level
from alerts.notice import Notice, Phase, Recipients
from alerts.order_words import compose_order
from alerts.place import Cell
from alerts.reception_check import CheckDays, NoCheck, is_check
from alerts.wording import PartFacts
from api.known.state import State
from api.open_data.book import OpenBook
from api.orders.lint import STOPS, Finding, Stop, lint
from dispatch.columns import columns_of
from dispatch.file_drop import FileDrop
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.settings import DispatchSettings
from dispatch.subscription import Place, QuietHours
from dispatch.terms import Manner, code_of
from feeds.outgoing.forms import Form, Municipality
from streams.brokers.client import Record
from streams.deciding.decision import Decided, Ledger, decide
from streams.digest import approval_digest
from streams.notices.check import check_draft, threat_after
from streams.notices.edit import edited
from streams.outward.outlets import Outlet
from streams.outward.stage import why_kept_in
from streams.payloads import Command, Draft, DraftState, Verb
from streams.topics import NOTICES
from streams.wire import encode
from tests.dispatch.people import KOTO, notice, part, resident

DAY = date(2026, 11, 5)
MORNING = datetime(2026, 11, 5, 0, 30, tzinfo=UTC)  # 09:30 in Tokyo
GROUND = (Cell(h3.cell_to_parent(KOTO, 7)),)
AWAY = (Cell(h3.latlng_to_cell(35.7, 139.4, 9)),)
DAYS = CheckDays(frozenset({(11, 5)}), issuer="架空都")
ENDS = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)


def proposed() -> Draft:
    return check_draft(DAYS, place="江東区", cells=GROUND, day=DAY, at=MORNING)


def after(ledger: Ledger, command: Command, at: datetime = MORNING) -> Decided:
    decided = decide(ledger, command, at=at)
    if decided.notice is not None:
        ledger.has_sent(decided.notice)
    if decided.record is not None:
        ledger.knows(decided.record)
    return decided


def opened(draft: Draft) -> Ledger:
    ledger = Ledger()
    after(ledger, Command(Verb.CREATE, draft.draft, "check", MORNING, draft=draft))
    return ledger


def approve(draft: Draft, by: str) -> Command:
    return Command(Verb.APPROVE, draft.draft, by, MORNING, draft.notice.digest)


def danger(lineage: str = "danger", **given: Any) -> Notice:
    one = part((Cell(KOTO),), **given)
    return notice(one, lineage=lineage, expires=MORNING + timedelta(hours=3))


def test_it_goes_out_by_two_persons_with_the_words_that_both_saw() -> None:
    draft = proposed()
    ledger = opened(draft)
    assert ledger.drafts[draft.draft].state is DraftState.OPEN, "never by itself"
    first = after(ledger, approve(draft, "sato"))
    assert first.notice is None
    assert first.record is not None
    assert (first.record.state, first.record.reason) == (DraftState.OPEN, "confirmed-by:sato")
    for same in ("sato", alone_as("suzuki")):
        again = after(ledger, approve(draft, same))
        assert (again.notice, again.record, again.refusal) == (None, None, NoCheck.SAME_PERSON)
    second = after(ledger, approve(draft, "suzuki"))
    assert second.notice is not None
    assert is_check(second.notice)
    assert second.notice.digest == draft.notice.digest == approval_digest(second.notice)
    assert second.notice.lane is Lane.ROUTINE


def test_who_asks_for_one_that_goes_by_itself_or_was_confirmed_before_gets_nothing() -> None:
    draft = proposed()
    for sly in (replace(draft, release=Release.AUTOMATIC), replace(draft, edited_by=("nobody",))):
        decided = after(Ledger(), Command(Verb.CREATE, sly.draft, "x", MORNING, draft=sly))
        assert decided.notice is None
        assert decided.record is not None
        assert (decided.record.state, decided.record.reason) == (DraftState.HELD, "check-needs-two-persons")


def test_asked_for_twice_it_is_one_draft_and_its_words_are_never_changed() -> None:
    draft = proposed()
    ledger = opened(draft)
    later = check_draft(DAYS, place="江東区", cells=GROUND, day=DAY, at=MORNING + timedelta(minutes=9))
    assert later.notice.digest == draft.notice.digest
    assert after(ledger, Command(Verb.CREATE, later.draft, "check", MORNING, draft=later)).refusal == "already-decided"
    other = edited(draft, by="sato", words={}, expires=ENDS)
    change = Command(Verb.EDIT, draft.draft, "sato", MORNING, draft.notice.digest, other)
    assert after(ledger, change).refusal == NoCheck.CHANGED


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"level": Level.ELDERLY_LEAVE}, NoCheck.DANGER),
        ({"level": Level.SECURE_LIFE}, NoCheck.DANGER),
        ({"level": None, "severity": Severity.EXTREME}, NoCheck.DANGER),
        ({"level": Level.CHECK_ACTION}, None),
        ({"level": None, "severity": Severity.MODERATE}, None),
        ({"level": Level.SECURE_LIFE, "phase": Phase.LIFTED}, None),
    ],
)
def test_level_3_or_above_anywhere_in_its_ground_holds_it_back(given: dict[str, Any], why: NoCheck | None) -> None:
    draft = proposed()
    for moment in ("before the first", "between the two"):
        ledger = opened(draft)
        if moment == "between the two":
            after(ledger, approve(draft, "sato"))
        ledger.has_sent(danger(**given))
        refused = after(ledger, approve(draft, "suzuki"))
        assert refused.refusal == (why or ""), moment
        assert ledger.drafts[draft.draft].state is not DraftState.VOID, "afterwards it may still go, on its day"


def test_danger_elsewhere_or_over_holds_nothing_back_and_an_order_does_until_it_is_lifted() -> None:
    draft, ledger = proposed(), opened(proposed())
    ledger.has_sent(notice(part(AWAY), lineage="away"))
    ledger.has_sent(danger("over"))
    ledger.has_sent(replace(danger("over", level=None, phase=Phase.LIFTED, recipients=Recipients.TOLD), revision=2))
    assert after(ledger, approve(draft, "sato")).refusal == ""
    old = MORNING - timedelta(days=5)
    facts = PartFacts(Phase.ISSUED, Level.ALL_LEAVE, Severity.EXTREME, (), ("江東区",), "江東区", old, old)
    texts = tuple(compose_order(facts, language) for language in ("ja", "en"))
    order = replace(danger("order", texts=texts), expires=old)
    ledger.has_sent(order)
    assert after(ledger, approve(draft, "suzuki")).refusal == NoCheck.ORDER, "expiry ends no order (R10)"
    lifted = replace(danger("order", phase=Phase.LIFTED, recipients=Recipients.ALL_TOLD), revision=2)
    ledger.has_sent(lifted)
    assert after(ledger, approve(draft, "suzuki")).notice is not None


def test_a_danger_that_nobody_lifted_is_one_for_a_day_past_its_end() -> None:
    threat = threat_after(None, danger())
    assert threat is not None
    assert threat.until == MORNING + timedelta(hours=27)


def test_a_danger_that_waits_for_a_person_holds_it_back_and_so_does_the_evening() -> None:
    draft, ledger = proposed(), opened(proposed())
    waits = danger("waits")
    waits = replace(waits, digest=approval_digest(waits))
    source = replace(draft.provenance, lineage="waits", lane=Lane.LIFE_SAFETY, feed="gauge")
    order = Draft("waits", source, True, Release.DRAFT, waits, draft.told_after)
    after(ledger, Command(Verb.CREATE, "waits", "notices", MORNING, draft=order))
    assert after(ledger, approve(draft, "sato")).refusal == NoCheck.WAITING
    after(ledger, Command(Verb.VOID, "waits", "sato", MORNING))
    assert after(ledger, approve(draft, "sato"), ENDS).refusal == NoCheck.DAY_OVER
    assert after(ledger, approve(draft, "sato")).refusal == ""


def test_the_linter_passes_it_and_stops_it_beside_a_danger() -> None:
    draft, settings = proposed(), DispatchSettings(site_url="https://example.org/")
    assert lint(draft.notice, at=MORNING, settings=settings) == ()
    found = lint(draft.notice, at=MORNING, settings=settings, live=[danger()])
    assert [(one.finding, STOPS[one.finding]) for one in found] == [(Finding.CHECK_IN_DANGER, Stop.LANE)]


def sent() -> Notice:
    return replace(proposed().notice, approved_by="suzuki", approved_at=MORNING)


def test_it_is_in_no_other_channel_on_no_map_and_in_no_open_data() -> None:
    record = Record(NOTICES.name, 0, 0, sent().lineage.encode(), encode(sent()))
    state, book = State(), OpenBook()
    state.apply(record)
    book.apply(record)
    assert (state.view().in_force, state.view().heard) == ((), ())
    assert book.newest(9)[1] == ()
    ward = Municipality("13108", "江東区", {})
    for form in Form:
        outlet = Outlet(ward, form, True, lambda: FileDrop(Path("unused")))
        assert why_kept_in(outlet, sent(), GROUND) == "reception-check"


def test_everybody_in_its_ground_is_sent_it_but_who_asked_for_quiet_now_and_drill_and_test_rows() -> None:
    rng, home = random.Random(19), Cell(KOTO)
    plain = resident(rng)
    only_level_5 = resident(rng, [Place(home, min_level=5)])
    asleep = resident(rng, quiet_hours=QuietHours(9, 11))
    others = [asleep, resident(rng, [Place(AWAY[0])]), resident(rng, drill=True), resident(rng, canary=True)]
    people = People(Registry.of(columns_of([plain, only_level_5, *others])))
    chosen = select(people, sent(), at=MORNING)
    assert set(people.row_numbers(chosen.rows).tolist()) == {plain.row, only_level_5.row}
    assert chosen.quieted == 1


def test_a_push_of_it_says_that_it_is_one_and_the_same_to_whoever_follows_somebody_elses_place() -> None:
    messages = Messages(sent(), DispatchSettings(site_url="https://example.org/"))
    plain, informed = (
        json.loads(messages.for_part(0, "ja", code).plaintext) for code in (0, code_of(0, Manner.INFORM))
    )
    assert plain["shirase"]["check"] is True
    assert plain["shirase"]["level"] is None
    assert plain["notification"]["body"] == informed["notification"]["body"] == sent().parts[0].texts[0].body
    of_danger = Messages(danger(), DispatchSettings(site_url="https://example.org/")).for_part(0, "ja")
    assert "check" not in json.loads(of_danger.plaintext)["shirase"]
    assert messages.for_part(0, "ja").urgency == "normal"
