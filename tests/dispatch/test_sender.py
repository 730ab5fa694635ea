"""The sender against the stub, whose log is the judge."""

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import h3.api.basic_int as h3
import numpy as np
import pytest

from dispatch.batch import Batch
from dispatch.columns import columns_of
from dispatch.curl import CurlSender, is_public
from dispatch.engine import Engine, batch_sender_of
from dispatch.errors import SenderFull
from dispatch.http2.sender import Http2Sender
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.one_by_one import OneByOne
from dispatch.outcomes import PushOutcome, outcome_of_status
from dispatch.pushes import Pushes, Rows, Sealing
from dispatch.registry import Registry
from dispatch.sender import Answer, Headers, Push, Sender
from dispatch.settings import DispatchSettings
from dispatch.stub.behaviour import Act, Rule
from dispatch.stub.bodies import stored
from dispatch.stub.log import entries
from dispatch.stub.opened import Receiver, open_body
from dispatch.stub.process import StubProcess
from dispatch.vapid import Vapid, VapidKey
from geo.cells import compact
from tests.dispatch.people import KOTO, notice, part, point_of, receiver_key, resident
from tests.dispatch.singly import Singly

PATIENCE_SECONDS = 30.0
VAPID_KEY = VapidKey.generate()


def vapid() -> Vapid:
    """Return one with no token signed yet, so that no test meets another's."""
    return Vapid({0: VAPID_KEY}, "mailto:operations@shirase.example")


SECRET = b"s" * 32


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StubProcess]:
    with StubProcess.start(tmp_path_factory.mktemp("stub"), origins=2) as running:
        yield running


def settings_for(stub: StubProcess, **changes: object) -> DispatchSettings:
    known = DispatchSettings(extra_origins=stub.origins, ca_file=str(stub.ca_path), total_timeout_seconds=10.0)
    return replace(known, **changes)  # type: ignore[arg-type]


@pytest.fixture(params=list(Engine), ids=str)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Whatever is promised of a sender is promised of each."""
    return Engine(request.param)


def made(engine: Engine, settings: DispatchSettings, clock: Callable[[], float] = time.time) -> Sender:
    if engine is Engine.CURL:
        return CurlSender(settings, clock)
    return Singly(Http2Sender(settings, lambda: OneByOne(CurlSender(settings, clock)), clock))


@pytest.fixture
def sender(stub: StubProcess, engine: Engine) -> Iterator[Sender]:
    stub.tell([])
    fresh = made(engine, settings_for(stub))
    yield fresh
    fresh.close()


def crowd_at(stub: StubProcess, name: str, count: int) -> tuple[Registry, dict[str, Receiver]]:
    """Return *count* residents whose endpoints are the stub's, and what opens their pushes."""
    rng, people, receivers = random.Random(name), [], {}
    for number in range(count):
        key = receiver_key()
        token = f"{name}-{number}"
        endpoint = f"{stub.origins[number % len(stub.origins)]}/push/{token}"
        person = resident(rng, endpoint=endpoint, p256dh=point_of(key), language=rng.choice(("ja", "en")))
        people.append(person)
        receivers[token] = Receiver(key.private_numbers().private_value.to_bytes(32, "big"), person.auth)
    return Registry.of(columns_of(people)), receivers


def pushes_to(stub: StubProcess, registry: Registry, *, lives_seconds: float = 600.0) -> tuple[list[Push], Pushes]:
    settings, now = settings_for(stub), time.time()
    of = notice(part(compact(h3.grid_disk(KOTO, 1))))
    people = People(registry)
    made = Pushes(
        people,
        Messages(of, settings),
        now + lives_seconds,
        vapid(),
        settings,
        SECRET,
        languages=people.languages,
        sealings=(Sealing(b""),),
    )
    return requests(made, people, now), made


def requests(made: Pushes, people: People, now: float) -> list[Push]:
    """Return one request for each row, in the order of the rows."""
    count = people.count
    nothing = np.zeros(count, dtype=np.uint8)
    rows = np.arange(count, dtype=np.int64)
    wanted = Rows(
        rows.tolist(),
        rows,
        nothing.astype(np.uint16),
        people.language(rows),
        nothing,
        nothing,
        nothing.astype(np.int64),
    )
    batches, refused = made.batches(wanted, now)
    assert refused == []
    pushes = [
        Push(key, one.origin, one.origin + path.decode(), one.headers, body, one.expires_at)
        for one in batches
        for key, path, body in zip(one.keys, one.paths, one.bodies, strict=True)
    ]
    return sorted(pushes, key=lambda push: int(str(push.key)))


def core(sender: Sender) -> CurlSender | Http2Sender:
    """Return the engine itself, whose clocks a test turns."""
    found = sender._sender if isinstance(sender, Singly) else sender
    assert isinstance(found, CurlSender | Http2Sender)
    return found


