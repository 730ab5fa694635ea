"""Whom a revision told is remembered as its records come, whatever their order, and as one reading all would say."""

import random
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from dispatch.told import Told
from streams.brokers.client import Stored
from streams.fanout.told_book import ToldBook, number_of


class Broker:
    def send(self, topic: str, _key: bytes, _value: bytes | None) -> "Future[Stored]":
        answer: Future[Stored] = Future()
        answer.set_result(Stored(topic, 0, 0))
        return answer


def told(rng: random.Random) -> Told:
    rows = np.array(rng.sample(range(40), rng.randint(1, 6)), dtype=np.uint64)
    zeros: dict[str, Any] = {
        "places": np.zeros(len(rows), np.uint8), "language": np.zeros(len(rows), np.uint8),
        "origin": np.zeros(len(rows), np.uint16),
    }  # fmt: skip
    parts = np.array([rng.randrange(3) for _ in rows], dtype=np.uint16)
    nobody: dict[str, Any] = {"earlier": np.zeros(0, np.uint64), "earlier_places": np.zeros(0, np.uint8)}
    return Told(1, rows, parts, origins=("https://a",), languages=("ja",), **zeros, **nobody)


def kept(book: ToldBook, records: Mapping[int, Told]) -> None:
    book.store(Broker(), "lineage", 1, records).wait()  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(20))
def test_whom_a_revision_told_is_the_same_asked_often_or_once(seed: int) -> None:
    rng = random.Random(seed)
    asked, once = ToldBook(), ToldBook()
    numbers = [number_of(bucket, place, tail) for bucket in range(2) for place in range(2) for tail in range(5)]
    if rng.random() < 0.5:
        numbers.sort()  # as they come mostly; else ranges of the revision itself after a tail of it
    else:
        rng.shuffle(numbers)
    while numbers:
        records = {numbers.pop(0): told(rng) for _ in range(min(len(numbers), rng.randint(1, 3)))}
        kept(asked, records)
        kept(once, records)
        asked.parts_of("lineage", 1)
        assert asked.last_tail("lineage", 1) == max(asked.tails("lineage", 1), default=0)
    (units, parts), (all_units, all_parts) = asked.parts_of("lineage", 1), once.parts_of("lineage", 1)
    assert (units.tolist(), parts.tolist()) == (all_units.tolist(), all_parts.tolist())
    assert (units.itemsize, parts.itemsize) == (8, 2)
    newest: dict[int, int] = {}
    for _, record in sorted(once._lineages["lineage"][1].items()):
        newest.update(zip(record.units().tolist(), record.parts.tolist(), strict=True))
    assert dict(zip(units.tolist(), parts.tolist(), strict=True)) == newest
