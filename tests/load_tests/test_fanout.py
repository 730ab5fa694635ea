"""What the benchmark of the fan-out says follows from what the sink saw, and only from that."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.registry import load
from dispatch.subscription import is_on_curve
from load_tests.crowd import SERVICES, make_crowd
from load_tests.fanout_result import GATES, failures_of
from load_tests.peers import _read_h2load
from load_tests.sinks import Seen, seen_by_nghttpd
from load_tests.tally import Arrived, tally


@given(st.lists(st.integers(0, 12), max_size=60), st.dictionaries(st.integers(0, 9), st.integers(1, 3), max_size=10))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_lost_and_duplicates_are_counted_by_path(came: list[int], expected: dict[int, int]) -> None:
    found = tally(
        (Arrived(100.0 + at, f"/push/{number}") for at, number in enumerate(came)),
        {hash(f"/push/{number}"): count for number, count in expected.items()},
        100.0,
    )
    assert (found.accepted, found.unique) == (len(came), len(set(came)))
    assert found.lost == len(expected.keys() - set(came))
    assert found.duplicates == sum(max(0, came.count(number) - count) for number, count in expected.items())
    assert found.strangers == len(set(came) - expected.keys())
    if came:
        assert (found.first_ms, found.last_ms) == (0.0, len(came) - 1)
        assert found.first_ms <= found.p50_ms <= found.p99_ms <= found.last_ms


def test_a_crowd_has_addresses_of_real_length_and_no_two_alike(tmp_path: Path) -> None:
    origins = [f"https://localhost:{port}" for port in range(1, 5)]
    crowd = make_crowd(3_000, 1, tmp_path, origins=origins, stub_origin="https://localhost:9", cache=tmp_path)
    registry = load(crowd.registry, verify=True)
    endpoints = {registry.endpoint(row) for row in range(registry.count)}
    assert len(endpoints) == registry.count == 3_000
    assert len({registry.id_of(row) for row in range(3_000)}) == 3_000
    assert len(crowd.sample) == 1_000
    assert {registry.origin_of(row) for row in crowd.sample.tolist()} == {"https://localhost:9"}
    for row in (0, 1, 2_999):
        assert is_on_curve(registry.p256dh(row))
        assert registry.p256dh(row)[1:] == crowd.receivers.public[row].tobytes()
    for origin, service in zip(origins, SERVICES, strict=True):
        code = registry.columns.origins.index(origin)
        rows = np.flatnonzero(registry.columns.origin == code)
        address = registry.endpoint(int(rows[0])).removeprefix(origin)
        assert address.startswith(service.prefix.decode())
        assert len(address) == len(service.prefix) + service.token_characters
        assert len(rows) == pytest.approx(2_000 * service.share, rel=0.5)


def test_a_sink_with_one_path_gets_that_path_and_all_addresses_still_differ(tmp_path: Path) -> None:
    crowd = make_crowd(
        2_000, 1, tmp_path, origins=["https://a.example"] * 4, stub_origin="https://b.example", cache=tmp_path,
        prefix=b"/push?",
    )  # fmt: skip
    registry = load(crowd.registry)
    rows = [row for row in range(2_000) if registry.origin_of(row) == "https://a.example"]
    assert len({registry.endpoint(row) for row in rows}) == len(rows)
    assert all(registry.endpoint(row).startswith("https://a.example/push?") for row in rows)


RIGHT: dict[str, Any] = {
    "lost": 0, "duplicates": 0, "decrypt_sample_ok": True, "decrypted": 9, "decrypted_by_node": 9,
    "ratio_pywebpush": 60.0, "ratio_pywebpush_cpu": 100.0,
    "ratio_pywebpush_cpu_all_in": 10.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "pool", "failures"),
    [
        ({}, "full", 0),
        ({"lost": 1}, "full", 1),
        ({"duplicates": 1}, "full", 1),
        ({"duplicates": 1}, "moved", 0),
        ({"duplicates": 4097}, "moved", 1),
        ({"decrypt_sample_ok": False}, "dry", 1),
        ({"decrypted_by_node": None}, "full", 0),
        ({"decrypted_by_node": 8}, "full", 1),
        ({"ratio_pywebpush_cpu": 1.0}, "full", 1),
        ({"ratio_pywebpush_cpu": 1.0}, "dry", 0),
        ({"ratio_pywebpush": None}, "full", 0),
    ],
)
def test_a_run_fails_by_counts_and_ratios_never_by_seconds(changed: dict[str, Any], pool: str, failures: int) -> None:
    given_arguments = argparse.Namespace(pool=pool, max_in_flight=4096, rtt_ms=0.0)
    assert len(failures_of(given_arguments, RIGHT | changed)) == failures
    assert set(GATES) <= set(RIGHT)


def test_what_h2load_says_is_read() -> None:
    said = "finished in 384.12ms, 26033.5 req/s, 1.2MB/s\nstatus codes: 9990 2xx, 10 3xx, 0 4xx, 0 5xx\n"
    measured = _read_h2load(said, 0.2)
    assert measured is not None
    assert (measured.pushes, round(measured.seconds, 5)) == (9990, 0.38412)
    assert _read_h2load("finished in 1.00s, x\nstatus codes: 0 2xx", 1.0) is None
    assert _read_h2load("", 1.0) is None


SAID_BY_NGHTTPD = """\
SSL/TLS handshake completed
[id=1] [  0.711] recv (stream_id=1) :path: /push?one
[id=1] [  0.711] recv (stream_id=1) :method: POST
[id=2] [  0.712] recv (stream_id=1) :path: /push?two
[id=1] [  0.712] recv (stream_id=3) :path: /nowhere
[id=1] [  0.713] recv HEADERS frame <length=54, flags=0x04, stream_id=1>
          ; END_HEADERS
[id=1] [  0.750] send HEADERS frame <length=82, flags=0x04, stream_id=1>
          ; END_HEADERS
          ; First response header
          :status: 200
          server: nghttpd nghttp2/1.52.0
[id=1] [ 12.500] send HEADERS frame <length=9, flags=0x04, stream_id=3>
          ; First response header
          :status: 404
[id=1] [ 12.501] closed
"""


def test_what_nghttpd_tells_is_read_as_a_log_and_what_it_did_not_answer_is_not_in_it(tmp_path: Path) -> None:
    said = tmp_path / "said.log"
    said.write_text(SAID_BY_NGHTTPD)
    assert list(seen_by_nghttpd(said, 1000.0)) == [
        Seen(1000.75, 200, "", "/push?one"), Seen(1012.5, 404, "", "/nowhere"),
    ]  # fmt: skip