def answers_to(sender: Sender, pushes: list[Push]) -> list[Answer]:
    """Submit all and poll until each has come back."""
    found: list[Answer] = []
    waiting = list(reversed(pushes))
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while len(found) < len(pushes):
        assert time.monotonic() < give_up_at, f"only {len(found)} of {len(pushes)} answers came"
        while waiting and sender.free:
            sender.submit(waiting.pop())
        found.extend(sender.poll(0.05))
    assert sender.in_flight == 0
    return found


def outcomes(answers: list[Answer]) -> set[tuple[PushOutcome, int]]:
    return {(answer.outcome, answer.status) for answer in answers}


def test_each_resident_gets_one_push_that_only_her_browser_can_open(stub: StubProcess, sender: Sender) -> None:
    registry, receivers = crowd_at(stub, "all", 300)
    pushes, _ = pushes_to(stub, registry)
    before = stub.verdict()
    answers = answers_to(sender, pushes)
    assert outcomes(answers) == {(PushOutcome.ACCEPTED, 201)}
    assert sorted(answer.push.key for answer in answers) == list(range(300))  # type: ignore[type-var]
    verdict = stub.verdict()
    assert verdict["unique"] - before["unique"] == 300
    assert verdict["duplicates"] == before["duplicates"]
    stub.flush()
    kept = {one.token: one.body for one in stored(stub.bodies_path) if one.token.startswith("all-")}
    assert kept.keys() == receivers.keys()
    for token, body in kept.items():
        assert b'"web_push":8030' in open_body(body, receivers[token])


def test_a_batch_comes_back_key_by_key_and_its_answers_are_joined(stub: StubProcess, engine: Engine) -> None:
    registry, _ = crowd_at(stub, "batch", 100)
    pushes, _ = pushes_to(stub, registry)
    stub.tell([Rule(Act.ANSWER, status=410, tokens=frozenset({"batch-0", "batch-2"}))])
    sender = batch_sender_of(settings_for(stub, engine=engine.value))
    alike: dict[tuple[str, Headers], list[Push]] = {}
    for push in pushes:
        alike.setdefault((push.origin, push.headers), []).append(push)
    for (origin, headers), some in alike.items():
        keys = [int(str(push.key)) for push in some]
        paths = [push.url.removeprefix(origin).encode() for push in some]
        sender.submit_batch(Batch(origin, headers, some[0].expires_at, keys, paths, [push.body for push in some]))
    assert sender.in_flight == 100
    ended: dict[int, PushOutcome] = {}
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while len(ended) < 100 and time.monotonic() < give_up_at:
        for answer in sender.poll_batches(0.05):
            assert not ended.keys() & set(answer.keys)
            assert set(answer.keys) <= set(answer.batch.keys)
            ended.update(dict.fromkeys(answer.keys, answer.outcome))
    gone = {int(str(push.key)) for push in pushes if push.url.endswith(("/batch-0", "/batch-2"))}
    assert {key for key, outcome in ended.items() if outcome is PushOutcome.GONE} == gone
    assert set(ended) == set(range(100))
    assert sender.in_flight == 0
    sender.close()


def test_a_worker_that_takes_over_sends_the_same_bytes(stub: StubProcess, engine: Engine, sender: Sender) -> None:
    registry, _ = crowd_at(stub, f"twice-{engine}", 20)
    first, made = pushes_to(stub, registry)
    second, _ = pushes_to(stub, registry)
    assert [push.body for push in first] == [push.body for push in second]
    again = requests(made, People(registry), time.time() + 12 * 3600)
    assert [push.body for push in first] == [push.body for push in again]
    assert first[0].headers != again[0].headers
    before = stub.verdict()
    answers_to(sender, first)
    answers_to(sender, second)
    verdict = stub.verdict()
    assert (verdict["duplicates"] - before["duplicates"], verdict["revisions"] - before["revisions"]) == (20, 0)


@pytest.mark.parametrize(
    ("rule", "outcome", "status"),
    [
        (Rule(Act.ANSWER, status=410), PushOutcome.GONE, 410),
        (Rule(Act.ANSWER, status=413), PushOutcome.TOO_LARGE, 413),
        (Rule(Act.ANSWER, status=500), PushOutcome.RETRY, 500),
        (Rule(Act.ANSWER, status=403), PushOutcome.REFUSED, 403),
        (Rule(Act.REDIRECT), PushOutcome.REDIRECT, 307),
        (Rule(Act.BIG_REPLY), PushOutcome.ACCEPTED, 201),
        (Rule(Act.RESET), PushOutcome.UNKNOWN, 0),
        (Rule(Act.CLOSE), PushOutcome.UNKNOWN, 0),
    ],
    ids=lambda value: str(getattr(value, "act", value)),
)
def test_whatever_a_push_service_does_has_its_outcome(
    stub: StubProcess, sender: Sender, rule: Rule, outcome: PushOutcome, status: int
) -> None:
    registry, _ = crowd_at(stub, f"odd-{rule.act}-{rule.status}", 4)
    pushes, _ = pushes_to(stub, registry)
    stub.tell([rule])
    assert outcomes(answers_to(sender, pushes)) == {(outcome, status)}


