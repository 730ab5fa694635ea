"""The hand-framed engine against servers that know nothing of it."""

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from dispatch.batch import Batch, BatchAnswer
from dispatch.http2.sender import Http2Sender
from dispatch.http2.terms import Terms
from dispatch.one_by_one import OneByOne
from dispatch.settings import DispatchSettings
from tests.dispatch.interop import servers
from tests.dispatch.interop.servers import Running, digest

PATIENCE_SECONDS = 60.0
PUSHES = 300
HEADERS = (
    ("Urgency", "high"),
    ("Topic", "d8vrK6KL64pPc6tM"),
    ("Content-Encoding", "aes128gcm"),
    ("Authorization", f"vapid t={'e' * 220}, k={'B' * 87}"),
)
Start = Callable[[Path, int], AbstractContextManager[Running]]
ALL: dict[str, Start] = {
    "nginx": servers.nginx,
    "nghttpd": servers.nghttpd,
    "node": servers.node,
    "go": servers.go,
    "strict": servers.strict,
}


def no_http1() -> OneByOne:
    raise AssertionError("this server speaks HTTP/2")


def sender_to(running: Running, **changes: int) -> Http2Sender:
    settings = DispatchSettings(extra_origins=(running.origin,), ca_file=str(running.ca_path), **changes)  # type: ignore[arg-type]
    return Http2Sender(settings, no_http1)


def pushes(running: Running, count: int) -> Batch:
    """Return pushes of every size that there is, with addresses as long as real ones."""
    rng = random.Random(1)
    bodies = [rng.randbytes(rng.choice((103, 617, 1121, 2697, 4096))) for _ in range(count)]
    paths = [b"/push?%d-" % number + b"x" * rng.randrange(20, 600) for number in range(count)]
    return Batch(running.origin, HEADERS, time.time() + 600, range(count), paths, bodies)


def answers_to(sender: Http2Sender, batch: Batch) -> list[BatchAnswer]:
    found: list[BatchAnswer] = []
    left, begun = len(batch.keys), 0
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while left:
        assert time.monotonic() < give_up_at, f"{left} of {len(batch.keys)} answers did not come"
        room = min(sender.free, len(batch.keys) - begun)
        if room:
            columns = [column[begun : begun + room] for column in (batch.keys, batch.paths, batch.bodies)]
            sender.submit_batch(Batch(batch.origin, batch.headers, batch.expires_at, *columns))  # type: ignore[arg-type]
            begun += room
        found += (fresh := sender.poll_batches(0.05))
        left -= sum(len(answer.keys) for answer in fresh)
    assert sender.in_flight == 0
    return found


def statuses(answers: list[BatchAnswer]) -> set[int]:
    keys = Counter(key for answer in answers for key in answer.keys)
    assert set(keys.values()) == {1}
    return {answer.status for answer in answers}


@pytest.mark.parametrize("name", ALL)
def test_every_push_arrives_once_and_whole(name: str, tmp_path: Path) -> None:
    with ALL[name](tmp_path / name, 0) as running:
        batch = pushes(running, PUSHES)
        sender = sender_to(running)
        assert statuses(answers_to(sender, batch)) <= {200, 201}
        sender.close()
        seen = running.seen()
        if seen is not None:
            # nginx throws bodies away, and Go's path leaves out what follows a question mark.
            ends_at = "?" if name == "go" else "\n"
            wanted = Counter(
                (path.decode().partition(ends_at)[0], "" if name == "nginx" else digest(body))
                for path, body in zip(batch.paths, batch.bodies, strict=True)
            )
            assert seen == wanted


@pytest.mark.parametrize("name", ["node", "strict"])
def test_a_server_that_allows_few_streams_gets_no_more(name: str, tmp_path: Path) -> None:
    with ALL[name](tmp_path / name, 3) as running:
        batch = pushes(running, PUSHES)
        sender = sender_to(running, max_connections_per_origin=4)
        assert statuses(answers_to(sender, batch)) == {201}
        sender.close()
        seen = running.seen()
        assert seen is not None
        assert sum(seen.values()) == PUSHES
        assert "broken" not in {path for path, _ in seen}


@pytest.mark.parametrize("name", ["nginx", "go", "strict"])
def test_connections_that_retire_lose_nothing(name: str, tmp_path: Path) -> None:
    with ALL[name](tmp_path / name, 0) as running:
        batch = pushes(running, PUSHES)
        sender = sender_to(running, max_connections_per_origin=2)
        sender._terms = Terms(16_384, 120.0, retire_after_requests=17)
        assert statuses(answers_to(sender, batch)) == {201}
        sender.close()
        seen = running.seen()
        assert seen is not None
        assert sum(seen.values()) == PUSHES


def test_nginx_never_sees_enough_on_one_connection_to_call_it_a_flood(tmp_path: Path) -> None:
    # It ends a connection after about 29,500 bodies that it threw away; ours is replaced after 20,000.
    count = 31_000
    with ALL["nginx"](tmp_path / "nginx", 0) as running:
        paths = [b"/push?%d" % number for number in range(count)]
        batch = Batch(running.origin, HEADERS, time.time() + 600, range(count), paths, [bytes(500)] * count)
        sender = sender_to(running, max_connections_per_origin=1)
        assert statuses(answers_to(sender, batch)) == {201}
        sender.close()
        seen = running.seen()
        assert seen is not None
        assert len(seen) == sum(seen.values()) == count
