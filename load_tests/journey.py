"""Read when documents passed each stage: from Kafka headers, or from the result file of a run."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from load_tests.budget import Stage
from load_tests.errors import ResultMalformed

LARGEST_DIGITS = 15  # milliseconds since 1970 until the year 33658


@dataclass(frozen=True, slots=True)
class Journey:
    """One notice on its way: milliseconds since the epoch for each stage that was stamped."""

    notice: str
    stages: Mapping[Stage, int]


def stages_of(headers: Iterable[tuple[str, bytes | None]]) -> dict[Stage, int]:
    """Return the stamps among a record's headers; the first of a name counts, what is no number is left out.

    The first, because a stage that is passed again (a retry, a replayed record) must not look faster or slower
    than it was for those who waited.
    """
    known = {stage.value: stage for stage in Stage}
    stages: dict[Stage, int] = {}
    for name, value in headers:
        stage = known.get(name)
        if stage is None or stage in stages or value is None:
            continue
        if value.isdigit() and len(value) <= LARGEST_DIGITS:
            stages[stage] = int(value)
    return stages


def stage_header(stage: Stage, at_ms: int) -> tuple[str, bytes]:
    """Return the header that says when a stage was passed."""
    return stage.value, str(at_ms).encode("ascii")


def read_journeys(path: Path) -> Iterator[Journey]:
    """Read lines of `{"notice": "…", "stages": {"t-received": 1700000000000, …}}`.

    Other objects, such as the summary that ends a run, are passed over; what is no object raises ResultMalformed.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                said = json.loads(line)
            except ValueError as error:
                raise ResultMalformed(f"{path.name}, line {number}: {error}") from error
            if not isinstance(said, dict):
                raise ResultMalformed(f"{path.name}, line {number}: not an object")
            if "stages" in said:
                yield Journey(str(said.get("notice", "")), _stages(said["stages"], f"{path.name}, line {number}"))


def _stages(said: object, where: str) -> dict[Stage, int]:
    if not isinstance(said, dict):
        raise ResultMalformed(f"{where}: stages is not an object")
    stages = {}
    for name, value in said.items():
        try:
            stage = Stage(name)
        except ValueError:
            raise ResultMalformed(f"{where}: unknown stage {name!r}") from None
        if isinstance(value, bool) or not isinstance(value, int):
            raise ResultMalformed(f"{where}: {name} is not a whole number of milliseconds")
        stages[stage] = value
    return stages
