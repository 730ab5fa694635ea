"""Who was told is told that it is over, and nobody else: `python -m load_tests.correction --people 40000 --json`.

On Apache Kafka. Between an alert and its correction 5 % move, 2 % unsubscribe and 2 % sign up; the worker is killed
and its disk deleted. Whom the correction reached must be whom the alert reached but for those who are gone, exactly:
both are read from the push services' log.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from load_tests.errors import LoadTestError
from load_tests.kills import for_two_thirds, told_by
from load_tests.scene import WORKER, Scene, correction_of, delete_disk, token_of, wait
from load_tests.scene_command import arguments_of, play_once

MOVE, LEAVE, JOIN = 0.05, 0.02, 0.02
# Click to first POST (promise 9).
FIRST_SECONDS = 10.0
# Newcomers are gathered for two seconds; what comes later than this after the last of them does not come.
QUIET_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Result:
    """What the push services saw."""

    people: int
    moved: int
    left: int
    joined: int
    alerted: int
    late: int
    gone: int
    corrected: int
    missed: int
    not_alerted: int
    twice: int
    open_allowed: int
    first_ms: int
    last_ms: int

    @property
    def failures(self) -> tuple[str, ...]:
        """Return a sentence for each promise that was broken."""
        found = []
        if self.missed:
            found.append(f"{self.missed} who were alerted and are still here were not told of the correction")
        if self.not_alerted:
            found.append(f"{self.not_alerted} were told of the correction and never alerted, or had left")
        if self.twice > self.open_allowed:
            found.append(f"{self.twice} pushes came again; {self.open_allowed} may be open at the kill")
        if self.first_ms > FIRST_SECONDS * 1000:
            found.append(f"the first push of the correction came after {self.first_ms} ms")
        return tuple(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once and print the result; the last line is JSON."""
    return play_once(
        arguments_of("correction", __doc__),
        arguments,
        lambda scene, given: play(scene, given.seed),
        spare=lambda given: round(given.people * JOIN),
    )


def play(scene: Scene, seed: int) -> Result:
    """Alert, let people come, go and move, kill the worker, correct, and count."""
    people, before = scene.signed_up, len(scene.pushes())
    alert = for_two_thirds(scene, "lineage-corrected")
    scene.publish(alert)
    wait(lambda: scene.finished(alert), "the end of the alert")
    expected = told_by(alert, people)
    if {entry.token for entry in scene.pushes()[before:]} != expected:
        raise LoadTestError("the alert did not reach exactly those whom it is for")
    chance = random.Random(seed)
    touched = chance.sample(people, round(len(people) * (MOVE + LEAVE)))
    leaving, moving = touched[: round(len(people) * LEAVE)], touched[round(len(people) * LEAVE) :]
    homes = [person.places for person in people]
    scene.subscribe([replace(person, places=chance.choice(homes)) for person in moving])
    scene.subscribe(scene.spare)
    scene.unsubscribe(leaving)
    pid = scene.supervisor.pid(WORKER)
    os.kill(pid, signal.SIGKILL)
    delete_disk(scene, WORKER)
    wait(lambda: scene.supervisor.pid(WORKER) not in (0, pid), "the restart")
    settle(scene)
    alerted = scene.pushes()[before:]
    clicked = time.time() * 1000
    correction = correction_of(alert)
    scene.publish(correction)
    wait(lambda: scene.finished(correction), "the end of the correction")
    pushes = scene.pushes()[before + len(alerted) :]
    reached, told = {entry.token for entry in pushes}, {entry.token for entry in alerted}
    gone = {token_of(person) for person in leaving}
    # Who moved into other danger is told anew, in other words; the same bytes twice are a repeat.
    again = sum(len(some) - len({(entry.token, entry.body_sha) for entry in some}) for some in (alerted, pushes))
    return Result(
        people=len(people),
        moved=len(moving),
        left=len(leaving),
        joined=len(scene.spare),
        alerted=len(told),
        late=len(told - expected),
        gone=len(told & gone),
        corrected=len(reached),
        missed=len(told - gone - reached),
        not_alerted=len(reached - (told - gone)),
        twice=again,
        open_allowed=scene.max_in_flight,
        first_ms=round(min(entry.wall_ms for entry in pushes) - clicked),
        last_ms=round(max(entry.wall_ms for entry in pushes) - clicked),
    )


def settle(scene: Scene) -> None:
    """Return when newcomers have been told: nothing was accepted for a while after the worker's first turn."""
    beat = scene.folder / "beats" / WORKER
    restarted = time.time()
    wait(lambda: beat.stat().st_mtime > restarted, "the successor's first sign of life")
    before, since = scene.accepted(), time.monotonic()

    def quiet() -> bool:
        nonlocal before, since
        now = scene.accepted()
        if now != before:
            before, since = now, time.monotonic()
        return time.monotonic() - since >= QUIET_SECONDS

    wait(quiet, "newcomers to be told")


if __name__ == "__main__":
    sys.exit(main())
