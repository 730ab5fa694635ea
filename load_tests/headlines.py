"""Read a year of headlines: how many are classified, how fast, and what memory does.

    python -m load_tests.headlines EVENTS_JSONL_GZ [--rounds 3]

The last line is JSON. Memory is what the process holds after each round over all entries: growth would show.
`shirase replay FILE` sends the same entries through the whole pipeline.
"""

import argparse
import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feeds.archive import documents
from feeds.jma.headlines import HEADLINE_ONLY, names_a_level
from feeds.read import read
from shirase.demo.summary import held_megabytes

_RECEIVED = datetime(2026, 11, 22, tzinfo=UTC)


def measure(archive: Path, rounds: int) -> dict[str, Any]:
    """Return the figures over *rounds* readings of *archive*."""
    entries = tuple(documents([archive]))
    held = [held_megabytes()]
    ends: Counter[str] = Counter()
    naming = classified = 0
    began = time.process_time()
    for _ in range(rounds):
        ends.clear()
        naming = classified = 0
        for entry in entries:
            report = read(entry.raw, name=entry.name, received=_RECEIVED)
            ends[report.informational] += 1
            if names_a_level(json.loads(entry.raw)["content"]):
                naming += 1
                classified += report.informational == HEADLINE_ONLY
        held.append(held_megabytes())
    return {
        "entries": len(entries),
        "ends": dict(ends),
        "naming_a_level": naming,
        "classified_of_these": classified,
        "share": round(classified / naming, 4) if naming else None,
        "entries_per_second": round(rounds * len(entries) / (time.process_time() - began)),
        "megabytes_before_and_after_each_round": held,
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.archive, chosen.rounds)))


if __name__ == "__main__":
    main()
