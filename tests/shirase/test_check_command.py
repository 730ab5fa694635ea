"""`shirase check open`: a draft on the days that are written down, and nothing on any other (R19)."""

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import h3.api.basic_int as h3
import pytest
from click.testing import CliRunner

from alerts.notice import Notice
from alerts.place import Cell
from alerts.reception_check import NoCheck, is_check
from api.known.wards import Ground
from geo.cells import contains, union
from shirase.areas import table_at
from shirase.cli import main
from shirase.commands.check import draft_at
from shirase.paths import DEFAULT_AREAS
from streams.brokers.broker import ensure_topics, open_broker
from streams.brokers.client import read_to_end
from streams.payloads import Command, Draft, DraftRecord, DraftState, Verb
from streams.topics import (
    COMMANDS,
    DEAD_LETTERS,
    DRAFTS,
    DRILL_NOTICES,
    NOTICES,
    OWNERS,
    PLANS,
    PROGRESS,
    RECEIPTS,
    SUBSCRIPTIONS,
    TOLD,
)  # fmt: skip
from streams.wire import decode
from tests.dispatch.people import KOTO
from tests.streams.test_decider import ask, decide_all
from tests.streams.test_dispatcher import FakeSender, finish, people, worker

MORNING = datetime(2026, 11, 5, 0, 30, tzinfo=UTC)


class Stopped(datetime):
    """The clock of a process on the morning of a check, far ahead of the clock by which a push would expire."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime(2099, 11, 5, 0, 30, tzinfo=tz)


def register(folder: Path, text: str) -> Path:
    path = folder / "checks.toml"
    path.write_text(text, encoding="utf-8")
    return path


def table() -> Path:
    assert DEFAULT_AREAS.exists(), "the area table is not built yet: make unit, or shirase areas"
    return DEFAULT_AREAS


def test_a_draft_is_of_the_wards_whose_day_it_is(tmp_path: Path) -> None:
    checks = register(tmp_path, 'issuer = "架空都"\ndays = ["11-05"]\n[[ward]]\ncode = "13123"\ndays = ["06-10"]\n')
    ground = Ground(table_at(table()))
    found = draft_at(checks, table(), MORNING)
    assert isinstance(found, Draft)
    cells = found.notice.parts[0].cells
    assert contains(cells, Cell(KOTO))
    assert not any(contains(cells, cell) for cell in ground.cells["江戸川区"]), "it has days of its own"
    assert union(cells, ground.cells["江戸川区"]) == union(*ground.cells.values())
    assert draft_at(checks, table(), MORNING + timedelta(days=1)) is NoCheck.NO_DAY
    assert draft_at(checks, table(), MORNING.replace(hour=11)) is NoCheck.DAY_OVER
    own = draft_at(checks, table(), datetime(2027, 6, 10, 0, 0, tzinfo=UTC))
    assert isinstance(own, Draft)
    assert ground.wards_of(own.notice.parts[0].cells) == {
        code for code, name in ground.names.items() if name == "江戸川区"
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [("days = 3", "at most 2"), ("days = [", "checks.toml"), ('[[ward]]\ncode = "99999"\n', "99999 is no ward")],
)
def test_a_register_that_is_wrong_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    words = ["--broker", "127.0.0.1:1", "--checks", str(register(tmp_path, text)), "--areas", str(table())]
    result = CliRunner().invoke(main, ["check", "open", *words])
    assert result.exit_code == 1
    assert says in result.output
    gone = CliRunner().invoke(main, ["check", "open", *words[:3], str(tmp_path / "none")])
    assert gone.exit_code == 1


def test_from_the_command_by_two_persons_to_every_phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = register(tmp_path, 'issuer = "架空都"\ndays = ["11-05"]\n')
    monkeypatch.setattr("shirase.commands.check.datetime", Stopped)
    monkeypatch.setattr("streams.deciding.decider.datetime", Stopped)
    monkeypatch.setattr("streams.fanout.dispatcher.datetime", Stopped)
    topics = [COMMANDS, DRAFTS, NOTICES, DRILL_NOTICES, PLANS, TOLD, PROGRESS, RECEIPTS, OWNERS, SUBSCRIPTIONS]
    with open_broker("embedded") as broker:
        ensure_topics(broker, [*topics, DEAD_LETTERS])
        words = ["check", "open", "--broker", broker.bootstrap, "--checks", str(checks), "--areas", str(table())]
        for _ in range(2):
            result = CliRunner().invoke(main, words)
            assert result.exit_code == 0, result.output
            assert "waits for two persons" in result.output
        decide_all(broker, 2)
        (opened,) = [decode(DraftRecord, record.value) for record in read_to_end(broker.bootstrap, DRAFTS.name)]
        assert opened.draft is not None
        for name in ("sato", "sato", "suzuki"):
            ask(broker, Command(Verb.APPROVE, opened.draft_id, name, MORNING, opened.draft.notice.digest))
        decide_all(broker, 3)
        verdicts = [decode(DraftRecord, record.value) for record in read_to_end(broker.bootstrap, DRAFTS.name)]
        assert [(one.state, one.reason) for one in verdicts] == [
            (DraftState.OPEN, "needs-a-person"),
            (DraftState.OPEN, "confirmed-by:sato"),
            (DraftState.APPROVED, "approved-by:suzuki"),
        ]
        (sent,) = [decode(Notice, record.value) for record in read_to_end(broker.bootstrap, NOTICES.name)]
        assert is_check(sent)
        sender = FakeSender()
        away = Cell(h3.latlng_to_cell(34.7, 135.5, 9))
        residents = [*people(6), *people(3, away, seed=2)]
        (receipt,) = finish(broker, worker(broker, residents, sender))
        assert receipt.outcomes == {"accepted": 6}
        assert {push.url for push in sender.submitted} == {one.endpoint for one in residents[:6]}