def test_every_status_has_the_outcome_of_its_table(stub: StubProcess, engine: Engine, sender: Sender) -> None:
    statuses = [*range(200, 600)]
    registry, _ = crowd_at(stub, f"status-{engine}", len(statuses))
    pushes, _ = pushes_to(stub, registry)
    rules = [
        Rule(Act.ANSWER, status=status, tokens=frozenset({f"status-{engine}-{number}"}))
        for number, status in enumerate(statuses)
    ]
    stub.tell(rules)
    for answer in answers_to(sender, pushes):
        status = statuses[int(answer.push.url.rsplit("-", 1)[1])]
        assert (answer.status, answer.outcome) == (status, outcome_of_status(status))


def test_a_reply_that_drips_counts_by_its_status_and_holds_no_place_for_ever(stub: StubProcess, engine: Engine) -> None:
    registry, _ = crowd_at(stub, f"drip-{engine}", 4)
    pushes, _ = pushes_to(stub, registry)
    stub.tell([Rule(Act.DRIP, delay_seconds=0.05)])
    sender = made(engine, settings_for(stub, total_timeout_seconds=0.3))
    assert outcomes(answers_to(sender, pushes)) == {(PushOutcome.ACCEPTED, 201)}
    sender.close()


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28", b""])
def test_who_speaks_no_tls_was_sent_nothing(stub: StubProcess, engine: Engine, said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    client.recv(100)
                    client.sendall(said)
                    client.close()

        threading.Thread(target=speak, daemon=True).start()
        origin = f"https://localhost:{listener.getsockname()[1]}"
        registry, _ = crowd_at(stub, f"no-tls-{engine}-{len(said)}", 1)
        push = replace(pushes_to(stub, registry)[0][0], origin=origin, url=origin + "/push/x")
        sender = made(engine, settings_for(stub, extra_origins=(origin,)))
        assert outcomes(answers_to(sender, [push])) == {(PushOutcome.NOT_SENT, 0)}
        sender.close()
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(("asked", "waits"), [(17, 17.0), (86_400, 120.0)])
def test_retry_after_is_read_but_not_believed_for_a_day(
    stub: StubProcess, sender: Sender, asked: int, waits: float
) -> None:
    registry, _ = crowd_at(stub, f"busy-{asked}", 3)
    pushes, _ = pushes_to(stub, registry)
    stub.tell([Rule(Act.ANSWER, status=429, retry_after_seconds=asked)])
    answers = answers_to(sender, pushes)
    assert {(answer.outcome, answer.retry_after_seconds) for answer in answers} == {(PushOutcome.BUSY, waits)}


def test_a_service_that_hangs_holds_a_push_no_longer_than_the_timeout(stub: StubProcess, engine: Engine) -> None:
    registry, _ = crowd_at(stub, "hang", 4)
    pushes, _ = pushes_to(stub, registry)
    stub.tell([Rule(Act.HANG)])
    sender = made(engine, settings_for(stub, total_timeout_seconds=0.3))
    assert outcomes(answers_to(sender, pushes)) == {(PushOutcome.TIMEOUT, 0)}
    sender.close()


def test_nothing_is_handed_over_after_expiry_not_even_what_was_submitted_before(
    stub: StubProcess, engine: Engine
) -> None:
    registry, _ = crowd_at(stub, "late", 5)
    pushes, _ = pushes_to(stub, registry, lives_seconds=60.0)
    stub.tell([])
    now = [time.time()]
    sender = made(engine, settings_for(stub), lambda: now[0])
    before = stub.verdict()["requests"]
    for push in pushes:
        sender.submit(push)
    now[0] += 60.0
    assert outcomes(sender.poll(1.0)) == {(PushOutcome.EXPIRED, 0)}
    assert stub.verdict()["requests"] == before
    sender.close()


def test_no_ttl_outlives_the_notice_by_the_push_services_own_clock(stub: StubProcess, sender: Sender) -> None:
    registry, _ = crowd_at(stub, "ttl", 200)
    pushes, _ = pushes_to(stub, registry, lives_seconds=20.0)
    assert outcomes(answers_to(sender, pushes)) <= {(PushOutcome.ACCEPTED, 201), (PushOutcome.EXPIRED, 0)}
    stub.flush()
    seen = [entry for entry in entries(stub.log_path) if entry.token.startswith("ttl-")]
    assert seen
    for entry in seen:
        assert int(entry.ttl) > 0
        assert entry.wall_ms / 1000 + int(entry.ttl) <= pushes[0].expires_at
        assert entry.urgency == "high"


def test_a_process_that_stood_still_sends_nothing_stale_when_it_wakes(stub: StubProcess, engine: Engine) -> None:
    # A listener that never shakes hands: libcurl holds the push and has not begun it.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        origin = f"https://localhost:{silent.getsockname()[1]}"
        registry, _ = crowd_at(stub, "asleep", 1)
        push = replace(pushes_to(stub, registry, lives_seconds=60.0)[0][0], origin=origin, url=origin + "/push/x")
        now = [time.time()]
        sender = made(engine, settings_for(stub, extra_origins=(origin,)), lambda: now[0])
        sender.submit(push)
        assert sender.poll(0.05) == []
        assert sender.in_flight == 1
        now[0] += 60.0
        core(sender)._polled_at -= 60.0  # what a stopped process finds when it goes on
        assert outcomes(sender.poll(1.0)) == {(PushOutcome.EXPIRED, 0)}
        sender.close()


def test_what_cannot_be_reached_or_trusted_was_not_sent(stub: StubProcess, engine: Engine) -> None:
    registry, _ = crowd_at(stub, "nobody", 1)
    pushes, _ = pushes_to(stub, registry)
    no_trust = made(engine, settings_for(stub, ca_file=""))
    assert outcomes(answers_to(no_trust, pushes)) == {(PushOutcome.NOT_SENT, 0)}
    no_trust.close()
    closed = "https://localhost:9"
    unreachable = made(engine, settings_for(stub, extra_origins=(closed,)))
    push = replace(pushes[0], origin=closed, url=closed + "/push/x")
    assert outcomes(answers_to(unreachable, [push])) == {(PushOutcome.NOT_SENT, 0)}
    unreachable.close()


def test_an_address_off_the_list_is_never_asked(stub: StubProcess, engine: Engine, sender: Sender) -> None:
    registry, _ = crowd_at(stub, "off-list", 1)
    pushes, _ = pushes_to(stub, registry)
    before = stub.verdict()["requests"]
    strict = made(engine, settings_for(stub, extra_origins=()))
    assert outcomes(answers_to(strict, pushes)) == {(PushOutcome.FAILED, 0)}
    strict.close()
    elsewhere = replace(pushes[0], url=stub.origins[0] + ".evil.example/push/x")
    assert outcomes(answers_to(sender, [elsewhere])) == {(PushOutcome.FAILED, 0)}
    assert stub.verdict()["requests"] == before
    messages = Messages(notice(), DispatchSettings())
    people, none = People(registry), np.zeros(1, dtype=np.uint8)
    requests_of = Pushes(
        people,
        messages,
        time.time() + 60,
        vapid(),
        DispatchSettings(),
        SECRET,
        languages=people.languages,
        sealings=(Sealing(b""),),
    )
    wanted = Rows([7], none.astype(np.int64), none.astype(np.uint16), none, none, none, none.astype(np.int64))
    assert requests_of.batches(wanted, time.time()) == ([], [7])


def test_a_push_service_that_resolves_to_this_machine_is_not_connected_to(stub: StubProcess, engine: Engine) -> None:
    # Allowed by name, as after a change of DNS: only what settings name in full may be on loopback.
    origin = stub.origins[0]
    port = origin.rsplit(":", 1)[1]
    registry, _ = crowd_at(stub, "rebound", 1)
    pushes, _ = pushes_to(stub, registry)
    sender = made(engine, settings_for(stub, extra_origins=()))
    # The list itself is tested elsewhere.
    if isinstance(found := core(sender), CurlSender):
        found._allowed[f"https://localhost:{port}"] = True
    else:
        found._pool(f"https://localhost:{port}").allowed = True
    assert outcomes(answers_to(sender, pushes)) == {(PushOutcome.NOT_SENT, 0)}
    sender.close()
    assert is_public("142.250.196.106")
    for address in (
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "224.0.0.1",
    ):
        assert not is_public(address)


def test_no_more_is_taken_than_may_be_open(stub: StubProcess, engine: Engine) -> None:
    registry, _ = crowd_at(stub, "bound", 5)
    pushes, _ = pushes_to(stub, registry)
    stub.tell([])
    sender = made(engine, settings_for(stub, max_in_flight=3))
    for push in pushes[:3]:
        sender.submit(push)
    assert (sender.free, sender.in_flight) == (0, 3)
    with pytest.raises(SenderFull):
        sender.submit(pushes[3])
    sender.close()
