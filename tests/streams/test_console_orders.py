"""An order that a coordinator writes, through the pure stages: a draft, a second person, and its end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.claim import Lane
from alerts.notice import Notice, Phase
from alerts.report import OutcomeKind
from api.console.office import author_of
from feeds.console_write import console_document
from feeds.errors import ConsoleError
from streams.ingest.settlement import Settled
from streams.payloads import Command, Draft, DraftState, Verb
from tests.streams.test_orders import NOON, Line, rain_warning, says

EDOGAWA = {"code": "1312300", "name": "江戸川区"}
KATSUSHIKA = {"code": "1312200", "name": "葛飾区"}


class ConsoleLine(Line):
    """The same stages, with documents that come by the console."""

    def post(self, content: bytes, minute: int) -> Settled:
        return self.go_on(self.ingest.take_by(content, NOON + timedelta(minutes=minute), "console"), minute)

    def approve(self, by: str, minute: int) -> Notice:
        draft = self.waiting()
        at = NOON + timedelta(minutes=minute)
        before = len(self.notices)
        self.decide(Command(Verb.APPROVE, draft.draft, by, at, draft.notice.digest), at)
        assert len(self.notices) == before + 1
        # As the stage hears it from `notices`: what a person let go is told from then on.
        self.board.hear_notice(self.notices[-1])
        return self.notices[-1]

    def waiting(self) -> Draft:
        draft = self.drafts[-1].draft
        assert draft is not None
        return draft


def order(minute: int, *, by: str = "aoki", thing: str = "post-1", **changes: Any) -> bytes:
    at = NOON + timedelta(minutes=minute)
    said: dict[str, Any] = {"level": 4, "hazard": "flood", "areas": [EDOGAWA], "issuer": "江戸川区"}
    return console_document("order", thing, by=by, at=at, **{**said, "valid_until": at + timedelta(hours=6), **changes})


def test_an_order_opens_a_draft_even_in_a_flood_and_names_its_author_to_the_approver_only() -> None:
    line = ConsoleLine()
    line.take(rain_warning(0), 0)
    told = len(line.notices)
    settled = line.post(order(5), 5)
    assert (settled.record.outcome, settled.record.reason) == (OutcomeKind.HELD, "policy-draft")
    assert settled.record.release_reason == "console-order"
    assert len(line.notices) == told
    assert line.drafts[-1].state is DraftState.OPEN
    draft = line.waiting()
    assert author_of(draft.provenance) == "aoki"
    assert (draft.notice.feed, draft.notice.issuer, draft.notice.lane) == ("console", "江戸川区", Lane.LIFE_SAFETY)
    for part in draft.notice.parts:
        for text in part.texts:
            assert "aoki" not in text.title + text.body
            assert "console" not in text.title + text.body
    assert draft.notice.parts[0].texts[0].title == "レベル4 避難指示"
    assert line.approve("baba", 6).approved_by == "baba"


def test_what_a_feed_says_has_no_author_whatever_its_issuer_calls_itself() -> None:
    line = ConsoleLine()
    line.take(says(0), 0)
    assert author_of(line.waiting().provenance) == ""
    assert author_of(replace(line.waiting().provenance, source_ref="console:aoki,1,now")) == ""


def test_an_author_with_a_comma_in_the_name_is_one_author() -> None:
    line = ConsoleLine()
    line.post(order(0, by="aoki, duty officer"), 0)
    assert author_of(line.waiting().provenance) == "aoki, duty officer"


def test_two_wards_are_two_areas_of_one_draft() -> None:
    line = ConsoleLine()
    line.post(order(0, areas=[EDOGAWA, KATSUSHIKA], issuer="各区"), 0)
    names = {name for part in line.waiting().notice.parts for name in part.area_names}
    assert names == {"江戸川区", "葛飾区"}


def test_the_same_reception_again_is_the_same_document() -> None:
    line = ConsoleLine()
    line.post(order(0), 0)
    again = line.post(order(0), 1)
    assert again.record.outcome is OutcomeKind.DUPLICATE
    assert len([one for one in line.drafts if one.state is DraftState.OPEN]) == 1


def test_the_end_of_an_order_goes_by_itself_to_those_who_were_told() -> None:
    line = ConsoleLine()
    line.post(order(0), 0)
    line.approve("baba", 1)
    line.post(order(30, ended=True, valid_until=None), 30)
    assert line.notices[-1].parts[0].phase is Phase.LIFTED
    assert line.notices[-1].approved_by == "policy"


def test_an_order_that_was_lifted_before_anybody_approved_it_can_no_longer_go_out() -> None:
    line = ConsoleLine()
    line.post(order(0), 0)
    waiting = line.waiting()
    line.post(order(5, ended=True, valid_until=None), 5)
    at = NOON + timedelta(minutes=6)
    line.decide(Command(Verb.APPROVE, waiting.draft, "baba", at, waiting.notice.digest), at)
    assert line.notices == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"level": 2}, "console-level"),
        ({"level": True}, "console-level"),
        ({"level": "4"}, "console-level"),
        ({"level": [4]}, "console-level"),
        ({"hazard": "earthquakes"}, "console-field"),
        ({"areas": []}, "console-no-place"),
        ({"areas": ["1312300"]}, "console-no-place"),
        ({"areas": [{"code": "13123", "name": "江戸川区"}]}, "console-area"),
        ({"areas": [{"code": "1312300"}]}, "console-field-missing"),
        ({"issuer": ""}, "console-field-missing"),
        ({"valid_until": None}, "console-time"),
        ({"valid_until": NOON}, "console-time"),
        ({"valid_until": NOON + timedelta(days=4)}, "console-time"),
        ({"point": [35.7, 139.8]}, "console-unknown-field"),
    ],
)
def test_an_order_is_read_whole_or_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConsoleError) as refused:
        order(0, **changes)
    assert refused.value.reason == reason


def test_an_order_for_an_area_that_nobody_knows_tells_nobody() -> None:
    line = ConsoleLine()
    settled = line.post(order(0, areas=[{"code": "9999900", "name": "架空区"}], issuer="架空区"), 0)
    assert (settled.record.outcome, settled.record.reason) == (OutcomeKind.HELD, "area-not-in-table")
    assert line.drafts == []


def test_drill_words_in_an_order_hold_it() -> None:
    line = ConsoleLine()
    settled = line.post(order(0, text="これは訓練です"), 0)
    assert (settled.record.outcome, settled.claims) == (OutcomeKind.HELD, ())
