"""What a person sees in the terminal: progress, a live view, and a summary an officer understands.

Standard output carries the result alone (its last line is JSON with --json); all else goes to
standard error, so that a pipe reads clean.
"""

import json
import os
import signal
import sys
import threading
import time
import webbrowser
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from alerts.wording import clock
from shirase.demo.observer import Account
from shirase.demo.run import Run
from shirase.demo.summary import summary

if TYPE_CHECKING:
    from shirase.demo.page import DemoPages

_REFRESH_SECONDS = 0.5
_PROGRESS_SECONDS = 1.0


class Terminal:
    """One run's voice. `live` draws the moving view; `page` serves residents' page and console on loopback."""

    def __init__(self, *, live: bool, page: bool) -> None:
        self._console = Console(stderr=True)
        self._live = live
        self._page_wanted = page
        self._pages: DemoPages | None = None
        self._account: Account | None = None
        self._view: Live | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._said: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._pages is not None:
            self._pages.close()

    def say(self, step: str) -> None:
        """Say which step begins."""
        # Never broken: an address or a key is copied from here.
        self._console.print(f"shirase: {step}", highlight=False, soft_wrap=True)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Say how far a long step is, at most once a second."""
        now = time.monotonic()
        finished = total > 0 and done >= total
        if not finished and now - self._said.get(stage, 0.0) < _PROGRESS_SECONDS:
            return
        self._said[stage] = now
        share = f"{100 * done // total:3d} %  {done:,} of {total:,}" if total else f"{done:,}"
        self._console.print(f"  {stage:<18} {share}", highlight=False)

    def watch(self, run: Run) -> None:
        """Show *run* as it goes: the live view, the pages, or neither."""
        self._account = run.observer.account
        if self._page_wanted:
            from shirase.demo.page import DemoPages

            self._pages = DemoPages.start(run.pipeline.broker.bootstrap, run.folder, network=run.settings.network)
            self.say(f"residents' page: {self._pages.residents}")
            self.say(f"console:         {self._pages.console}")
            self.say(f"shelters' codes: {self._pages.sheets}")
            if not self._console.is_terminal:
                # The moving view shows the codes as they change; into a file it is written once, at its end.
                for officer in self._pages.officers:
                    self.say(f"officer:         {officer.name} ({officer.role})  {officer.password}  key {officer.key}")
            _open(self._pages.residents, self._pages.console)
        if self._live:
            self._thread = threading.Thread(target=self._show, args=(run.observer.account,), daemon=True)
            self._thread.start()

    def console_url(self) -> str:
        """Return where officers open the console, "" where it is not served."""
        return self._pages.console if self._pages is not None else ""

    def conclude(self, result: dict[str, Any], *, as_json: bool) -> None:
        """Print the end of a run: a summary for a person, and with *as_json* the JSON line last."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._console.print(conclusion(result), highlight=False)
        if as_json:
            click.echo(json.dumps(result, ensure_ascii=False))
        sys.stdout.flush()
        if self._pages is not None:
            if self._live:
                self._stay(self._pages)
            self._pages.close()
            self._pages = None  # once: what is closed twice fails at the end of a run that went well

    def _stay(self, pages: "DemoPages") -> None:
        """Keep the pages, with the workers behind them, until interrupted: what is posted now is sent too."""
        self.say("everything stays up, try the console; Ctrl-C ends it")
        with suppress(KeyboardInterrupt), Live(doors(pages), console=self._console, refresh_per_second=1) as view:
            while pages.wait(_REFRESH_SECONDS):
                view.update(self._staying(pages))

    def _staying(self, pages: "DemoPages") -> Group:
        assert self._account is not None
        return Group(doors(pages), unordered(self._account))

    def _show(self, account: Account) -> None:
        with Live(self._moving(account), console=self._console, refresh_per_second=2) as view:
            while not self._stop.wait(_REFRESH_SECONDS):
                view.update(self._moving(account))
            view.update(live_view(account))

    def _moving(self, account: Account) -> Group:
        return live_view(account) if self._pages is None else Group(live_view(account), doors(self._pages))


