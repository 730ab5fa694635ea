"""`shirase usage`: what each ward used in a month, from receipts, head counts and accounts (R25).

A ward is the label of the subscription's place; nothing in the alert path goes by it. The figures are exact,
so that the rows sum to the totals: they are for the operators' account between wards, not for publication.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import click

from shirase.areas import ward_names
from shirase.commands.options import areas_option, broker_option, json_option
from streams.brokers.client import read_to_end
from streams.fanout.headcount import ZONE, of_day
from streams.payloads import HeadCountRecord, ReceiptRecord
from streams.topics import HEADCOUNTS, RECEIPTS
from streams.wire import decode

# What was accepted for a subscription without a ward still counts somewhere, or the rows would not sum up.
NO_WARD = "-"


@dataclass(frozen=True, slots=True)
class WardUsage:
    """One row: what a ward used in a month.

    Pushes that a push service took and their bytes, notices of which the ward had at least one, the sum over its days
    of the people who were subscribed at their end, what is stored of them on the last, accounts at the console.
    """

    ward: str
    pushes_accepted: int = 0
    notices: int = 0
    push_bytes: int = 0
    subscriber_days: int = 0
    stored_bytes: int = 0
    console_users: int = 0

    def plus(self, other: "WardUsage") -> "WardUsage":
        """Return both together, under the name of this one."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTERS}
        return WardUsage(self.ward, **sums)


_NO_NAMES: Mapping[str, str] = {}
COUNTERS = tuple(field.name for field in fields(WardUsage) if field.name != "ward")


@dataclass(frozen=True, slots=True)
class Usage:
    """A month. `distinct_notices` counts a notice once however many wards it reached; the rows each count it."""

    month: str
    rows: tuple[WardUsage, ...]
    distinct_notices: int

    @property
    def total(self) -> WardUsage:
        """Return the sum of the rows."""
        return reduce(WardUsage.plus, self.rows, WardUsage("total"))

    def plain(self) -> dict[str, Any]:
        """Return it for the JSON line."""
        total = {name: getattr(self.total, name) for name in COUNTERS}
        rows = [asdict(row) for row in self.rows]
        return {"month": self.month, "rows": rows, "total": total, "distinct_notices": self.distinct_notices}


@click.command("usage")
@click.option("--month", required=True, help="YYYY-MM, by Tokyo's clock.")
@broker_option
@click.option("--accounts", type=click.Path(path_type=Path, exists=True), help="The console's accounts file.")
@areas_option
@json_option
def usage(month: str, broker: str, accounts: Path | None, areas: Path, as_json: bool) -> None:
    """Say per ward what it used: people, notices, pushes, bytes, console users; the rows sum to the total."""
    try:
        wanted = month_of(month)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--month") from error
    used = read_usage(wanted, broker, wards_of_accounts(accounts) if accounts else ())
    click.echo(json.dumps(used.plain(), ensure_ascii=False) if as_json else table_of(used, ward_names(areas)))


def month_of(text: str) -> str:
    """Return *text* when it is a month as YYYY-MM; raises ValueError otherwise."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text):
        raise ValueError(f"{text!r} is not a month; write it as YYYY-MM, e.g. 2026-11")
    return text


def usage_in(
    month: str,
    receipts: Iterable[ReceiptRecord],
    headcounts: Iterable[HeadCountRecord] = (),
    accounts: Iterable[Collection[str]] = (),
) -> Usage:
    """Return what the wards used in *month*, by when the document behind each notice arrived.

    A worker may write the receipt of a notice again: the last one counts. *accounts* are the wards of each account at
    the console; one of several wards counts in each, one of none or of all under no ward.
    """
    newest = {
        (one.lineage, one.revision, one.worker, one.tail): one for one in receipts if _month(one.received_ms) == month
    }
    counts: dict[str, Counter[str]] = {}
    notices: dict[str, set[tuple[str, int]]] = {}
    reached: set[tuple[str, int]] = set()
    for (lineage, revision, *_), receipt in newest.items():
        for ward, count in _by_ward(receipt).items():
            counts.setdefault(ward, Counter())["pushes_accepted"] += count
            notices.setdefault(ward, set()).add((lineage, revision))
            reached.add((lineage, revision))
        for ward, size in receipt.ward_bytes.items():
            counts.setdefault(ward or NO_WARD, Counter())["push_bytes"] += size
    for ward, known in notices.items():
        counts[ward]["notices"] = len(known)
    _count_people(month, tuple(headcounts), counts)
    for wards in accounts:
        for ward in [one for one in wards if one != "*"] or [NO_WARD]:
            counts.setdefault(ward, Counter())["console_users"] += 1
    rows = tuple(WardUsage(ward, **{name: counts[ward][name] for name in COUNTERS}) for ward in sorted(counts))
    return Usage(month, rows, len(reached))


def _count_people(month: str, headcounts: tuple[HeadCountRecord, ...], counts: dict[str, Counter[str]]) -> None:
    days = sorted({one.day for one in headcounts if one.day.startswith(month + "-")})
    for day in days:
        for ward, people in of_day(headcounts, day).items():
            row = counts.setdefault(ward or NO_WARD, Counter())
            row["subscriber_days"] += people.people
            if day == days[-1]:
                row["stored_bytes"] += people.stored_bytes


def read_usage(month: str, bootstrap: str, accounts: Iterable[Collection[str]] = ()) -> Usage:
    """Return the usage of *month* from the topics, with the *accounts* of the console."""
    receipts = read_to_end(bootstrap, RECEIPTS.name)
    headcounts = read_to_end(bootstrap, HEADCOUNTS.name)
    return usage_in(
        month,
        (decode(ReceiptRecord, one.value) for one in receipts if one.value is not None),
        [decode(HeadCountRecord, one.value) for one in headcounts if one.value is not None],
        accounts,
    )


def wards_of_accounts(path: Path) -> tuple[frozenset[str], ...]:
    """Return the wards of each account that may sign in at the console."""
    from api.officers.accounts import Accounts

    with closing(Accounts(path)) as accounts:
        return tuple(account.wards for account, disabled in accounts.listed() if not disabled)


def table_of(used: Usage, names: Mapping[str, str] = _NO_NAMES) -> str:
    """Return *used* as lines for a terminal, with the *names* of wards as far as they are known."""
    heads = (*(f"{name.replace('_', ' '):>15}" for name in COUNTERS), "ward")
    lines = [f"{used.month}: {used.distinct_notices:,} notices; each counts in every ward that it reached"]
    lines.append("  ".join(heads))
    for row in (*used.rows, used.total):
        numbers = "  ".join(f"{getattr(row, name):>15,}" for name in COUNTERS)
        lines.append(f"{numbers}  {row.ward} {names.get(row.ward, '')}".rstrip())
    return "\n".join(lines)


def _by_ward(receipt: ReceiptRecord) -> Counter[str]:
    counts = Counter({ward or NO_WARD: count for ward, count in receipt.wards.items() if count})
    without = receipt.outcomes.get("accepted", 0) - counts.total()
    if without > 0:
        counts[NO_WARD] += without
    return counts


def _month(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).astimezone(ZONE).strftime("%Y-%m")
