"""Snapshots computed from `telegrams` alone are those that the stages published, digest by digest."""

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Claim, HazardSnapshot
from alerts.place import Shard
from feeds.read import series_of
from geo.hazard_map import digest_of
from streams.hazards.recompute import maps_of
from streams.ingest.settlement import Arrival
from streams.wire import decode, encode
from tests.streams.evening import START, Maps, arrival, evening, policy, settled_evening, wards_table


def telegrams() -> list[tuple[bytes, Arrival]]:
    return [
        (series_of(document.raw).encode(), arrival(document.raw, START + document.at, document.name))
        for document in evening()
    ]


def recomputed(order: Sequence[tuple[bytes, Arrival]]) -> dict[Shard, HazardSnapshot]:
    return maps_of(order, table=wards_table(), policy=policy())


def published(claims: Sequence[Claim]) -> dict[Shard, HazardSnapshot]:
    maps = Maps()
    for one in maps.take(decode(Claim, encode(claim)) for claim in claims):
        assert one.digest == digest_of(one.shard, one.standings)
    return maps.maps


def test_the_map_of_the_evening_is_the_same_from_its_telegrams_alone() -> None:
    through_the_stages = published([claim for _, settled in settled_evening() for claim in settled.claims])
    again = recomputed(telegrams())
    assert again.keys() == through_the_stages.keys()
    assert {s: m.digest for s, m in again.items()} == {s: m.digest for s, m in through_the_stages.items()}
    assert any(standing.dangers == () for one in again.values() for standing in one.standings), "ends are kept"


@given(st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, derandomize=True)
def test_how_series_lie_between_each_other_and_what_is_read_twice_changes_no_content(chance: random.Random) -> None:
    by_series: dict[bytes, list[tuple[bytes, Arrival]]] = {}
    for one in telegrams():
        by_series.setdefault(one[0], []).append(one)
    waiting = list(by_series.values())
    order: list[tuple[bytes, Arrival]] = []
    while waiting:
        queue = chance.choice(waiting)
        order.append(queue.pop(0))
        if chance.random() < 0.2:
            order.append(order[-1])  # its worker died before it could commit
        waiting = [queue for queue in waiting if queue]
    want = recomputed(telegrams())
    assert {s: m.digest for s, m in recomputed(order).items()} == {s: m.digest for s, m in want.items()}


def test_the_map_of_a_moment_knows_nothing_that_came_later() -> None:
    early = [one for one in telegrams() if one[1].received <= START]
    later = recomputed(telegrams()[: len(early) + 6])
    assert early
    assert {m.digest for m in recomputed(early).values()} != {m.digest for m in later.values()}
    documents = {s.provenance.document for m in recomputed(early).values() for s in m.standings}
    assert len(documents) == 1
