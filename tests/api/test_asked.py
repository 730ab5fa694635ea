"""Acts of a command line: the console writes each down once, and none that is old or not on the list."""

from datetime import timedelta

import pytest

from api.officers.asked import AskedAct, AskedActs
from api.officers.audit import Act, Trail, broken_at
from streams.brokers.client import Record, SendError
from streams.dead_letters import Refused
from streams.topics import ASKED, AUDIT
from streams.wire import encode
from tests.api.test_office import Clock, Topics

CLOCK = Clock()


@pytest.fixture
def topics() -> Topics:
    return Topics()


@pytest.fixture
def console(topics: Topics) -> AskedActs:
    return AskedActs(Trail(topics, [], lambda: CLOCK().isoformat()), CLOCK)  # type: ignore[arg-type]


def asked(identifier: str = "a", *, act: Act = Act.POLICY_ADOPT, seconds_ago: float = 1) -> Record:
    at = CLOCK() - timedelta(seconds=seconds_ago)
    value = encode(AskedAct(identifier, "one+two", act, "policy.toml", "wider", at))
    return Record(ASKED.name, 0, 0, identifier.encode(), value, {}, 0)


def test_the_same_act_read_again_is_one_entry_and_done_again_is_two(console: AskedActs, topics: Topics) -> None:
    for record in (asked("a"), asked("a"), asked("b")):
        console.apply(record)
    assert topics.acts() == [
        ("one+two", "policy-adopt", "wider asked=a"),
        ("one+two", "policy-adopt", "wider asked=b"),
    ]
    assert broken_at(topics.of(AUDIT.name)) == ""


@pytest.mark.parametrize(
    "record",
    [asked(seconds_ago=21), asked(seconds_ago=-21), asked(act=Act.APPROVE)],
    ids=["given-up", "of-a-wrong-clock", "not-on-the-list"],
)
def test_what_is_not_to_be_written_down_is_not(console: AskedActs, topics: Topics, record: Record) -> None:
    console.apply(record)
    assert topics.acts() == []


def test_a_broker_that_is_away_is_asked_again_and_a_record_that_cannot_be_read_is_left_out(
    console: AskedActs, topics: Topics
) -> None:
    topics.away = frozenset({AUDIT.name})
    with pytest.raises(SendError):
        console.apply(asked())
    topics.away = frozenset()
    console.apply(asked())
    assert len(topics.acts()) == 1
    with pytest.raises(Refused):
        console.apply(Record(ASKED.name, 0, 0, b"x", b"{", {}, 0))
