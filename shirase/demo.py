"""The main job, to watch: a rainy evening in a made-up Tokyo, from telegrams to encrypted pushes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shirase.check import check_run
from shirase.replay import Clock, Pace, drain, feed_documents
from shirase.run import Run, RunSettings, running
from shirase.scenario import ScenarioDocument, river_evening
from shirase.summary import summary, usage

PATIENCE_SECONDS = 120.0
# Minutes of the evening pass as seconds: closer than that, two revisions would carry one time.
_PACE = 1 / 60


@dataclass(frozen=True, slots=True)
class _Dated:
    """A scenario's document with the time at which it is sent."""

    name: str
    raw: bytes
    sent: datetime | None


def run_demo(
    settings: RunSettings,
    *,
    seconds: float,
    say: Callable[[str], None],
    progress: Callable[[str, int, int], None],
    watch: Callable[[Run], None] = lambda _run: None,
    conclude: Callable[[dict[str, Any]], None] = lambda _result: None,
) -> dict[str, Any]:
    """Play the evening once and return its summary.

    *conclude* is given the summary while everything is still up: a page that stays open has its broker.

    *seconds* 0 plays as fast as everything is handled. Outcomes that differ from what the scenario
    expects of its documents are listed under `unexpected`.
    """
    documents = evening(settings.seed)
    speed = _length(documents).total_seconds() / seconds if seconds > 0 else 0.0
    with running(settings, say, progress) as run:
        watch(run)

        def told(number: int) -> None:
            drain(run.observer, number, workers=settings.workers, patience_seconds=PATIENCE_SECONDS)

        say(f"{len(documents)} documents")
        sent = feed_documents(
            _dated(documents),
            run.producer,
            run.observer,
            clock=Clock.DOCUMENT,
            pace=Pace(speed),
            patience_seconds=PATIENCE_SECONDS,
            on_sent=lambda number: progress("documents", number, len(documents)),
            # Minutes lie between two documents of a real evening: each is told before the next one comes,
            # so that its latency is its own.
            after_each=None if seconds else told,
        )
        say("waiting for the last push")
        told(sent)
        account = run.observer.account
        result = summary(account)
        result["subscribers"] = settings.subscribers
        result["people_told"] = len(set(_told(run)))
        result["unexpected"] = unexpected(documents, {r.name: r.outcome.value for r in account.reports.values()})
        result["wards"] = usage(list(account.receipts.values()))
        say("checking against the push service's own log")
        result["check"] = check_run(run).plain()
        conclude(result)
        return result


def evening(seed: int) -> tuple[ScenarioDocument, ...]:
    """Return the evening's documents, timed so that the last was written just now."""
    length = _length(river_evening(datetime.now(UTC), seed, pace=_PACE))
    return river_evening(datetime.now(UTC) - length - timedelta(seconds=2), seed, pace=_PACE)


def unexpected(documents: Sequence[ScenarioDocument], outcomes: dict[str, str]) -> list[str]:
    """Return a line for each document that ended otherwise than its author meant it to."""
    return [
        f"{document.name}: {outcomes.get(document.name)} instead of {document.expectation}"
        for document in documents
        if outcomes.get(document.name) != document.expectation
    ]


def _length(documents: Sequence[ScenarioDocument]) -> timedelta:
    return documents[-1].at


def _dated(documents: Sequence[ScenarioDocument]) -> list[_Dated]:
    start = datetime.now(UTC) - _length(documents)
    return [_Dated(document.name, document.raw, start + document.at) for document in documents]


def _told(run: Run) -> list[str]:
    """Return the tokens that the push service accepted something for."""
    from dispatch.stub.log import entries

    assert run.stub is not None
    run.stub.flush()
    return [entry.token for entry in entries(run.stub.log_path) if 200 <= entry.status < 300]
