"""The sheets for the doors of shelters: one code each, good for that shelter and one event (R17)."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

import segno

from alerts.special_wards import ward_said
from alerts.wording import JAPAN
from api.intake.gate_pass import KEY_BYTES, GatePass, issue
from dispatch.secret_file import read_secret, write_secret
from routing.site import Site


@dataclass(frozen=True, slots=True)
class Sheet:
    """What hangs at one door: *address* is what its code holds, until *ends*."""

    site: Site
    address: str
    ends: datetime


def begin_event(event: str, keys: Path) -> bytes:
    """Return the key of *event* in the folder *keys*, made where there is none yet; without it no code is good."""
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = keys / f"{event}.key"
    if not path.exists():
        write_secret(path, secrets.token_bytes(KEY_BYTES))
    return read_secret(path)


def sheets_for(event: str, key: bytes, sites: Iterable[Site], *, url: str, ends: datetime) -> Iterator[Sheet]:
    """Yield the sheet of each of *sites*; phones reach the intake door at *url*."""
    for site in sites:
        token = issue(key, GatePass(event, site.id, site.name, site.ward, int(ends.timestamp())))
        yield Sheet(site, f"{url.rstrip('/')}/s/{token}", ends)


def write_sheets(path: Path, event: str, sheets: Iterable[Sheet]) -> None:
    """Write *sheets* to *path*, readable by its owner: whoever has one can report for its shelter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    write_secret(path, _page(event, map(_section, sheets)).encode())


def _section(sheet: Sheet) -> str:
    site = sheet.site
    code = segno.make(sheet.address, error="m").svg_inline(border=4, omitsize=True)
    # As large as the style says: with a size of its own the drawing would stay in a corner of that. On paper the code
    # is read; on a screen it is pressed by whoever tries what the staff will see.
    return (
        f"<section><h1>{escape(site.name)}</h1><p>{escape(ward_said(site.ward))} {escape(site.address)}</p>"
        f'<a href="{escape(sheet.address)}" aria-label="{escape(site.name)}のページを開く">{code}</a>'
        "<p>避難所の職員の方：このコードを読み、いまの混み具合を押してください。アカウントは要りません。</p>"
        "<p lang=en>Shelter staff: scan, then press how full it is. No account.</p>"
        f"<p><strong>このコードは{_until_ja(sheet.ends)}まで使えます。</strong></p>"
        f"<p lang=en>Valid until {_until_en(sheet.ends)}.</p></section>"
    )


def _until_ja(ends: datetime) -> str:
    local = ends.astimezone(JAPAN)
    return f"{local.year}年{local.month}月{local.day}日（{'月火水木金土日'[local.weekday()]}）{local:%H:%M}"


def _until_en(ends: datetime) -> str:
    local = ends.astimezone(JAPAN)
    return f"{local:%Y-%m-%d %H:%M} (Japan time)"


def _page(event: str, sections: Iterable[str]) -> str:
    style = (
        "body{font-family:system-ui,'Noto Sans CJK JP',sans-serif;text-align:center}"
        "section{break-after:page;padding:1cm}"
        "svg{width:11cm;height:11cm;max-width:100%}h1{font-size:1.8rem}"
    )
    return (
        f'<!doctype html><html lang="ja"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(event)}</title><style>{style}</style>'
        + "".join(sections)
        + "</html>"
    )
