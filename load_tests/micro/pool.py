"""What an entry of the pool costs, made by hundreds in C and one by one in Python: `python -m load_tests.micro.pool`

Both fill for the same people, in turns as long as a worker's, one way after the other, many times; the middle of each
is told, and the ratio is what may be compared with another run. It is processor time of this thread: what else runs on
the machine takes little part in it.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Sequence

from alerts.place import Cell
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.native.library import load
from dispatch.pool import Pool
from dispatch.registry import Registry
from dispatch.subscription import Place, Subscription
from load_tests.receivers import receivers
from streams.fanout.dispatcher import ENTRIES_A_TURN

SECRET = b"s" * 32
_HOME = Cell(0x892F5AAC9C3FFFF)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure; the last line is JSON."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.micro.pool", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--turns", type=int, default=60)
    parser.add_argument("--json", action="store_true", help="only the last line")
    given = parser.parse_args(arguments)
    found = measured(given.turns)
    if not given.json:
        for name, value in found.items():
            print(f"{name:<12} {value}")
    print(json.dumps(found))


def measured(turns: int) -> dict[str, float]:
    """Return processor time per entry by each way, in microseconds."""
    rng = random.Random("pool")
    people = People(Registry.of(columns_of([_person(rng, *keys) for keys in receivers()])))
    pools = {"python_us": Pool(SECRET, people, turns), "c_us": Pool(SECRET, people, turns, together=load().entries)}
    times: dict[str, list[float]] = {name: [] for name in pools}
    for _ in range(turns):
        for name, pool in pools.items():
            began = time.thread_time()
            made = pool.fill(ENTRIES_A_TURN)
            times[name].append((time.thread_time() - began) / made * 1e6)
    middle = {name: round(statistics.median(many), 1) for name, many in times.items()}
    return {**middle, "ratio": round(middle["python_us"] / middle["c_us"], 2)}


def _person(rng: random.Random, p256dh: bytes, auth: bytes) -> Subscription:
    return Subscription(
        rng.randbytes(16), rng.getrandbits(64), "https://push.example/a", p256dh, auth, "ja", (Place(_HOME),)
    )


if __name__ == "__main__":
    main()
