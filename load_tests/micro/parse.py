"""How fast telegrams are read, by kind, beside lxml's bare parse of the same bytes.

    python -m load_tests.micro.parse DATA_FOLDER [--seconds 0.5]

The last line is JSON. lxml alone builds a tree and knows nothing of it; the difference is the limits that are
checked before a tree is built, and the reading of the tree. Both in one run, one after the other by turns.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from feeds.archive import documents
from feeds.errors import FeedError
from feeds.read import read

_RECEIVED = datetime(2026, 11, 22, tzinfo=UTC)
FOLDERS = ("04_jma_xml/samples", "06_cap")


@dataclass(frozen=True, slots=True)
class ParseRate:
    """Documents a second of processor time, and the mean size."""

    kind: str
    documents: int
    mean_bytes: int
    read_per_second: float
    bare_per_second: float

    @property
    def ratio(self) -> float:
        """Return how many times longer reading takes than a bare parse."""
        return self.bare_per_second / self.read_per_second


def parse_rates(data: Path, seconds: float = 0.5) -> tuple[ParseRate, ...]:
    """Return the rates by kind of telegram, the largest group first; *seconds* is spent on each kind and way."""
    found: Mapping[str, list[bytes]] = defaultdict(list)
    for document in documents([data / folder for folder in FOLDERS]):
        try:
            kind = read(document.raw, name=document.name, received=_RECEIVED).kind
        except FeedError:
            continue
        found[kind].append(document.raw)
    return tuple(
        ParseRate(
            kind=kind,
            documents=len(raws),
            mean_bytes=sum(map(len, raws)) // len(raws),
            read_per_second=_rate(lambda raw: read(raw, name="", received=_RECEIVED), raws, seconds),
            bare_per_second=_rate(etree.fromstring, raws, seconds),
        )
        for kind, raws in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    )


def _rate(work: Callable[[bytes], object], raws: Iterable[bytes], seconds: float) -> float:
    many = tuple(raws)
    done, began = 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        for raw in many:
            work(raw)
        done += len(many)
    return done / spent


def as_plain(rates: Iterable[ParseRate]) -> dict[str, dict[str, float]]:
    """Return the rates as JSON takes them."""
    return {
        rate.kind: {
            "documents": rate.documents,
            "mean_bytes": rate.mean_bytes,
            "read_per_second": round(rate.read_per_second),
            "lxml_per_second": round(rate.bare_per_second),
            "ratio": round(rate.ratio, 2),
        }
        for rate in rates
    }


def main() -> None:
    """Print a line for each kind, and JSON on the last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=0.5)
    chosen = parser.parse_args()
    rates = parse_rates(chosen.data, chosen.seconds)
    for rate in rates:
        print(
            f"{rate.kind:<12} {rate.documents:>4} documents of {rate.mean_bytes / 1000:6.1f} kB   "
            f"read {rate.read_per_second:>7,.0f}/s   lxml {rate.bare_per_second:>7,.0f}/s   {rate.ratio:4.1f} times"
        )
    print(json.dumps({"parse": as_plain(rates)}))


if __name__ == "__main__":
    main()
