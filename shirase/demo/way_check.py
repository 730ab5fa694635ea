"""What the ways of a run came to: for each posted fact whom it moved, by three counts, and how fast.

The three: the planner's own effect, a count over the plain list of subscribers, and the push service's
log. The time is from the reception of what was posted to the acceptance of each push (promise 6: 5 s).
"""

from collections.abc import Sequence
from typing import Any

from alerts.notice import Notice, NoticeKind
from dispatch.stub.log import entries
from shirase.demo.brute import BruteForce, load_people
from shirase.demo.check import topics_of
from shirase.demo.run import Run
from shirase.demo.summary import Percentiles
from shirase.demo.way_out import PostedFact
from streams.fanout.row_ends import Unsent

_ACCEPTED = range(200, 300)


def ways_of(run: Run, posted: Sequence[PostedFact]) -> dict[str, Any]:
    """Return the account of kind 3 for the JSON line."""
    account = run.observer.account
    notices = sorted(
        (notice for notice in account.notices.values() if notice.kind is NoticeKind.GO_THERE),
        key=lambda notice: (notice.lineage, notice.revision),
    )
    people = BruteForce(load_people(run.synth))
    counts = people.count_all((notice, notice.approved_at) for notice in notices)
    counted = {(one.lineage, one.revision): one.selected for one in counts}
    accepted = _accepted(run, notices)
    ways = {(notice.lineage, notice.revision) for notice in notices}
    # Whom a newer revision speaks to is not sent the older one: selected, and rightly never accepted.
    gave_way = sum(
        receipt.outcomes.get(Unsent.SUPERSEDED.value, 0)
        for receipt in account.receipts.values()
        if (receipt.lineage, receipt.revision) in ways
    )
    facts, delays = [], list[float]()
    for fact in posted:
        mine = [notice for notice in notices if _document_of(run, notice) == fact.name]
        effect = next((one for one in account.effects if (one.fact, one.fact_at) == (fact.fact, fact.at)), None)
        for notice in mine:
            received = int(account.stamps[notice.lineage, notice.revision]["t-received"])
            delays += [wall - received for wall in accepted[notice.lineage, notice.revision]]
        facts.append(
            {
                "document": fact.name,
                "name": fact.label,
                "reason": effect.reason if effect is not None else "not-acted-on",
                "cells": effect.moved if effect is not None else 0,
                "cells_told": sum(len(notice.parts) for notice in mine),
                "brute_force": sum(counted[notice.lineage, notice.revision] for notice in mine),
                "accepted": sum(len(accepted[notice.lineage, notice.revision]) for notice in mine),
            }
        )
    took = Percentiles.of(delays)
    return {
        "notices": len(notices),
        "told": sum(len(walls) for walls in accepted.values()),
        "superseded": gave_way,
        "brute_force": sum(counted.values()),
        "selected": sum(fact["brute_force"] for fact in facts),
        "facts": facts,
        "closure_to_accepted_ms": {"p50": took.p50, "p99": took.p99},
    }


def _document_of(run: Run, notice: Notice) -> str:
    """Return the name of the document that a notice of ways was caused by."""
    account = run.observer.account
    receipt = account.stamps[notice.lineage, notice.revision].get("receipt", b"").decode()
    report = account.reports.get(receipt)
    return report.name if report is not None else ""


def _accepted(run: Run, notices: Sequence[Notice]) -> dict[tuple[str, int], list[float]]:
    """Return by notice when its pushes were accepted: each belongs to the newest revision of that moment."""
    assert run.stub is not None
    run.stub.flush()
    found: dict[tuple[str, int], list[float]] = {(notice.lineage, notice.revision): [] for notice in notices}
    by_topic: dict[str, list[Notice]] = {}
    for notice in notices:
        for topic in topics_of(notice):
            by_topic.setdefault(topic, []).append(notice)
    for entry in entries(run.stub.log_path):
        if entry.status not in _ACCEPTED or entry.topic not in by_topic:
            continue
        before = [one for one in by_topic[entry.topic] if one.approved_at.timestamp() * 1000 <= entry.wall_ms]
        if before:
            found[before[-1].lineage, before[-1].revision].append(float(entry.wall_ms))
    return found
