"""The main job, to watch: a rainy evening in a made-up Tokyo, from telegrams to encrypted pushes."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from routing.plan import EvacuationPlan
from shirase.demo.at_call import Call, at_call
from shirase.demo.check import check_run
from shirase.demo.feeding import Clock, Pace, drain, feed_documents
from shirase.demo.outlets import outlets
from shirase.demo.plan_watch import PlanWatch
from shirase.demo.run import Run, RunSettings, running
from shirase.demo.scenario import ScenarioDocument, river_evening
from shirase.demo.summary import summary, usage
from shirase.demo.way_check import ways_of
from shirase.demo.way_out import ORDER_NAME, PostedFact, dry_order, openings, orders, posts
from streams.evacuation.plan_book import PlanBook

PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.1
# The longest that field rules leave until somebody is called for an order that was held (R9).
_CALLED_WITHIN_SECONDS = 30.0
# Minutes of the evening pass as seconds: closer than that, two revisions would carry one time.
_PACE = 1 / 60
# What is in force again once the evening is over: pages without anything on them show nobody anything.
_NIGHT = ("VPWW55_warning.xml", "VXKO_danger.xml", ORDER_NAME)
# The order of the night runs out soon, so that whoever stays sees who is called half an hour before it does.
_NIGHT_ORDER_LASTS = timedelta(minutes=31)


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
    stays: bool = False,
    console_url: Callable[[], str] = lambda: "",
) -> dict[str, Any]:
    """Play the evening once and return its summary.

    *conclude* is given the summary while everything is still up: a page that stays open has its broker. With *stays*
    the river has risen once more by then, and what is in force is there to be looked at; it is in no figure. From then
    on officers are called too, with links into the console at *console_url*. Not before: the pager tells residents
    things at a time of its own, and the account is of documents that have ended.

    *seconds* 0 plays as fast as everything is handled. Outcomes that differ from what the scenario
    expects of its documents are listed under `unexpected`.
    """
    documents = evening(settings.seed, ways=bool(settings.network))
    speed = _length(documents).total_seconds() / seconds if seconds > 0 else 0.0
    posted: list[PostedFact] = []
    with ExitStack() as stack:
        run = stack.enter_context(running(settings, say, progress))
        planner = stack.enter_context(PlanWatch(run.pipeline.broker.bootstrap, run.observer))
        watch(run)

        def told(number: int) -> None:
            drain(
                run.observer,
                number,
                workers=settings.workers,
                patience_seconds=PATIENCE_SECONDS,
                behind=planner.behind if settings.network else lambda: 0,
            )

        def story() -> Iterator[_Dated | PostedFact]:
            for document in _dated(documents):
                yield document
                if document.name == ORDER_NAME and settings.network:
                    for fact in _posts(run, planner):
                        posted.append(fact)
                        yield fact

        say(f"{len(documents)} documents")
        sent = feed_documents(
            story(),
            run.producer,
            run.observer,
            clock=Clock.DOCUMENT,
            pace=Pace(speed),
            patience_seconds=PATIENCE_SECONDS,
            on_sent=lambda number: progress("documents", number, len(documents) + len(posted)),
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
        outcomes = {report.name: report.outcome.value for report in account.reports.values()}
        result["unexpected"] = unexpected((*documents, *posted), outcomes)
        result["wards"] = usage(list(account.receipts.values()))
        say("checking against the push service's own log")
        result["check"] = check_run(run).plain()
        if settings.network:
            result["ways"] = ways_of(run, posted)
        if not stays:
            say("an order where it does not rain, for the officers on duty")
            result["called"] = _called(run, sent)
        else:
            say("officers on duty, and a gateway on loopback that takes their calls")
            stack.enter_context(at_call(run, say, console_url()))
            left = stack.enter_context(outlets(run, say))
            say(f"what is approved also leaves as L-Alert, DIS, CAP, screens and loudspeakers: {left}")
            say("it rains again, for whoever looks at the pages: warnings and an order to leave are in force")
            feed_documents(
                _dated(night(settings.seed, ways=bool(settings.network))),
                run.producer,
                run.observer,
                clock=Clock.DOCUMENT,
                pace=Pace(0.0),
                patience_seconds=PATIENCE_SECONDS,
                already_sent=sent,
            )
        conclude(result)
        return result


def evening(seed: int, *, ways: bool = False) -> tuple[ScenarioDocument, ...]:
    """Return the evening's documents, timed so that the last was written just now; *ways* adds an order to leave."""
    return _written_now(seed, ways)


