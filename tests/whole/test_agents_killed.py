"""Kill the hazards and notices processes again and again: the same is decided and told as on a quiet evening."""

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from alerts.notice import Notice
from geo.cells import expand
from geo.change import Told
from shirase.demo.evening import evening
from shirase.demo.feeding import drain
from shirase.demo.run import Run
from shirase.demo.scenario import ScenarioDocument
from streams.brokers.client import read_to_end
from streams.payloads import Command, DraftRecord, ReportRecord
from streams.topics import COMMANDS, DRAFTS, NOTICES, REPORTS
from streams.wire import decode
from tests.whole.scenes import PATIENCE_SECONDS, Brokers, kill_9, pipeline_on, submit, until

# People are not the matter here; a few, so that the fan-out takes part.
SUBSCRIBERS = 200
KILLS = 20
SEED = 11
VICTIMS = ("hazards-0", "notices-0")
# A victim that shows its first sign of life has its backlog before it: it is killed this long after.
LIFE_SECONDS = (0.0, 1.5)
# So many of ten are not waited for, and die while they rebuild their state.
STILL_STARTING = 2


@dataclass(frozen=True, slots=True)
class Said:
    """What a run came to, without what may differ: how many revisions it took, and when."""

    ends: frozenset[tuple[str, str, str]]  # of each document: its name, outcome and reason
    decided: frozenset[tuple[str, str]]  # lineage and document
    told: dict[str, Told]  # by lineage, after its last draft
    cells: Counter[tuple[object, ...]]  # lineage, document, cell and what its people read: how often


@pytest.mark.kafka
@pytest.mark.slow
def test_twenty_kills_change_neither_notices_nor_cells(brokers: Brokers, tmp_path: Path) -> None:
    # One set of documents, with their times, for both runs.
    documents = evening(SEED)
    quiet = said_by(documents, brokers(), tmp_path / "quiet", kills=0)
    disturbed = said_by(documents, brokers(), tmp_path / "disturbed", kills=KILLS)

    assert len(quiet.ends) == len(documents)
    assert disturbed.ends == quiet.ends
    assert len(quiet.decided) >= 10
    assert disturbed.decided == quiet.decided
    assert disturbed.told == quiet.told
    # Each cell reads the same of each document, and reads it once: also a kill makes nobody read it twice.
    assert some_of(disturbed.cells - quiet.cells) == []
    assert some_of(quiet.cells - disturbed.cells) == []


def some_of(lines: Counter[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return the first few of *lines*: a report of tens of thousands would take longer than the test."""
    return list(islice(lines, 3))


def said_by(documents: Sequence[ScenarioDocument], bootstrap: str, run_dir: Path, *, kills: int) -> Said:
    """Run *documents* through a pipeline of their own, with *kills* in between, and return what it said."""
    with pipeline_on(bootstrap, run_dir, subscribers=SUBSCRIBERS) as run:
        began = time.monotonic()
        chance = random.Random(SEED)
        rounds = max(len(documents), kills)
        for number in range(rounds):
            if number < len(documents):
                submit(run, documents[number].name, documents[number].raw)
            if number < kills:
                kill_one(run, chance)
            # One after the other in both runs: which of two sources of one danger speaks is decided by who comes first
            # (decision 0020), and a kill must not be what decides it here.
            drain(run.observer, min(number + 1, len(documents)), workers=1, patience_seconds=PATIENCE_SECONDS)
        said = what_was_said(bootstrap)
        starts = {name: run.pipeline.supervisor.starts(name) for name in VICTIMS}
        notices = len(run.observer.account.notices)
    took = time.monotonic() - began
    sys.stdout.write(f"\n{kills} kills: {took:.1f} s, {notices} notices, processes started {starts}\n")
    return said


def kill_one(run: Run, chance: random.Random) -> None:
    """Kill one of the victims at a random moment of its life."""
    victim = chance.choice(VICTIMS)
    until(lambda: run.pipeline.supervisor.pid(victim) != 0, f"{victim} to be started")
    started = time.time()
    if chance.randrange(10) >= STILL_STARTING:
        heart = run.folder / "beats" / victim
        until(lambda: heart.stat().st_mtime >= started, f"a sign of life of {victim}")
    time.sleep(chance.uniform(*LIFE_SECONDS))  # the random moment itself
    assert kill_9(run, [victim]) == 1
    until(lambda: run.pipeline.supervisor.pid(victim) == 0, f"{victim} to be dead")


def what_was_said(bootstrap: str) -> Said:
    """Read from the topics what was decided, told and sent."""
    ends = frozenset(
        (report.name, report.outcome.value, report.reason)
        for record in read_to_end(bootstrap, REPORTS.name)
        for report in (decode(ReportRecord, record.value),)
    )
    decided = frozenset(
        (draft.lineage, draft.document)
        for record in read_to_end(bootstrap, DRAFTS.name)
        if (draft := decode(DraftRecord, record.value)).complete
    )
    told: dict[str, Told] = {}
    for record in read_to_end(bootstrap, COMMANDS.name):
        proposed = decode(Command, record.value).draft
        if proposed is not None:
            told[proposed.provenance.lineage] = proposed.told_after
    cells: Counter[tuple[object, ...]] = Counter()
    for record in read_to_end(bootstrap, NOTICES.name):
        cells.update(readings(decode(Notice, record.value)))
    return Said(ends, decided, told, cells)


def readings(notice: Notice) -> list[tuple[object, ...]]:
    """Return a line for each cell of *notice* with what its people read."""
    return [
        (notice.lineage, notice.document, cell, part.phase, part.recipients, part.level, part.severity, part.texts)
        for part in notice.parts
        for cell in expand(part.cells)
    ]
