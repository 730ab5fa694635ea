"""A hundred thousand people sign up while a danger is live: `python -m load_tests.rush --signups 100000 --json` (R4).

On Apache Kafka. A notice of level 5 for two thirds of the city goes out and holds; then people sign up there at an even
pace, a thousand who live in the last third move in, and halfway another notice of level 5 comes for that third. Lost,
told twice (of the same Topic) and the time from a sign-up's record to its accepted push are counted in the push
services' own log; what the rush costs the other notice is its time against that of the same one before the rush.
"""

import random
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alerts.notice import Notice
from alerts.place import Cell
from dispatch.message import topic_and_tag
from dispatch.stub.log import Entry
from dispatch.subscription import Place, Subscription
from load_tests.kills import for_two_thirds
from load_tests.scene import NotInTime, Scene, danger_in, token_of, wait
from load_tests.scene_command import arguments_of, play_once

# From signing up to being told (R4), and by how much a notice of its own may be later (promise 5).
TOLD_SECONDS = 10.0
DELAY_SECONDS = 2.0
_BATCH_SECONDS = 0.1
# Newcomers are gathered for two seconds: what comes a second time would have come by then.
_QUIET_SECONDS = 6.0
_PATIENCE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds from a notice's publishing to its first and its last accepted push."""

    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Result:
    """What the push services saw; `p50_ms` to `most_ms` are from a sign-up or a move to its accepted push."""

    people: int
    signups: int
    moves: int
    rush_s: float
    signups_per_s: int
    lost: int
    twice: int
    told_of_the_other_too: int
    """Movers who lived in the last third when the other notice came for it, and no more when it reached them."""
    p50_ms: int
    p99_ms: int
    most_ms: int
    notice_before: Timing
    notice_amid: Timing

    @property
    def failures(self) -> tuple[str, ...]:
        """Return a sentence for each promise that was broken."""
        found = []
        if self.lost:
            found.append(f"{self.lost} who joined or moved were never told")
        if self.twice:
            found.append(f"{self.twice} were told twice")
        if self.p99_ms > TOLD_SECONDS * 1000:
            found.append(f"one of a hundred was told {self.p99_ms} ms after she signed up")
        delay = self.notice_amid.first_ms - self.notice_before.first_ms
        if delay > DELAY_SECONDS * 1000:
            found.append(f"the rush delayed another notice's first push by {delay} ms")
        return tuple(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once and print the result; the last line is JSON."""
    parser = arguments_of("rush", __doc__)
    parser.set_defaults(max_in_flight=4096)
    parser.add_argument("--signups", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=600.0, help="over which they sign up")
    parser.add_argument("--moves", type=int, default=1_000)
    return play_once(
        parser,
        arguments,
        lambda scene, given: play(scene, given.seconds, given.moves, given.seed),
        spare=lambda given: given.signups,
    )


def play(scene: Scene, seconds: float, moves: int, seed: int) -> Result:
    """Publish what holds, let people come, and count."""
    danger = for_two_thirds(scene, "lineage-rush")
    live = sorted({cell for part in danger.parts for cell in part.cells})
    inside = frozenset(live)
    calm = sorted({place.cell for one in scene.signed_up for place in one.places} - inside)
    chance = random.Random(seed)
    joining = [replace(one, places=(Place(chance.choice(live)),)) for one in scene.spare]
    outside = [one for one in scene.signed_up if not any(place.cell in inside for place in one.places)]
    moving = [replace(one, places=(Place(chance.choice(live)),)) for one in outside[:moves]]
    staying = {token_of(one) for one in outside[moves:]}
    _say("the notice that holds")
    scene.publish(danger)
    wait(lambda: scene.finished(danger), "the end of the notice")
    before = timed(scene, calm, "lineage-calm-before", staying)
    known = scene.accepted()
    coming = [*joining, *moving]
    chance.shuffle(coming)
    _say(f"{len(coming):,} come within {seconds:.0f} s")
    begun = time.monotonic()
    half = len(coming) // 2
    asked: dict[str, float] = {}
    amid: Notice | None = None
    for some in paced(coming, seconds):
        at = time.time() * 1000
        scene.subscribe(some)
        asked.update((token_of(one), at) for one in some)
        if amid is None and len(asked) >= half:
            amid = danger_in((calm,), "lineage-calm-amid")
            amid_at = time.time() * 1000
            scene.publish(amid)
    took = time.monotonic() - begun
    settle(scene, known + len(coming) + len(staying))
    assert amid is not None
    pushes = scene.pushes()
    came = arrivals(pushes, asked)
    told = {token: walls for (token, topic), walls in came.items() if topic == topic_and_tag(danger.lineage)}
    other = sum(topic == topic_and_tag(amid.lineage) for _, topic in came)
    waits = np.array([walls[0] - asked[token] for token, walls in told.items()] or [0.0])
    for (token, topic), walls in came.items():
        if len(walls) > 1:
            after = ", ".join(f"{wall - asked[token]:.0f}" for wall in walls)
            _say(f"told twice of {topic}: {token}, {after} ms after she was there")
    stayed = [entry.wall_ms for entry in pushes if entry.token in staying and entry.wall_ms >= amid_at]
    return Result(
        people=len(scene.signed_up),
        signups=len(joining),
        moves=len(moving),
        rush_s=round(took, 1),
        signups_per_s=round(len(coming) / took),
        lost=len(asked.keys() - told.keys()),
        twice=sum(len(walls) - 1 for walls in came.values()),
        told_of_the_other_too=other,
        p50_ms=round(float(np.percentile(waits, 50))),
        p99_ms=round(float(np.percentile(waits, 99))),
        most_ms=round(float(waits.max())),
        notice_before=before,
        notice_amid=_timing(stayed, amid_at),
    )


def arrivals(pushes: Iterable[Entry], asked: Mapping[str, float]) -> dict[tuple[str, str], list[int]]:
    """Return by address and Topic when pushes arrived after that address was *asked* for, in order.

    By Topic, because two notices may speak to one person: who moves away while a notice for her old place goes out
    hears of both, and of each once.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for entry in pushes:
        if entry.token in asked and entry.wall_ms >= asked[entry.token]:
            found.setdefault((entry.token, entry.topic), []).append(entry.wall_ms)
    return {key: sorted(walls) for key, walls in found.items()}


def timed(scene: Scene, cells: Sequence[Cell], lineage: str, told: set[str]) -> Timing:
    """Publish a notice for *cells*, and return when it reached those who are *told* of it."""
    notice = danger_in((cells,), lineage)
    at = time.time() * 1000
    scene.publish(notice)
    wait(lambda: scene.finished(notice), "the end of the notice before the rush")
    return _timing([one.wall_ms for one in scene.pushes() if one.token in told and one.wall_ms >= at], at)


def paced(coming: Sequence[Subscription], seconds: float) -> Iterator[Sequence[Subscription]]:
    """Yield who comes, evenly over *seconds*; later where we are too slow, and then more at once."""
    begun, done = time.monotonic(), 0
    while done < len(coming):
        time.sleep(_BATCH_SECONDS)
        due = min(len(coming), int(len(coming) * (time.monotonic() - begun) / seconds))
        if due > done:
            yield coming[done:due]
            done = due


def settle(scene: Scene, expected: int) -> None:
    """Return when *expected* pushes were accepted and no more has come since, or when nothing comes any more."""
    until = time.monotonic() + _PATIENCE_SECONDS
    before, since = scene.accepted(), time.monotonic()
    while time.monotonic() - since < (_QUIET_SECONDS if before >= expected else 4 * _QUIET_SECONDS):
        time.sleep(0.5)
        now = scene.accepted()
        if now != before:
            before, since = now, time.monotonic()
        if time.monotonic() > until:
            raise NotInTime(f"pushes still came {_PATIENCE_SECONDS:.0f} s after the last sign-up")


def _timing(walls: Sequence[int], at: float) -> Timing:
    if not walls:
        raise NotInTime("a notice reached nobody")
    return Timing(round(min(walls) - at), round(max(walls) - at))


def _say(step: str) -> None:
    print(f"rush: {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
