"""Run the fuzz: python -m load_tests.fuzz.run DATA_FOLDER [--inputs 200000] [--seed 1] [--only NAME]

A process for each target, so that memory is each reader's own. What is counted: inputs, how many passed the plain
parser, how many were read and how many refused with a typed error, the longest, and the peak of memory. What fails
the run: any other error, more than two seconds of processor time on one input, more than 512 MiB. The input of
a finding is kept in `--findings` and is named by target, seed and number, by which it can be made again.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from lxml import etree

from load_tests.fuzz.mutate import mutate_bytes, mutate_json, mutate_table, mutate_xml
from load_tests.fuzz.targets import Form, Target, available, past_the_parser

LONGEST_SECONDS = 2.0
MOST_MEBIBYTES = 512
LEAST_PAST_SHARE = 0.9
# The rest are changed as bytes: the parser itself is a reader too.
_BYTES_SHARE = 0.07


@dataclass
class Tally:
    """What became of one target's inputs."""

    target: str
    inputs: int = 0
    past: int = 0
    read: int = 0
    refused: int = 0
    longest_seconds: float = 0.0
    peak_mebibytes: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Say whether nothing was found."""
        return not self.findings and self.longest_seconds <= LONGEST_SECONDS and self.peak_mebibytes <= MOST_MEBIBYTES


def inputs_of(target: Target, samples: Sequence[bytes], seed: int, count: int) -> Iterator[bytes]:
    """Yield *count* changed samples; the same for the same seed."""
    make = _maker(target.form, samples)
    for number in range(count):
        yield make(Random(f"{target.name}/{seed}/{number}"))


def _maker(form: Form, samples: Sequence[bytes]) -> Callable[[Random], bytes]:
    def changed_bytes(random: Random) -> bytes:
        return mutate_bytes(random.choice(samples), random)

    match form:
        case Form.XML:
            roots = [etree.fromstring(raw) for raw in samples]

            def make(random: Random) -> bytes:
                return mutate_xml(random.choice(roots), roots, random)

        case Form.JSON:
            documents = [json.loads(raw) for raw in samples]

            def make(random: Random) -> bytes:
                return mutate_json(random.choice(documents), random)

        case Form.TABLE:

            def make(random: Random) -> bytes:
                return mutate_table(random.choice(samples), random)

    return lambda random: changed_bytes(random) if random.random() < _BYTES_SHARE else make(random)


def judge(target: Target, inputs: Iterator[bytes], *, findings: Path | None = None, name: str = "") -> Tally:
    """Give every input to the target's reader and count what happens."""
    tally = Tally(target.name)
    for number, raw in enumerate(inputs):
        tally.inputs += 1
        tally.past += past_the_parser(target.form, raw)
        began = time.process_time()
        found = ""
        try:
            target.parse(raw)
            tally.read += 1
        except target.refusals as error:
            tally.refused += 1
            tally.reasons[str(getattr(error, "reason", type(error).__name__))] += 1
        except Exception as error:  # noqa: BLE001  anything that is not typed is what we look for
            where = traceback.extract_tb(error.__traceback__)[-1]
            found = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {str(error)[:100]}"
        spent = time.process_time() - began
        tally.longest_seconds = max(tally.longest_seconds, spent)
        if spent > LONGEST_SECONDS:
            found = f"{spent:.1f} s"
        if found:
            tally.findings.append(f"{name}{target.name}/{number}: {found}")
            if findings is not None:
                findings.mkdir(parents=True, exist_ok=True)
                (findings / f"{target.name}-{number}").write_bytes(raw)
    tally.peak_mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return tally


def _run(target_name: str, data: Path, seed: int, count: int, findings: Path) -> dict[str, Any]:
    (found,) = [(target, samples) for target, samples in available(data) if target.name == target_name]
    tally = judge(found[0], inputs_of(*found, seed, count), findings=findings, name=f"seed {seed}: ")
    return asdict(tally)


def _line(tally: Tally) -> str:
    return (
        f"{tally.target:<16} {tally.inputs:>7,} inputs  {100 * tally.past / tally.inputs:5.1f} % past the parser  "
        f"{tally.read:>7,} read  {tally.refused:>7,} refused for {len(tally.reasons):>2} reasons  "
        f"longest {tally.longest_seconds:5.3f} s  peak {tally.peak_mebibytes:4.0f} MiB  {len(tally.findings)} findings"
    )


def main() -> None:
    """Run all targets, print a line for each, and JSON on the last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--inputs", type=int, default=200_000, help="in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="one target")
    parser.add_argument("--findings", type=Path, default=Path(".cache/fuzz"))
    parser.add_argument("--processes", type=int, default=1)
    chosen = parser.parse_args()
    names = [target.name for target, _ in available(chosen.data) if chosen.only in ("", target.name)]
    each = -(-chosen.inputs // len(names))
    spawn = multiprocessing.get_context("spawn")
    began = time.monotonic()
    tallies = []
    with spawn.Pool(chosen.processes, maxtasksperchild=1) as pool:
        waiting = [pool.apply_async(_run, (name, chosen.data, chosen.seed, each, chosen.findings)) for name in names]
        for one in waiting:
            tally = Tally(**one.get())
            tallies.append(tally)
            print(_line(tally), flush=True)
            for finding in tally.findings[:5]:
                print(f"    {finding}", flush=True)
    inputs, past = sum(t.inputs for t in tallies), sum(t.past for t in tallies)
    good = all(tally.good for tally in tallies) and past >= LEAST_PAST_SHARE * inputs
    figures = {
        "inputs": inputs,
        "past_share": round(past / inputs, 4),
        "read": sum(t.read for t in tallies),
        "refused": sum(t.refused for t in tallies),
        "findings": sum(len(t.findings) for t in tallies),
        "longest_seconds": round(max(t.longest_seconds for t in tallies), 3),
        "peak_mebibytes": round(max(t.peak_mebibytes for t in tallies)),
        "seconds": round(time.monotonic() - began),
        "good": good,
    }
    print(json.dumps(figures))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