def end_as_by_ctrl_c() -> None:
    """End a run in order also when it is told to by a signal, or when its terminal is closed.

    By default either would end this process alone: its push service went on, and its folder stayed.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup asks to go on
            signal.signal(number, signal.default_int_handler)


def doors(pages: "DemoPages") -> Table:
    """Return where the pages are and how the officers of this run sign in."""
    table = Table.grid(padding=(0, 2))
    table.add_row("住民 residents", pages.residents)
    table.add_row("職員 console", pages.console)
    table.add_row("避難所 shelters", f"{pages.sheets}  (QR)")
    for officer in pages.officers:
        table.add_row("", f"{officer.name} ({officer.role})  {officer.password}  確認コード code {officer.code}")
    return table


def unordered(account: Account) -> Table:
    """Return what residents heard because nobody has ordered: across an order's line, or of a draft that waits."""
    from streams.duty.silence import FEED, begins

    table = Table.grid(padding=(0, 2))
    with_words = (
        notice for notice in account.notices.values() if notice.feed == FEED and any(map(begins, notice.parts))
    )
    for notice in sorted(with_words, key=lambda notice: notice.approved_at):
        receipts = [
            receipt
            for (lineage, revision, _), receipt in account.receipts.items()
            if (lineage, revision) == (notice.lineage, notice.revision)
        ]
        accepted = sum(receipt.outcomes.get("accepted", 0) for receipt in receipts)
        text = notice.parts[0].texts[0]
        table.add_row("未発令 no order yet", f"{clock(notice.approved_at)}  {text.title}  {accepted:,} pushes")
    return table


def _open(*addresses: str) -> None:
    """Open *addresses* in the browser of whoever sits before a screen; a server without one is left alone."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    for address in addresses:
        webbrowser.open(address)


def live_view(account: Account) -> Group:
    """Return the moving view of a run."""
    now = summary(account)
    counts = Table.grid(padding=(0, 2))
    outcomes = "  ".join(f"{outcome} {count}" for outcome, count in sorted(now["by_outcome"].items()))
    wards = {name for notice in account.notices.values() for part in notice.parts for name in part.area_names}
    first = now["latency_ms"]["received_to_first_accepted"]
    counts.add_row("電文 documents", f"{now['documents']}", outcomes)
    counts.add_row("通知 notices", f"{now['notices']}", f"地域 areas named {len(wards)}")
    counts.add_row(
        "送信 pushes", f"{now['pushes']['accepted']:,}", f"of {now['pushes']['selected']:,} selected (finished notices)"
    )
    counts.add_row("最初の1通 first push", _ms(first["p50"]), f"p99 {_ms(first['p99'])} after the telegram arrived")
    worded = [notice for notice in account.notices.values() if notice.parts and notice.parts[0].texts]
    latest = max(worded, key=lambda notice: notice.approved_at, default=None)
    if latest is None:
        return Group(counts)
    worst = latest.parts[0]
    return Group(counts, Text(worst.texts[0].title, style="bold"), Text(worst.texts[0].body))


def conclusion(result: dict[str, Any]) -> str:
    """Return what happened, in sentences."""
    pushes, latency = result["pushes"], result["latency_ms"]
    lines = [
        "",
        f"{result['documents']} documents came in: "
        + ", ".join(f"{count} {outcome}" for outcome, count in sorted(result["by_outcome"].items()))
        + ".",
        (
            f"{result['notices']} notices went out; of {pushes['selected']:,} pushes "
            f"{pushes['accepted']:,} were accepted, {pushes['expired']:,} had expired, "
            f"{pushes['superseded']:,} gave way to a newer revision, {pushes['withdrawn']:,} were taken back "
            f"for a danger, {pushes['failed']:,} failed."
        ),
        (
            f"From the telegram's arrival to the first accepted push: half within "
            f"{_ms(latency['received_to_first_accepted']['p50'])}, 99 of 100 within "
            f"{_ms(latency['received_to_first_accepted']['p99'])}; to the last: "
            f"{_ms(latency['received_to_last_accepted']['p50'])} and "
            f"{_ms(latency['received_to_last_accepted']['p99'])}."
        ),
    ]
    ways = result.get("ways")
    if ways:
        took = ways["closure_to_accepted_ms"]
        lines.append(
            f"Ways out: {ways['told']:,} pushes of ways, {ways['selected']:,} of them because of what was posted: "
            + "; ".join(
                f"{fact['name']} {fact['reason']}, {fact['cells']} cells, {fact['accepted']:,} pushes"
                for fact in ways["facts"]
            )
            + f". From the post to the accepted push: half within {_ms(took['p50'])}, 99 of 100 within "
            f"{_ms(took['p99'])}."
        )
    if "check" in result:
        check = result["check"]
        lines.append(
            f"Checked by others: a count over the plain list of subscribers says {check['brute_force']:,}; the push "
            f"service's own log {check['stub_accepted']:,} ({check['stub_duplicates']} twice); {check['decrypted']:,} "
            f"messages were opened with the receivers' keys, {check['decrypt_failures']} could not be."
        )
    if result.get("unexpected"):
        lines += ["Documents that ended otherwise than meant:", *(f"  {line}" for line in result["unexpected"])]
    return "\n".join(lines)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"
