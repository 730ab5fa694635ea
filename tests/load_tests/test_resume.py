"""The small form of the run that kills the sender, and how its counting is done."""

import socket
import threading
from pathlib import Path

import pytest

from load_tests.distance import Distance
from load_tests.resume import Result, repeats_by_life, run
from load_tests.sinks import free_ports
from tests.dispatch.interop.servers import need


def test_what_arrives_again_belongs_to_the_life_that_sent_it_again() -> None:
    arrivals = [(1.0, "a"), (1.1, "b"), (2.5, "b"), (2.6, "c"), (4.0, "a"), (4.1, "a"), (4.2, "d")]
    assert repeats_by_life(arrivals, deaths=[2.0, 3.0]) == {1: 1, 2: 2}
    assert repeats_by_life(list(reversed(arrivals)), deaths=[2.0, 3.0]) == {1: 1, 2: 2}


def test_a_run_fails_by_what_is_lost_or_open_beyond_the_promise_and_not_by_its_pace() -> None:
    good = Result(100, 2, 50.0, 17.0, 99.0, 0, 5, 0, 5, 4096, 1.0)
    assert good.failures == ()
    bad = Result(100, 2, 50.0, 90_000.0, 5.0, 1, 9000, 2, 4097, 4096, 1.0)
    assert len(bad.failures) == 3


def test_a_relay_delivers_in_order_even_what_was_sent_before_the_sender_left() -> None:
    received = bytearray()
    (near,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            link, _ = server.accept()
            while data := link.recv(65_536):
                received.extend(data)

        thread = threading.Thread(target=take)
        thread.start()
        sent = b"".join(b"%06d" % number for number in range(20_000))
        with Distance([(near, server.getsockname()[1])], one_way_ms=5):
            with socket.create_connection(("127.0.0.1", near)) as link:
                for start in range(0, len(sent), 5_000):
                    link.sendall(sent[start : start + 5_000])
            thread.join(20.0)
    assert bytes(received) == sent


@pytest.mark.slow
def test_a_sender_that_is_killed_twice_loses_nobody(tmp_path: Path) -> None:
    need("nginx")
    result = run(tmp_path, rows=2_000, kills=2, one_way_ms=5.0, engine="h2", seed=1)
    assert result.failures == ()
    assert (result.rows, result.lost, result.changed_bodies) == (2_000, 0, 0)
