"""Kill the fan-out worker again and again: nobody is left out, and repeats stay below what was open.

Judged by the push service's own log, which shares no code with the sender.
"""

import json
import random
import shutil
import sys
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import http_ece
import pytest

from dispatch.stub.behaviour import Act, Rule
from dispatch.stub.bodies import stored
from dispatch.stub.judge import ACCEPTED
from dispatch.stub.log import Entry, entries
from load_tests import correction, kills
from load_tests.scene import staged
from load_tests.versions import NEXT, THIS
from shirase.demo import jma_writer
from shirase.demo.brute import BruteForce, load_people
from shirase.demo.feeding import drain
from shirase.demo.jma_writer import Header, WardKind
from shirase.demo.receivers import Receivers
from shirase.demo.run import Run
from shirase.demo.wards import WARDS
from streams.processes.supervisor import RESTART_AFTER_SECONDS
from tests.streams.test_dispatcher import sending_as_recorded
from tests.whole.scenes import PATIENCE_SECONDS, Brokers, kill_9, pipeline_on, submit, until

SUBSCRIBERS = 8_000
KILLS = 10
SEED = 20
# Small against the 8,000, so that the bound on repeats means something.
MAX_IN_FLIGHT = 256
# With the bound above this is at most 1,280 pushes a second: a fan-out of six seconds and more.
ANSWER_SECONDS = 0.2
# A life is killed this long after its first push, at a random moment.
LIFE_SECONDS = (0.05, 0.7)

FANOUT = "fanout-0"


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: when, by the clock that the push service's log has, and whether the disk went with it."""

    at_ms: int
    disk_lost: bool


@pytest.mark.kafka
@pytest.mark.slow
def test_a_fan_out_worker_killed_ten_times_leaves_nobody_out(brokers: Brokers, tmp_path: Path) -> None:
    bootstrap = brokers()
    with pipeline_on(bootstrap, tmp_path / "run", subscribers=SUBSCRIBERS, max_in_flight=MAX_IN_FLIGHT) as run:
        assert run.stub is not None
        run.stub.tell([Rule(Act.ANSWER, delay_seconds=ANSWER_SECONDS)])
        submit(run, "everywhere.xml", heavy_rain_everywhere(datetime.now(UTC)))
        kills = kill_at_random_moments(run)
        drain(run.observer, 1, workers=1, patience_seconds=PATIENCE_SECONDS)

        run.stub.flush()
        receipts = run.observer.account.receipts.values()
        expected = revisions_to_expect(run)
        several = {token for token, revisions in expected.items() if len(revisions) > 1}
        received = revisions_received(run, several)
        pushes = [entry for entry in entries(run.stub.log_path) if entry.status == ACCEPTED]
        shown = sending_as_recorded(bootstrap)

    report(pushes, kills)
    assert sending_seconds(pushes) >= 5.0
    assert len(expected) > SUBSCRIBERS * 0.9
    assert {entry.token for entry in pushes} == expected.keys()
    # A document whose shards come late goes out in revisions. Nobody misses the newest that is for her; an older one
    # may give way to it.
    for token in several:
        assert max(expected[token]) in received[token] <= expected[token]
    # What is sent again is the same to the byte, so that the phone shows it once (promise 2).
    bodies = Counter(token for token, _ in {(entry.token, entry.body_sha) for entry in pushes})
    assert all(count <= len(expected[token]) for token, count in bodies.items())
    repeated = repeats_by_kill(pushes, kills)
    assert max(repeated.values(), default=0) <= MAX_IN_FLIGHT
    assert len(pushes) - bodies.total() <= sum(repeated.values())
    assert sum(receipt.selected for receipt in receipts) == sum(map(len, expected.values()))
    assert all(sum(receipt.outcomes.values()) == receipt.selected for receipt in receipts)
    for receipt in receipts:
        # A console that starts now shows the same by push service, by ring and by end, to the last row.
        far = shown.how_far(receipt.lineage, receipt.revision)
        assert far.is_whole
        assert far.outcomes == receipt.outcomes
        assert {origin: (rows, rows) for origin, rows in receipt.origins.items()} == far.origins
        assert sum(ring.total for ring in far.rings.values()) == receipt.selected
        assert sum(ring.accepted for ring in far.rings.values()) == far.accepted


def heavy_rain_everywhere(at: datetime) -> bytes:
    """Return a telegram that concerns everybody: a warning of level 5 in each of the 23 wards."""
    header = Header(
        title="気象警報・注意報（Ｒ０６）（大雨）",
        head_title="東京都大雨警報・注意報",
        info_kind="気象警報・注意報",
        version="1.5_0",
        at=at - timedelta(seconds=2),
        headline="【架空】命を守るために最善の行動を。",
    )
    emergency = (WardKind("33", "レベル５大雨特別警報"),)
    return jma_writer.warnings(header, {ward.code: emergency for ward in WARDS})


def kill_at_random_moments(run: Run) -> list[Kill]:
    """Kill the worker ten times while it sends, its disk deleted in half of them; wait for each successor."""
    chance = random.Random(SEED)
    disk_lost = [number % 2 == 0 for number in range(KILLS)]
    chance.shuffle(disk_lost)
    kills: list[Kill] = []
    for lost in disk_lost:
        before = accepted_so_far(run)
        until(lambda before=before: accepted_so_far(run) > before, "the next push")  # type: ignore[misc]
        time.sleep(chance.uniform(*LIFE_SECONDS))  # the random moment itself
        assert run.observer.account.open_fanouts(1), "the fan-out ended before the last kill: make it longer"
        assert kill_9(run, [FANOUT]) == 1
        kills.append(Kill(round(time.time() * 1000), lost))
        if lost:
            shutil.rmtree(run.folder / "data" / FANOUT)
        until(lambda: run.pipeline.supervisor.pid(FANOUT) != 0, "the restart")
    return kills


