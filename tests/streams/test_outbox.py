"""Which rows go out in a turn, when those of several notices wait."""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from alerts.claim import Lane
from alerts.place import Cell
from dispatch.batch import BatchSender
from dispatch.metrics import DispatchMetrics
from dispatch.pushes import Pushes
from dispatch.settings import DispatchSettings
from dispatch.unapproved import unapproved
from streams.fanout.course import Course
from streams.fanout.fanout import FanOut
from streams.fanout.ledger import Ledger
from streams.fanout.outbox import BEHIND, Outbox, Sending
from streams.fanout.urgency import urgency_of
from streams.metrics import StreamMetrics

TURN = 64
SERVICE = "https://push.example"
AT = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)


@dataclass
class Waiting:
    """Rows of one notice that were never tried, and how many of them went out."""

    lane: Lane
    left: int
    gone: int = 0
    origins: tuple[str, ...] = (SERVICE,)

    def __post_init__(self) -> None:
        self.notice = unapproved((Cell(1),), AT, lane=self.lane)
        self.urgency = urgency_of(self.notice)

    def due(self, _now: float, _most: int) -> list[int]:
        return []

    def untried(self) -> tuple[str, ...]:
        return self.origins if self.left else ()

    def fresh(self, room: dict[str, int], most: int) -> NDArray[np.int64]:
        count = min(self.left, most, room[SERVICE])
        self.left, self.gone = self.left - count, self.gone + count
        return np.arange(count, dtype=np.int64)

    def rows(self, orders: NDArray[np.int64], _keys: list[int]) -> NDArray[np.int64]:
        return orders


def turn_of(*waiting: Waiting) -> list[int]:
    """Return how many rows of each go out in one turn."""
    sender = SimpleNamespace(free=4096, in_flight=0, submit_batch=lambda _batch: None)
    outbox = Outbox(
        cast("BatchSender", sender),
        DispatchSettings(),
        cast("Ledger", SimpleNamespace(unsaved=0)),
        lambda _: None,
        DispatchMetrics(CollectorRegistry()),
        StreamMetrics(CollectorRegistry()),
        1,
    )
    pushes = SimpleNamespace(batches=lambda rows, _now, short: ([Handed(SERVICE, tuple(rows.tolist()))], []))
    for one in waiting:
        course = cast("Course", SimpleNamespace(begun=True))
        outbox.add(Sending(course, cast("FanOut", one), cast("Pushes", pushes), TURN))
    outbox.fill(AT.timestamp())
    return [one.gone for one in waiting]


@dataclass(frozen=True)
class Handed:
    origin: str
    keys: tuple[int, ...]


@pytest.mark.parametrize("lane", [Lane.ROUTINE, Lane.CANARY])
def test_while_a_danger_has_more_than_a_turn_others_get_little_of_it_and_not_nothing(lane: Lane) -> None:
    assert turn_of(Waiting(lane, 1000), Waiting(Lane.LIFE_SAFETY, 300)) == [TURN // BEHIND, TURN]


def test_behind_what_fits_into_a_turn_and_alone_everybody_has_a_whole_one() -> None:
    assert turn_of(Waiting(Lane.LIFE_SAFETY, TURN - 1), Waiting(Lane.ROUTINE, 1000)) == [TURN - 1, TURN]
    assert turn_of(Waiting(Lane.ROUTINE, 1000), Waiting(Lane.CANARY, 1000)) == [TURN, TURN]


def test_a_danger_is_not_held_up_by_another_danger() -> None:
    assert turn_of(Waiting(Lane.LIFE_SAFETY, 300), Waiting(Lane.LIFE_SAFETY, 300)) == [TURN, TURN]
