"""Compare a run with the budget, and with an earlier run: `python -m load_tests.report RESULT… [--json FILE]`.

Exit code 0: all measured spans are within the budget; 1: one is over, or stamps run backwards; 2: nothing usable.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import ceil
from pathlib import Path

from load_tests.budget import BUDGET, Budget, Span, read_budget
from load_tests.errors import LoadTestError
from load_tests.journey import Journey, read_journeys

SAMPLES_FOR_P99 = 100  # below, p99 is the largest value; said so, and still held against the budget


class Mark(StrEnum):
    """How a span stands against its budget."""

    WITHIN = "within"
    OVER = "over"
    BACKWARDS = "backwards"  # a later stage has an earlier stamp: clocks or code are wrong, no figure counts
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True)
class Row:
    """One span of the report. Ratios are measured / allowed, and now / before."""

    span: str
    samples: int
    p50_ms: int | None
    p99_ms: int | None
    worst_ms: int | None
    budget_p50_ms: int
    budget_p99_ms: int
    budget_ratio: float | None
    before_ratio: float | None
    mark: Mark
    backwards: int


def percentile(values: Sequence[int], share: float) -> int:
    """Return the nearest-rank percentile of *values*, a value that occurred; never one between two."""
    if not values:
        raise ValueError("a percentile of nothing")
    return sorted(values)[max(1, ceil(share * len(values))) - 1]


def measure(journeys: Iterable[Journey], budget: Budget, before: Mapping[str, int] | None = None) -> tuple[Row, ...]:
    """Return a row for each span of the budget. *before* is the p99 of an earlier run by span."""
    seen = tuple(journeys)
    return tuple(_row(span, seen, (before or {}).get(span.name)) for span in budget.spans)


def exit_code(rows: Iterable[Row]) -> int:
    """Return the process's answer: 0 within, 1 over or backwards, 2 nothing measured."""
    marks = {row.mark for row in rows}
    if marks & {Mark.OVER, Mark.BACKWARDS}:
        return 1
    return 0 if Mark.WITHIN in marks else 2


def markdown(rows: Iterable[Row], context: Mapping[str, object]) -> str:
    """Return the report as a page: where it was measured, then a line per span."""
    lines = ["# Latency against the budget", ""]
    lines += [f"- {name}: {value}" for name, value in context.items()]
    lines += [
        "",
        "| span | samples | p50 ms | p99 ms | worst ms | allowed p50 / p99 | of the budget | of the run before | |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    few = False
    for row in rows:
        rough = "~" if 0 < row.samples < SAMPLES_FOR_P99 else ""
        few = few or bool(rough)
        lines.append(
            f"| {row.span} | {row.samples} | {_shown(row.p50_ms)} | {rough}{_shown(row.p99_ms)} "
            f"| {_shown(row.worst_ms)} | {row.budget_p50_ms} / {row.budget_p99_ms} | {_shown(row.budget_ratio)} "
            f"| {_shown(row.before_ratio)} | {row.mark}{f' ({row.backwards})' if row.backwards else ''} |"
        )
    if few:
        lines += ["", f"~ fewer than {SAMPLES_FOR_P99} samples: p99 is the largest value seen."]
    return "\n".join(lines) + "\n"


def to_plain(rows: Iterable[Row], context: Mapping[str, object]) -> dict[str, object]:
    """Return the report as JSON-able data; a later run takes it as its `--before`."""
    return {"context": dict(context), "spans": {row.span: asdict(row) for row in rows}}


def read_before(path: Path) -> dict[str, int]:
    """Return the p99 of each span in an earlier report."""
    try:
        spans = json.loads(path.read_text(encoding="utf-8"))["spans"]
        return {name: row["p99_ms"] for name, row in spans.items() if row["p99_ms"] is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LoadTestError(f"{path.name} is no earlier report: {error!r}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report of some result files as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.report", description="Compare a run with the budget.")
    parser.add_argument("results", type=Path, nargs="+", help="JSON lines with the stages of each notice")
    parser.add_argument("--budget", type=Path, default=BUDGET)
    parser.add_argument("--before", type=Path, help="JSON report of an earlier run to compare with")
    parser.add_argument("--json", type=Path, dest="json_path", help="write the report as JSON too")
    parser.add_argument("--markdown", type=Path, dest="markdown_path", help="write the report as Markdown too")
    parser.add_argument("--commit", default="unknown", help="what was measured")
    parser.add_argument("--command", default="unknown", help="how it was run")
    given = parser.parse_args(arguments)
    try:
        budget = read_budget(given.budget)
        before = read_before(given.before) if given.before else None
        journeys = [journey for path in given.results for journey in read_journeys(path)]
    except (LoadTestError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    rows = measure(journeys, budget, before)
    context = {
        "command": given.command,
        "commit": given.commit,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "notices": len(journeys),
    }
    page = markdown(rows, context)
    if given.json_path:
        given.json_path.write_text(json.dumps(to_plain(rows, context), indent=1) + "\n", encoding="utf-8")
    if given.markdown_path:
        given.markdown_path.write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    return exit_code(rows)


def _row(span: Span, journeys: Sequence[Journey], before_p99_ms: int | None) -> Row:
    took = [
        journey.stages[span.ends] - journey.stages[span.begins]
        for journey in journeys
        if span.begins in journey.stages and span.ends in journey.stages
    ]
    backwards = sum(1 for duration in took if duration < 0)
    if not took:
        return Row(span.name, 0, None, None, None, span.p50_ms, span.p99_ms, None, None, Mark.UNMEASURED, backwards=0)
    p50, p99 = percentile(took, 0.50), percentile(took, 0.99)
    if backwards:
        mark = Mark.BACKWARDS
    else:
        mark = Mark.WITHIN if p50 <= span.p50_ms and p99 <= span.p99_ms else Mark.OVER
    return Row(
        span=span.name,
        samples=len(took),
        p50_ms=p50,
        p99_ms=p99,
        worst_ms=max(took),
        budget_p50_ms=span.p50_ms,
        budget_p99_ms=span.p99_ms,
        budget_ratio=round(p99 / span.p99_ms, 3),
        before_ratio=round(p99 / before_p99_ms, 3) if before_p99_ms else None,
        mark=mark,
        backwards=backwards,
    )


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
