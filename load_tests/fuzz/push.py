"""Give the C columns that lie, under AddressSanitizer: python -m load_tests.fuzz.push [--rounds 20000] [--seed 1]

Built anew with -fsanitize=address,undefined, and run in a child that has the sanitizer loaded before all else: what
reads or writes beyond an array ends it. numpy's arrays are its own pieces of memory, so each has a fence.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dispatch.agreement import GENERATOR
from dispatch.columns import U8
from dispatch.native.build import FLAGS, compile_to
from dispatch.native.library import Library
from dispatch.native.packed import Addresses, Bodies
from dispatch.pool import ENTRY_BYTES, THERE

SANITIZED = (
    *FLAGS,
    "-g",
    "-O1",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
)
_EDGES = (0, 1, 2, 7, 2047, 2048, 2049, 16_384, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1, -1, -2, -(2**63))


def number(rng: random.Random, usual: int) -> int:
    """Return *usual*, mostly, or something like it, or something else."""
    way = rng.random()
    if way < 0.97:
        return usual
    return usual + rng.randint(-3, 3) if way < 0.985 else rng.choice(_EDGES)


def offsets(rng: random.Random, count: int, total: int) -> list[int]:
    """Return places in *total* bytes, of which some lie."""
    honest = [0, *sorted(rng.randint(0, total) for _ in range(count - 1)), total]
    return honest if rng.random() < 0.5 else [number(rng, one) for one in honest]


def data(rng: random.Random, count: int) -> U8:
    """Return so many bytes, mostly such as addresses have."""
    text = rng.choices(b"/abc0", k=count) if rng.random() < 0.9 else rng.randbytes(count)
    return np.array(list(text), dtype=np.uint8)


def sealing(library: Library, rng: random.Random) -> None:
    """Seal rows, some of which do not exist."""
    count, total = rng.randint(1, 12), rng.randint(0, 3_000)
    places = np.array([one % 2**64 for one in offsets(rng, count, total)], dtype=np.uint64)
    pool = np.array(list(rng.randbytes(count * ENTRY_BYTES)), dtype=np.uint8).reshape(count, ENTRY_BYTES)
    pool[[rng.random() < 0.8 for _ in range(count)], 0] = THERE
    wanted, records = rng.randint(0, 20), rng.randint(0, 3)
    rows = np.array([number(rng, rng.randrange(count)) for _ in range(wanted)], dtype=np.int64)
    which = np.array([number(rng, rng.randrange(max(1, records))) for _ in range(wanted)], dtype=np.int64)
    words = [rng.randbytes(rng.choice((0, 1, 15, 16, 1025)))] * records
    library.seal(data(rng, total), places, pool, rows, which, words)


def framing(library: Library, rng: random.Random) -> None:
    """Frame rows whose addresses lie somewhere else."""
    count, total, size = rng.randint(1, 12), rng.randint(0, 3_000), rng.choice((1, 600, 1127, 16_384, 16_385))
    addresses = Addresses(data(rng, total), np.array(offsets(rng, count, total), dtype=np.int64))
    begin = number(rng, rng.randrange(count))
    before, after = (rng.randbytes(number(rng, rng.randint(0, 300)) % 20_000) for _ in range(2))
    most, stream = number(rng, rng.randint(0, count)), number(rng, 1) % 2**64
    library.are_addresses(addresses)
    library.frames(addresses, Bodies(np.zeros((count, size), dtype=np.uint8)), begin, most, stream, before, after)


def making(library: Library, rng: random.Random) -> None:
    """Make entries for keys that are mostly no points, in numbers that do not agree."""
    count = rng.choice((0, 1, 2, 3, 70))
    point = GENERATOR[1:] if rng.random() < 0.5 else rng.randbytes(64)
    points, auths = (
        np.frombuffer(one * count, dtype=np.uint8).reshape(count, -1 if count else len(one))
        for one in (point[: number(rng, 64) % 65], rng.randbytes(16))
    )
    library.entries(
        rng.randbytes(number(rng, count) % 80 * 32), rng.randbytes(number(rng, count) % 80 * 16), points, auths
    )


def answers(library: Library, rng: random.Random) -> None:
    """Read frames, some of them cut or changed."""
    plain = [b"\0\0\5\1\5\0\0\0" + bytes([rng.randrange(256)]) + b"H\x82\x10\3a" for _ in range(rng.randint(0, 50))]
    said = bytearray(b"".join(plain))
    for _ in range(rng.randint(0, 3) if said else 0):
        said[rng.randrange(len(said))] = rng.randrange(256)
    whole = bytes(said[: rng.randint(0, len(said))])
    library.answers(whole, number(rng, rng.randint(0, len(whole))) % 2**64)


TARGETS: tuple[Callable[[Library, random.Random], None], ...] = (sealing, framing, answers, making)


def rounds(library: Library, count: int, seed: int) -> Counter[str]:
    """Return how many rounds of each target were done and how many refused."""
    ends: Counter[str] = Counter()
    for nth in range(count):
        for target in TARGETS:
            try:
                target(library, random.Random(f"{target.__name__}/{seed}/{nth}"))
                ends[f"{target.__name__} done"] += 1
            except ValueError:
                ends[f"{target.__name__} refused"] += 1
    return ends


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, and run in a child; the last line says what was done."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.fuzz.push", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--library", type=Path, help="for the child")
    given = parser.parse_args(arguments)
    if given.library is not None:
        print(dict(rounds(Library(given.library), given.rounds, given.seed)))
        return 0
    asked = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "push.so"
        compile_to(library, "gcc", SANITIZED)
        environment = {**os.environ, "LD_PRELOAD": asked.stdout.strip(), "ASAN_OPTIONS": "detect_leaks=0"}
        words = ("--library", str(library), "--rounds", str(given.rounds), "--seed", str(given.seed))
        child = (sys.executable, "-m", "load_tests.fuzz.push", *words)
        return subprocess.run(child, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
