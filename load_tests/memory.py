"""Memory by the number of people: `python -m load_tests.memory --subscribers 1000000 5000000`.

For each number a process of its own maps a registry with addresses of real length, selects everybody, freezes and lays
out the fan-out of one notice, and makes each request once, as a worker does. What it then holds is its proportional set
size (proc_pid_smaps), every page of the registry among it. The slope between the numbers is what one more person costs;
what is left at zero is Python and its libraries. The last line is JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from alerts.level import Level
from alerts.notice import Notice, Text
from alerts.place import Cell
from dispatch.columns import ARRAYS
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.pool import ENTRY_BYTES, THERE, Generation
from dispatch.pushes import Pushes, Sealing
from dispatch.registry import load
from dispatch.selection import Selection, select
from dispatch.settings import DispatchSettings
from dispatch.told import Told, freeze
from dispatch.unapproved import unapproved
from dispatch.vapid import Vapid, VapidKey
from load_tests.crowd import SERVICES, make_crowd
from load_tests.processor_time import pss_bytes
from shirase.demo.receivers import Receivers
from streams.fanout.course import MOST_ROWS
from streams.fanout.fanout import FanOut
from streams.fanout.told_book import number_of

ORIGINS = tuple(f"https://{one.name}.example" for one in SERVICES)
_TURN = 1024
_TOKEN_BYTES = 16


def keys_of_nobody(count: int, seed: int) -> Receivers:
    """Return keys as long as real ones that nobody could open anything with: making real ones takes 30 us each."""
    random = np.random.default_rng([seed, 5])
    token, private, public, auth = (
        random.integers(0, 256, (count, width), dtype=np.uint8) for width in (_TOKEN_BYTES, 1, 64, 16)
    )
    return Receivers(token, private, public, auth)


def measure(folder: Path, depth: int) -> dict[str, float]:
    """Return what this process holds after the fan-out of one notice for all of the registry in *folder*."""
    people = People(load(folder))
    index = people.base
    cells = tuple(Cell(int(cell)) for cell in np.unique(index.index_cell))
    now = datetime.now(UTC)
    notice = _notice(cells, now)
    settings = DispatchSettings(extra_origins=people.origins)
    begun = time.thread_time()
    chosen = select(people, notice, at=now)
    select_ms = (time.thread_time() - begun) * 1000
    messages = Messages(notice, settings)
    generations = [Generation.empty(people.count) for _ in range(depth)]
    for one in generations:
        one.entries[:, 0] = THERE
        one.filled = people.count
    generation = generations[0] if generations else Generation.empty(0)
    told: dict[int, Told] = {}
    vapid = Vapid({0: VapidKey.generate()}, "mailto:load-test@shirase.example")
    # Range by range, as a worker does; what was told stays in its book.
    for first in range(0, len(chosen), MOST_ROWS):
        some = Selection(*(getattr(chosen, name)[first : first + MOST_ROWS] for name in ("rows", "parts", "places")))
        fresh = {
            number_of(bucket, first // MOST_ROWS, 0): freeze(
                people, 1, rows, generation=generation.name, said=messages.digest
            )
            for bucket, rows in some.by_bucket(people).items()
        }
        told |= fresh
        sealings = dict.fromkeys(fresh, Sealing(generation.name, generation))
        fanout = FanOut(notice, people, fresh, {}, sealings)
        pushes = Pushes(
            people,
            messages,
            notice.expires.timestamp(),
            vapid,
            settings,
            b"s" * 32,
            languages=fanout.languages,
            sealings=fanout.sealings,
        )
        while depth and len(orders := fanout.fresh(dict.fromkeys(fanout.origins, _TURN), _TURN)):
            pushes.batches(fanout.rows(orders, orders.tolist()), time.time())
    touched = sum(int(np.asarray(getattr(index.columns, name)).view(np.uint8).max(initial=0)) for name in ARRAYS)
    return {
        "people": people.count,
        "selected": len(chosen),
        "pss": pss_bytes(os.getpid()),
        "registry": people.base.size_bytes,
        "select_ms": select_ms,
        "touched": touched,
    }


def _notice(cells: tuple[Cell, ...], now: datetime) -> Notice:
    text = Text("ja", "【架空】大雨特別警報", "命を守るために最善の行動を。")
    return unapproved(cells, now, level=Level.SECURE_LIFE, texts=(text,))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each number in a process of its own, and print what one more person costs."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.memory", description="Memory by the number of people.")
    parser.add_argument("--subscribers", type=int, nargs="+", default=[1_000_000, 2_000_000])
    parser.add_argument("--depth", type=int, default=1, choices=range(5), help="generations of the pool")
    parser.add_argument("--only", type=Path, help="measure this registry and nothing else")
    given = parser.parse_args(arguments)
    if given.only:
        print(json.dumps(measure(given.only, given.depth)))
        return 0
    rows = []
    for count in given.subscribers:
        with tempfile.TemporaryDirectory(prefix="shirase-memory-") as name:
            folder = Path(name)
            make_crowd(
                count, 1, folder, origins=ORIGINS, stub_origin="https://stub.example", cache=folder,
                receivers=keys_of_nobody(count, 1),
            )  # fmt: skip
            words = [sys.executable, "-m", "load_tests.memory", "--depth", str(given.depth), "--only"]
            said = subprocess.run([*words, str(folder / "registry")], check=True, capture_output=True, text=True).stdout
            rows.append(json.loads(said.splitlines()[-1]))
            print(rows[-1], file=sys.stderr, flush=True)
    first, last = rows[0], rows[-1]
    more = last["people"] - first["people"]
    slope = (last["pss"] - first["pss"]) / more if more else None
    result = {
        "rows": rows,
        "depth": given.depth,
        "bytes_per_subscriber": [round(row["pss"] / row["people"]) for row in rows],
        "slope": None if slope is None else round(slope),
        "slope_without_pool": None if slope is None else round(slope - ENTRY_BYTES * given.depth),
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
