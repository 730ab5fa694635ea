"""`shirase policy diff` and `adopt`: what a change of the policy changes, and two people for a wider one (R24)."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shirase.commands.exits import NOT_UP, stop
from shirase.commands.options import areas_option
from shirase.paths import DEFAULT_ACCOUNTS

if TYPE_CHECKING:
    from alerts.place import Cells
    from alerts.policy import Policy
    from shirase.policy_replay import Changed
    from streams.ingest.settlement import Arrival

_WIDER, _WORDS = 1, 2
# Of a month of documents the first so many are listed; all are counted.
_MOST_LISTED = 40
_old = click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_new = click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group("policy")
def policy() -> None:
    """Who lets a notice go out: what a change of the rules would change."""


@policy.command()
@_old
@_new
@click.option("--replay", "days", type=click.IntRange(1, 366), help="Days of `telegrams` to replay; needs --broker.")
@click.option("--broker", help="HOST:PORT of Apache Kafka: where the recorded documents are.")
@click.option(
    "--documents", multiple=True, type=click.Path(exists=True, path_type=Path), help="Recorded documents instead."
)
@areas_option
@click.option("--snapshot", type=click.Path(exists=True, path_type=Path), help="Packed subscribers: who would be sent.")
@click.option("--json", "as_json", is_flag=True, help="Only JSON on standard output.")
def diff(
    old: Path,
    new: Path,
    days: int | None,
    broker: str | None,
    documents: tuple[Path, ...],
    areas: Path,
    snapshot: Path | None,
    as_json: bool,
) -> None:
    """Say which outcomes would change between the policies OLD and NEW, and for which recorded documents.

    Exit code 0: nothing widens; 1: something does, and needs a second administrator; 3: a file or the broker is away.
    """
    if (days is None) is not (broker is None) or (broker and documents):
        raise click.UsageError("--replay DAYS goes with --broker; --documents goes alone")
    before, after = _read(old), _read(new)
    report = compared(before, after)
    replayed: list[Changed] | None = None
    if broker or documents:
        arrivals = _recorded(broker) if broker else _archived(documents)
        since = datetime.now(UTC) - timedelta(days=days) if days else None
        replayed = _replayed(arrivals, before, after, areas, snapshot, since)
        report["replay"] = _counted(replayed)
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else _text(report))
    sys.exit(_WIDER if report["widens"] else 0)


@policy.command()
@click.argument("current", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_new
@click.option("--administrator", "administrators", multiple=True, help="Twice: whose codes are asked for.")
@click.option("--accounts", type=click.Path(path_type=Path), default=DEFAULT_ACCOUNTS, show_default=True)
@click.option("--broker", envvar="SHIRASE_BROKER", default="", help="HOST:PORT of Apache Kafka: where the trail is.")
@click.option("--without-trail", is_flag=True, help="Where no console runs: only the file beside CURRENT says it.")
def adopt(
    current: Path, new: Path, administrators: tuple[str, ...], accounts: Path, broker: str, without_trail: bool
) -> None:
    """Put NEW in the place of CURRENT; one that widens asks two administrators for a code.

    Workers read it at their next start. The policy before stays beside it. Who adopted what is an entry of the audit
    trail, which the running console writes before anything is changed, and a line of CURRENT.adopted.jsonl.
    Exit code 1: it widens, and there are not two; 3: a file, the broker or the console is away. Nothing was changed.
    """
    from contextlib import closing

    from api.officers.accounts import Accounts
    from shirase.second_administrator import NotTwo, prove_two

    if not broker and not without_trail:
        raise click.UsageError("give --broker, where the audit trail is, or --without-trail")
    report = compared(_read(current), _read(new))
    if report["widens"]:
        if not accounts.exists():
            stop(f"it widens, and there are no accounts at {accounts}", _WIDER)
        with closing(Accounts(accounts)) as store:
            try:
                prove_two(store, administrators, _asked, int(time.time()))
            except NotTwo as error:
                stop(f"it widens: {error}", _WIDER)
    raw = new.read_bytes()
    trail = _written_down(broker, administrators, current, raw, report) if not without_trail else None
    current.with_name(f"{current.name}.before").write_bytes(current.read_bytes())
    unfinished = current.with_name(f"{current.name}.unfinished")
    unfinished.write_bytes(raw)
    unfinished.replace(current)
    line = {"at": datetime.now(UTC).isoformat(), "by": list(administrators), "trail": trail, **report}
    with current.with_name(f"{current.name}.adopted.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line, ensure_ascii=False) + "\n")
    click.echo(f"{current} is {new} now; start the ingest workers again, one at a time")


def _written_down(
    broker: str, administrators: tuple[str, ...], current: Path, raw: bytes, report: Mapping[str, Any]
) -> dict[str, Any]:
    """Return number and hash of the trail's entry that NEW is adopted; without one nothing is."""
    import getpass
    import hashlib

    from api.officers.asked import write_down
    from api.officers.audit import Act
    from streams.brokers.errors import StreamsError

    # A narrowing asks nobody for a code: whose shell it was.
    by = "+".join(administrators) or f"shell:{getpass.getuser()}"
    before, after = (hashlib.sha256(one).hexdigest() for one in (current.read_bytes(), raw))
    kind = "wider" if report["widens"] else "not-wider"
    counts = f"outcomes={len(report['outcomes'])} settings={len(report['settings'])}"
    detail = f"{kind} {counts} sha256={before}->{after}"
    try:
        entry = write_down(broker, by, Act.POLICY_ADOPT, current.name, detail, datetime.now(UTC))
    except (StreamsError, TimeoutError) as error:
        stop(f"nothing was changed: {str(error) or 'the broker did not answer'}", NOT_UP)
    if entry is None:
        stop("nothing was changed: no console wrote it into the audit trail; is one running?", NOT_UP)
    return {"number": entry.number, "hash": entry.hash}


