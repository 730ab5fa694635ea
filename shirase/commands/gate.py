"""`shirase gate`: codes for the doors of shelters, good for one event (R17)."""

import re
import secrets
import sys
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

import click

from alerts.special_wards import ward_said
from alerts.wording import JAPAN

_keys = click.option(
    "--keys", type=click.Path(path_type=Path), required=True, help="Folder of the events' keys, mode 0700."
)
# Of a list that calls wards otherwise than was typed, enough to see how.
_MOST_WARDS_NAMED = 30
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_EVENT = r"[A-Za-z0-9_-]{1,40}"


@click.group()
def gate() -> None:
    """Codes by which shelters report how full they are: no account, one shelter, one event."""


@gate.command("open")
@click.argument("event")
@click.option(
    "--sites",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Shelters, as `shirase import shelters` wrote them.",
)
@click.option("--ward", "wards", multiple=True, help="Only the sites of these wards, as their lists name them.")
@click.option("--url", required=True, help="https address of the intake door, as phones reach it.")
@click.option("--hours", type=click.IntRange(1, 24 * 30), default=72, show_default=True, help="Until the codes end.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where the sheets to print are written.")
@_keys
def open_gate(event: str, sites: Path, wards: tuple[str, ...], url: str, hours: int, out: Path, keys: Path) -> None:
    """Begin EVENT: make its key, and a sheet with a code for the door of each shelter."""
    import segno

    from api.intake.gate_pass import KEY_BYTES, GatePass, issue
    from dispatch.secret_file import read_secret, write_secret
    from routing.importers.shelter_file import read_sites

    if not re.fullmatch(_EVENT, event):
        raise click.BadParameter("letters, digits, - and _", param_hint="EVENT")
    if not url.startswith("https://"):
        raise click.BadParameter("phones reach it by https://", param_hint="--url")
    listed = read_sites(sites)
    chosen = [site for site in listed if not site.out_of_use and (not wards or site.ward in wards)]
    if not chosen:
        known = ", ".join(sorted({site.ward or "-" for site in listed})[:_MOST_WARDS_NAMED])
        click.echo(f"shirase: no shelter of these wards is on the list, which names {known or 'none'}", err=True)
        sys.exit(1)
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = keys / f"{event}.key"
    if not path.exists():
        write_secret(path, secrets.token_bytes(KEY_BYTES))
    key, ends = read_secret(path), datetime.now(UTC) + timedelta(hours=hours)
    expires = int(ends.timestamp())
    out.mkdir(parents=True, exist_ok=True)
    sheets = []
    for site in chosen:
        token = issue(key, GatePass(event, site.id, site.name, site.ward, expires))
        address = f"{url.rstrip('/')}/s/{token}"
        code = segno.make(address, error="m").svg_inline(scale=6, border=4)
        sheets.append(
            f"<section><h1>{escape(site.name)}</h1><p>{escape(ward_said(site.ward))} {escape(site.address)}</p>{code}"
            "<p>避難所の職員の方：このコードを読み、いまの混み具合を押してください。アカウントは要りません。</p>"
            "<p lang=en>Shelter staff: scan, then press how full it is. No account.</p>"
            f"<p><strong>このコードは{_until_ja(ends)}まで使えます。</strong></p>"
            f"<p lang=en>Valid until {_until_en(ends)}.</p></section>"
        )
    # Whoever has the sheet can report for its shelter: it is for the staff and not for the net.
    sheet = out / f"{event}.html"
    sheet.unlink(missing_ok=True)
    write_secret(sheet, _page(event, sheets).encode())
    click.echo(f"{len(sheets):,} sheets in {sheet}; `shirase gate close {event} --keys {keys}` ends them all")


@gate.command("close")
@click.argument("event")
@_keys
def close_gate(event: str, keys: Path) -> None:
    """End EVENT: all its codes say that it is over, at once."""
    path = keys / f"{event}.key"
    if not path.is_file() or path.parent != keys:
        click.echo(f"shirase: no event {event} is on", err=True)
        sys.exit(1)
    path.unlink()
    click.echo(f"{event} is over; its codes report nothing any more")


def _until_ja(ends: datetime) -> str:
    local = ends.astimezone(JAPAN)
    return f"{local.year}年{local.month}月{local.day}日（{'月火水木金土日'[local.weekday()]}）{local:%H:%M}"


def _until_en(ends: datetime) -> str:
    local = ends.astimezone(JAPAN)
    return f"{local:%Y-%m-%d %H:%M} (Japan time)"


def _page(event: str, sheets: list[str]) -> str:
    style = (
        "body{font-family:system-ui,'Noto Sans CJK JP',sans-serif;text-align:center}"
        "section{break-after:page;padding:1cm}"
        "svg{width:11cm;height:11cm}h1{font-size:1.8rem}"
    )
    return (
        f'<!doctype html><html lang="ja"><meta charset="utf-8"><title>{escape(event)}</title><style>{style}</style>'
        + "".join(sheets)
        + "</html>"
    )
