"""Who is sent over the lines between wards, and one tap with which the receiving ward says how many it takes (R17)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import escape

from api.console import fields
from api.drawing.clock import clock
from api.officers.accounts import Session
from geo.seam import shown
from streams.payloads import Crossing


def crossings_section(
    crossings: Sequence[Crossing],
    names: Mapping[str, str],
    session: Session,
    new_key: Callable[[], str],
    *,
    now: datetime,
) -> str:
    """Return a form for each line of *crossings* that leads to a ward of the reader."""
    lines = "".join(_line(one, names, session, new_key(), now) for one in crossings)
    none = "<p>区の境を越えて来る人は、いまのところいません。</p>"
    return (
        '<section id="cap"><h2>ほかの区から来る人 <small lang="en">Across ward lines</small></h2>'
        f"{lines or none}</section>"
    )


def _line(crossing: Crossing, names: Mapping[str, str], session: Session, key: str, now: datetime) -> str:
    origin, target = (names.get(ward, ward) for ward in (crossing.from_ward, crossing.to_ward))
    cap = "" if crossing.cap is None else f"（上限{crossing.cap:,}人）"
    return (
        f"<p>{escape(origin)}から{escape(target)}へ <strong>{shown(crossing.people)}人</strong>{cap}、"
        f"{clock(crossing.since, now=now)}から</p>"
        f'<form method="post" action="/post/cap">{fields.keys(session, key)}'
        f"{fields.hidden('from_ward', crossing.from_ward)}{fields.hidden('to_ward', crossing.to_ward)}"
        f'<label>受け入れる人数<input name="most" inputmode="numeric" value="{crossing.people}" required></label>'
        f"<button>上限にする。超える人は別の避難所へ</button></form>"
    )