def accepted_so_far(run: Run) -> int:
    """Return how many pushes the stub has answered with 201, without reading its log."""
    assert run.stub is not None
    with urlopen(run.stub.control + "/metrics", timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    return sum(int(line.rpartition(" ")[2]) for line in lines if line.startswith('stub_requests_total{status="201"'))


def revisions_to_expect(run: Run) -> dict[str, set[int]]:
    """Return for each token which revisions are for its person, by brute force over the plain list of people."""
    people, receivers = load_people(run.synth), Receivers.load(run.synth)
    # List, keys and endpoints share one order.
    token_of = {person.row: receivers.token_text(place) for place, person in enumerate(people)}
    notices = sorted(run.observer.account.notices.values(), key=lambda notice: notice.revision)
    expected: dict[str, set[int]] = defaultdict(set)
    for count in BruteForce(people).count_all((notice, notice.approved_at) for notice in notices):
        for row in count.part_of_row:
            expected[token_of[row]].add(count.revision)
    return dict(expected)


def revisions_received(run: Run, tokens: set[str]) -> dict[str, set[int]]:
    """Return which revisions the receivers of *tokens* can read in what the push service took for them."""
    assert run.stub is not None
    receivers = Receivers.load(run.synth)
    received: dict[str, set[int]] = defaultdict(set)
    for body in stored(run.stub.bodies_path):
        if body.token in tokens:
            receiver = receivers.of(body.token)
            assert receiver is not None
            plain = http_ece.decrypt(
                body.body, private_key=receiver.private_key, auth_secret=receiver.auth, version="aes128gcm"
            )
            received[body.token].add(json.loads(plain.rstrip(b"\0 "))["shirase"]["revision"])
    return received


def lives(pushes: list[Entry], kills: list[Kill]) -> dict[int, list[Entry]]:
    """Return the pushes of each life: a successor cannot send before it is started, two seconds on."""
    starts = [kill.at_ms + RESTART_AFTER_SECONDS * 1000 for kill in kills]
    by_life: dict[int, list[Entry]] = {life: [] for life in range(len(kills) + 1)}
    for entry in pushes:
        by_life[bisect_right(starts, entry.wall_ms)].append(entry)
    return by_life


def repeats_by_kill(pushes: list[Entry], kills: list[Kill]) -> Counter[int]:
    """Return for each kill how many of the pushes that its victim had sent were sent again: they were open."""
    by_life = lives(pushes, kills)
    repeated: Counter[int] = Counter()
    sent_later: set[tuple[str, str]] = set()
    for life in sorted(by_life, reverse=True):
        sent = Counter((entry.token, entry.body_sha) for entry in by_life[life])
        # One process sends nothing twice that was answered; if it did, it would show here.
        repeated[life] += sent.total() - len(sent) + sum(push in sent_later for push in sent)
        sent_later |= sent.keys()
    return +repeated


def sending_seconds(pushes: list[Entry]) -> float:
    """Return for how long pushes went out, the pauses after a kill left out."""
    times = sorted(entry.wall_ms for entry in pushes)
    return sum(gap for a, b in pairwise(times) if (gap := b - a) < 1000) / 1000


def recovery_seconds(pushes: list[Entry], kills: list[Kill]) -> list[float]:
    """Return the time from each kill to the next accepted push."""
    by_life = lives(pushes, kills)
    return [
        (min(entry.wall_ms for entry in by_life[number]) - kill.at_ms) / 1000
        for number, kill in enumerate(kills, start=1)
        if by_life[number]
    ]


def report(pushes: list[Entry], kills: list[Kill]) -> None:
    """Write what was measured, for whoever runs this with `-s`: no machine promises a time to a test."""
    repeated = repeats_by_kill(pushes, kills)
    unique = len({(entry.token, entry.body_sha) for entry in pushes})
    lines = [
        f"\n{unique:,} pushes, {len(pushes) - unique:,} repeats over {len(kills)} kills",
        f"{sending_seconds(pushes):.1f} s of sending",
    ]
    for number, (kill, seconds) in enumerate(zip(kills, recovery_seconds(pushes, kills), strict=True)):
        disk = "lost" if kill.disk_lost else "kept"
        lines.append(
            f"  kill {number + 1:2d}, disk {disk}: {repeated[number]:4d} repeated, next push after {seconds:.1f} s"
        )
    sys.stdout.write("\n".join(lines) + "\n")


@pytest.mark.kafka
def test_kills_a_hand_over_a_hang_and_a_stop_lose_nobody_and_a_correction_reaches_whom_the_alert_did(
    tmp_path: Path,
) -> None:
    """The small form of `load_tests.kills` and `load_tests.correction`, one after the other on one broker."""
    # A hand-over to the next version, and the one back to this (R22).
    todo = kills.Todo(kills=2, handovers=2, hang_seconds=4.0, stop_seconds=5.0, pauses=1, upgrade=NEXT)
    with staged(tmp_path, people=3_000, spare=60, max_in_flight=64, versions=True) as scene:
        killed = kills.play(scene, todo)
        corrected = correction.play(scene, seed=1)
    assert killed.recovery_s, "recovery is measured, and no machine promises a time to a test"
    assert replace(killed, recovery_most_s=0.0).failures == ()
    assert killed.versions == (NEXT, THIS)
    assert killed.woken_exit not in (0, None)
    assert replace(corrected, first_ms=0).failures == ()
    assert min(corrected.moved, corrected.left, corrected.joined, corrected.gone, corrected.late) > 0
    assert corrected.corrected == corrected.alerted - corrected.gone