def compared(old: "Policy", new: "Policy") -> dict[str, Any]:
    """Return what differs between *old* and *new*, for the JSON line."""
    from alerts.policy_change import TooManyCases, differences, said, settings_changed, why_wider

    try:
        found = differences(old, new)
    except TooManyCases as error:
        return {"widens": True, "outcomes": [], "settings": [], "not_compared": str(error)}
    outcomes = [
        {
            "for": said(one, old, new),
            "widens": one.widens,
            "why": why_wider(one.before, one.after),
            "before": _side(one.before),
            "after": _side(one.after),
            "cases": len(one.cases),
        }
        for one in found
    ]
    changed = [{"what": words, "widens": widens} for words, widens in settings_changed(old, new)]
    widens = any(one["widens"] for one in (*outcomes, *changed))
    return {"widens": widens, "outcomes": outcomes, "settings": changed}


def _side(verdict: Any) -> dict[str, str]:
    return {"release": verdict.release.value, "rule": verdict.rule, "audience": verdict.audience.value}


def _read(path: Path) -> "Policy":
    from alerts.errors import PolicyError
    from shirase.policy_file import policy_at

    try:
        return policy_at(path)
    except PolicyError as error:
        stop(error, NOT_UP)


def _asked(name: str) -> str:
    return str(click.prompt(f"code of {name}", hide_input=True))


def _archived(paths: Iterable[Path]) -> "Iterator[Arrival]":
    from feeds.archive import documents
    from shirase.policy_replay import arrivals_of

    return arrivals_of(documents(paths))


def _recorded(broker: str) -> "Iterator[Arrival]":
    from streams.brokers.client import read_to_end
    from streams.brokers.errors import StreamsError
    from streams.ingest.agent import arrival_of
    from streams.topics import TELEGRAMS

    try:
        records = read_to_end(broker, TELEGRAMS.name)
    except StreamsError as error:
        stop(error, NOT_UP)
    yield from sorted((arrival_of(one) for one in records if one.value), key=lambda one: one.received)


def _replayed(
    arrivals: "Iterable[Arrival]",
    old: "Policy",
    new: "Policy",
    areas: Path,
    snapshot: Path | None,
    since: datetime | None,
) -> "list[Changed]":
    from shirase.areas import table_at
    from shirase.policy_replay import replay_both

    if not areas.exists():
        stop(f"there is no area table at {areas}; make it with `shirase areas`", NOT_UP)
    return list(replay_both(arrivals, old, new, table=table_at(areas), reach=_reach(snapshot), since=since))


def _reach(snapshot: Path | None) -> "Callable[[Cells], int | None]":
    if snapshot is None:
        return lambda _cells: None
    from api.known.census import Census

    census, now = Census.of(None, snapshot), datetime.now(UTC)
    return lambda cells: census.reach(cells, at=now).reachable


def _counted(changed: "list[Changed]") -> dict[str, Any]:
    from shirase.policy_replay import Effect, shown

    added = [one for one in changed if one.after.leaves and not one.before.leaves]
    counted = [one.people for one in added if one.people is not None]
    return {
        "effects": {effect.value: sum(one.effect is effect for one in changed) for effect in Effect},
        "notices_added": len(added),
        "pushes_added": shown(sum(counted)) if len(counted) == len(added) else None,
        "documents": [one.plain for one in changed],
    }


def _text(report: Mapping[str, Any]) -> str:
    lines = [f"not compared: {report['not_compared']}"] if "not_compared" in report else []
    for one in report["outcomes"]:
        before, after = one["before"], one["after"]
        mark = f"WIDER ({one['why']})" if one["widens"] else "narrower"
        lines.append(f"{mark}: {one['for']}")
        lines.append(f"    {_named(before)}  ->  {_named(after)}")
    lines += [f"{'WIDER' if one['widens'] else 'narrower'}: {one['what']}" for one in report["settings"]]
    lines += _replay_lines(report["replay"]) if "replay" in report else []
    if report["widens"]:
        lines.append("it widens: a second administrator has to agree (shirase policy adopt)")
    elif report["outcomes"] or report["settings"]:
        lines.append("nothing widens")
    else:
        lines.append("no outcome changes")
    return "\n".join(lines)


def _replay_lines(replay: Mapping[str, Any]) -> Iterator[str]:
    effects = ", ".join(f"{count} {effect}" for effect, count in replay["effects"].items() if count)
    pushes = replay["pushes_added"]
    people = "nobody counted whom they would be sent to" if pushes is None else f"{pushes} pushes"
    yield f"recorded documents: {effects or 'none changes'}; {replay['notices_added']} notices added, {people}"
    for one in replay["documents"][:_MOST_LISTED]:
        sides = " -> ".join(f"{one[side]['outcome']}/{one[side]['release']}" for side in ("before", "after"))
        reach = "" if one["people"] is None else f"  {one['people']} people"
        yield f"    {one['effect']:<10}  {one['sent'] or '-'}  {one['document']}: {sides}{reach}"
    left = len(replay["documents"]) - _MOST_LISTED
    if left > 0:
        yield f"    and {left} more (--json)"


def _named(side: Mapping[str, str]) -> str:
    return f"{side['release']} by {side['rule']}, {side['audience']}"
