"""Kill, hand over and stop the worker of a fan-out, while a push service hangs:

    python -m load_tests.kills --people 40000 --kills 10 --handovers 3 --hang 60 --stop 15 --json

On Apache Kafka. Half of the kills take the data folder with them; one of four push services is silent for `--hang`
seconds; with `--stop` the worker is stopped (SIGSTOP) for so long, replaced meanwhile by another machine's, and woken
up again; `--pauses` are stops of five seconds without a successor. With `--upgrade` each hand-over goes to another
version or comes back from it. Lost, repeated and the time to the next push are
counted in the push services' own log.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from alerts.notice import Notice
from dispatch.stub.behaviour import Act, Rule
from dispatch.stub.log import Entry
from dispatch.subscription import Subscription
from load_tests.errors import LoadTestError
from load_tests.scene import WORKER, Scene, danger_in, delete_disk, token_of, wait
from load_tests.scene_command import arguments_of, play_once
from load_tests.versions import THIS
from streams.processes.parent_death import die_with_parent

RECOVERY_SECONDS = 15.0
# Every push is answered this late: so many can be open, and a fan-out lasts long enough to be killed in.
ANSWER_SECONDS = 0.2
# An event comes this long after the first push of a life, at a random moment.
LIFE_SECONDS = (0.05, 0.7)
# Stopped and woken up before its supervisor gives it up: nobody has taken over, and it goes on.
PAUSE_SECONDS = 5.0
OTHER = "elsewhere"


@dataclass(frozen=True, slots=True)
class Todo:
    """What is to be done to the worker; half of the kills take its disk along."""

    kills: int
    handovers: int
    hang_seconds: float
    stop_seconds: float
    pauses: int = 0
    seed: int = 1
    upgrade: str = ""
    """The version that a hand-over goes to and the next one comes back from (`load_tests.versions`)."""

    @property
    def disks(self) -> int:
        """Return how many kills take the disk along."""
        return self.kills // 2

    def in_random_order(self) -> list[str]:
        """Return kills, hand-overs and pauses one after the other."""
        found = ["disk"] * self.disks + ["kill"] * (self.kills - self.disks) + ["hand-over"] * self.handovers
        found += ["pause"] * self.pauses
        random.Random(self.seed).shuffle(found)
        return found


@dataclass(frozen=True, slots=True)
class Event:
    """What was done to the worker, and when by the clock of the push services' log."""

    what: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Result:
    """What the push services saw. `repeated_most` is the most that came again after one event."""

    people: int
    kills: int
    disks_lost: int
    handovers: int
    hang_s: float
    stop_s: float
    pauses: int
    lost: int
    told_wrongly: int
    duplicates: int
    changed_bodies: int
    repeated_most: int
    open_allowed: int
    recovery_most_s: float
    recovery_s: tuple[float, ...]
    woken_exit: int | None
    sending_s: float
    versions: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """Return a sentence for each promise that was broken."""
        found = []
        if self.lost:
            found.append(f"{self.lost} people were never told")
        if self.told_wrongly:
            found.append(f"{self.told_wrongly} people were told whom the notice is not for")
        if self.repeated_most > self.open_allowed:
            found.append(f"{self.repeated_most} pushes came again after one event; {self.open_allowed} may be open")
        if self.changed_bodies:
            found.append(f"{self.changed_bodies} repeats had other bytes")
        if self.recovery_most_s > RECOVERY_SECONDS:
            found.append(f"the next push came {self.recovery_most_s:.1f} s after an event")
        if self.woken_exit == 0:
            found.append("a worker that was replaced while it was stopped did not say so when it woke")
        return tuple(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once and print the result; the last line is JSON."""
    parser = arguments_of("kills", __doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--handovers", type=int, default=3)
    parser.add_argument("--hang", type=float, default=60.0, help="seconds for which one of four push services hangs")
    parser.add_argument("--stop", type=float, default=0.0, help="seconds for which the worker is stopped and replaced")
    parser.add_argument("--pauses", type=int, default=0, help="how often it is stopped for 5 s and not replaced")
    parser.add_argument(
        "--upgrade", default="", help="each hand-over is to another version or back: next, or a checkout with a .venv"
    )

    def wanted(given: argparse.Namespace) -> Todo:
        return Todo(given.kills, given.handovers, given.hang, given.stop, given.pauses, given.seed, given.upgrade)

    return play_once(
        parser,
        arguments,
        lambda scene, given: play(scene, wanted(given)),
        versions=lambda given: bool(given.upgrade),
    )


def play(scene: Scene, todo: Todo) -> Result:
    """Do what is to be done to the worker amid a notice, and count."""
    notice = for_two_thirds(scene, "lineage-kills")
    slow = Rule(Act.ANSWER, delay_seconds=ANSWER_SECONDS)
    silent = Rule(Act.HANG, origin=scene.stub.origins[-1])
    scene.stub.tell([silent, slow] if todo.hang_seconds else [slow])
    begun = time.monotonic()
    scene.publish(notice)
    ends = threading.Timer(todo.hang_seconds, scene.stub.tell, [[slow]])
    ends.start()
    try:
        events, versions, woken = act(scene, todo, notice)
    finally:
        ends.join(max(0.0, todo.hang_seconds - (time.monotonic() - begun)) + 10.0)
    scene.stub.tell([])
    wait(lambda: scene.finished(notice), "the end of the fan-out")
    return replace(judged(scene, todo, notice, events, woken), versions=tuple(versions))


def act(scene: Scene, todo: Todo, notice: Notice) -> tuple[list[Event], list[str], int | None]:
    """Do all that is to be done to the worker, in random order.

    Return it, the versions that it was handed over to, and how the woken worker ended.
    """
    chance = random.Random(todo.seed)
    events, versions = [], list[str]()
    for what in todo.in_random_order():
        next_push(scene, notice)
        time.sleep(chance.uniform(*LIFE_SECONDS))  # the random moment itself
        pid = scene.supervisor.pid(WORKER)
        events.append(Event(what, round(time.time() * 1000)))
        if what == "pause":
            os.kill(pid, signal.SIGSTOP)
            time.sleep(PAUSE_SECONDS)
            os.kill(pid, signal.SIGCONT)
            continue
        if what == "hand-over" and todo.upgrade:
            versions.append(THIS if versions and versions[-1] != THIS else todo.upgrade)
            scene.version_file.write_text(versions[-1], encoding="utf-8")
        os.kill(pid, signal.SIGTERM if what == "hand-over" else signal.SIGKILL)
        if what == "disk":
            delete_disk(scene, WORKER)
        wait(lambda pid=pid: scene.supervisor.pid(WORKER) not in (0, pid), "the restart")  # type: ignore[misc]
    woken = None
    if todo.stop_seconds:
        next_push(scene, notice)
        woken = stop_and_replace(scene, todo.stop_seconds, events)
    if events:
        next_push(scene, notice)
    return events, versions, woken


def stop_and_replace(scene: Scene, seconds: float, events: list[Event]) -> int:
    """Stop a worker that nobody watches, let the supervised one take over, wake it up; return how it ended."""
    scene.supervisor.stop_role(WORKER)
    wait(lambda: scene.supervisor.pid(WORKER) == 0, "the hand-over")
    events.append(Event("hand-over", round(time.time() * 1000)))
    role = scene.role(OTHER)
    with (scene.folder / f"{OTHER}.log").open("ab") as log:
        stopped = subprocess.Popen(
            role.command, env=os.environ | dict(role.environment), stdout=log, stderr=log, preexec_fn=die_with_parent()
        )
    try:
        before = scene.accepted()
        wait(lambda: scene.accepted() > before, "the first push from elsewhere")
        os.kill(stopped.pid, signal.SIGSTOP)
        begun = time.monotonic()
        events.append(Event("stop", round(time.time() * 1000)))
        scene.supervisor.start_role(WORKER)
        before = scene.accepted()
        wait(lambda: scene.accepted() > before, "the first push of the successor")
        time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
        os.kill(stopped.pid, signal.SIGCONT)
        return stopped.wait(60)
    finally:
        stopped.kill()
        stopped.wait()


def next_push(scene: Scene, notice: Notice) -> None:
    """Return when another push was accepted; raises when there is none to come."""
    before = scene.accepted()

    def seen() -> bool:
        if scene.finished(notice):
            raise LoadTestError("the fan-out ended before the last event: give it more --people")
        return scene.accepted() > before

    wait(seen, "the next push")


def for_two_thirds(scene: Scene, lineage: str) -> Notice:
    """Return a notice for two thirds of the city, one of them in greater danger."""
    cells = sorted({place.cell for person in scene.signed_up for place in person.places})
    third = len(cells) // 3
    return danger_in((cells[:third], cells[third : 2 * third]), lineage)


def told_by(notice: Notice, people: Sequence[Subscription]) -> set[str]:
    """Return the tokens of those for whom *notice* is, by looking at every place of everybody."""
    cells = {cell for part in notice.parts for cell in part.cells}
    return {token_of(person) for person in people if any(place.cell in cells for place in person.places)}


def judged(scene: Scene, todo: Todo, notice: Notice, events: list[Event], woken: int | None) -> Result:
    """Count lost and repeated pushes."""
    pushes = scene.pushes()
    expected = told_by(notice, scene.signed_up)
    seen = {entry.token for entry in pushes}
    bodies = {(entry.token, entry.body_sha) for entry in pushes}
    recovery = tuple(round(seconds, 2) for seconds in recoveries(pushes, events))
    repeated = repeats(pushes, events)
    return Result(
        people=len(scene.signed_up),
        kills=todo.kills,
        disks_lost=todo.disks,
        handovers=todo.handovers,
        hang_s=todo.hang_seconds,
        stop_s=todo.stop_seconds,
        pauses=todo.pauses,
        lost=len(expected - seen),
        told_wrongly=len(seen - expected),
        duplicates=len(pushes) - len(seen),
        changed_bodies=len(bodies) - len(seen),
        repeated_most=max(repeated.values(), default=0),
        open_allowed=scene.max_in_flight,
        recovery_most_s=max(recovery, default=0.0),
        recovery_s=recovery,
        woken_exit=woken,
        sending_s=round(sending_seconds(pushes), 1),
    )


def repeats(pushes: Sequence[Entry], events: Sequence[Event]) -> Counter[int]:
    """Return by event how many pushes came again that had come for the last time before it: they were open then."""
    times: dict[str, list[int]] = {}
    for entry in pushes:
        times.setdefault(entry.token, []).append(entry.wall_ms)
    moments = [event.at_ms for event in events]
    found: Counter[int] = Counter()
    for seen in times.values():
        for first, _ in pairwise(sorted(seen)):
            # What was on its way at the event may be written down a moment later: then it counts to that event.
            found[bisect_right(moments, first - round(ANSWER_SECONDS * 2000))] += 1
    return found


def recoveries(pushes: Sequence[Entry], events: Sequence[Event]) -> list[float]:
    """Return the time from each event to the first push of whoever came next: after what was still on its way."""
    times = sorted(entry.wall_ms for entry in pushes)
    found = []
    for event in events:
        at = bisect_right(times, event.at_ms + round(ANSWER_SECONDS * 2000))
        if at < len(times):
            found.append((times[at] - event.at_ms) / 1000)
    return found


def sending_seconds(pushes: Sequence[Entry]) -> float:
    """Return for how long pushes went out, the pauses after an event left out."""
    times = sorted(entry.wall_ms for entry in pushes)
    return sum(gap for a, b in pairwise(times) if (gap := b - a) < 1000) / 1000


if __name__ == "__main__":
    sys.exit(main())