def night(seed: int, *, ways: bool = False) -> tuple[ScenarioDocument, ...]:
    """Return what holds after the evening: the rain, the river in danger and with *ways* shelters and the order.

    Each is written just now: what is older than the end of its series would change nothing.
    """
    found = (
        document
        for name in _NIGHT
        for document in _written_now(seed, ways, name, _NIGHT_ORDER_LASTS)
        if document.name == name
    )
    opened = _opened(seed) if ways else ()
    return (*opened, dry_order(datetime.now(UTC)), *(replace(document, at=timedelta(0)) for document in found))


def _called(run: Run, sent: int) -> list[dict[str, Any]]:
    """Send one order that waits for a person, and return whom the pager called for it: the pager's first look alone.

    Empty when nobody was called in time.
    """
    calls: list[Call] = []
    heard = threading.Event()

    def hear(call: Call) -> None:
        calls.append(call)
        heard.set()

    with at_call(run, lambda _line: None, "", hear):
        asked = time.monotonic()
        feed_documents(
            _dated([dry_order(datetime.now(UTC))]),
            run.producer,
            run.observer,
            clock=Clock.DOCUMENT,
            pace=Pace(0.0),
            patience_seconds=PATIENCE_SECONDS,
            already_sent=sent,
        )
        heard.wait(_CALLED_WITHIN_SECONDS)
        seconds = round(time.monotonic() - asked, 1)
    return [{"person": call.person, "title": call.title, "within_seconds": seconds} for call in calls[:1]]


def _opened(seed: int) -> tuple[ScenarioDocument, ...]:
    # Imported here, as in `_posts`.
    from shirase.demo.town import demo_town

    return openings(demo_town(seed).sites, datetime.now(UTC))


def _written_now(seed: int, ways: bool, name: str = "", lasts: timedelta | None = None) -> tuple[ScenarioDocument, ...]:
    """Return the evening in which *name*, or without one the last document, was written just now.

    Its order ends after *lasts*, where that is given.
    """

    def from_start(start: datetime) -> tuple[ScenarioDocument, ...]:
        ordered = orders(start, _PACE, lasts=lasts) if ways else ()
        return tuple(sorted((*river_evening(start, seed, pace=_PACE), *ordered), key=lambda document: document.at))

    now = datetime.now(UTC)
    known = from_start(now)
    at = next((document.at for document in known if document.name == name), _length(known))
    return from_start(now - at - timedelta(seconds=2))


def _posts(run: Run, planner: PlanWatch) -> Iterator[PostedFact]:
    """Yield what the officer posts once the ways of the order are published."""
    # Imported here: every worker starts through the command line, and the city's road network costs it a second.
    from shirase.demo.town import demo_town

    until = time.monotonic() + PATIENCE_SECONDS
    book = PlanBook(run.pipeline.broker.bootstrap)
    while (planner.behind() or not book.newest()) and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
        book.follow()
    plans = book.newest()
    book.close()
    town = demo_town(run.settings.seed)
    streets = {road: town.network.roads[road] for plan in plans for road in _roads(plan)}
    bridges = {road: f"架空{number}号橋" for number, road in enumerate(sorted(streets), 1) if streets[road].bridge}
    clock = iter(lambda: datetime.now(UTC), None)
    yield from posts(plans, town.people, bridges, clock)


def _roads(plan: EvacuationPlan) -> Iterator[str]:
    for entry in plan.cells:
        route = entry.parts[0].general.route
        yield from route.road_ids if route is not None else ()


def unexpected(documents: Sequence[ScenarioDocument | PostedFact], outcomes: dict[str, str]) -> list[str]:
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
