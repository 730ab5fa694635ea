"""The page on which an order that runs out is given a later end: one tap, on a phone as well, and no script."""

from datetime import datetime
from html import escape
from math import ceil

from alerts.claim import Lane
from alerts.notice import Notice
from api.console import fields
from api.console.buttons import EXTEND
from api.drawing.clock import clock
from api.drawing.sheet import document
from api.officers.accounts import Session
from api.orders.extending import NotExtended, offered
from streams.notices.extending import is_extension
from streams.payloads import Draft

# The page asks again by itself, without a script, until there is a draft (R20: at most 5 s).
_RELOAD_SECONDS = 3

SAID = {
    NotExtended.UNKNOWN: "この知らせは見つかりません。",
    NotExtended.ENDED: "この避難情報は、もう終わっています。続けるなら、新しく出してください。",
    NotExtended.NOT_OURS: "この避難情報は、発表元が延長します。ここからは延長できません。",
    NotExtended.NO_ORDER: "これは避難情報ではありません。延長できるのは避難情報だけです。",
    NotExtended.OTHER_WARD: "担当する区の外を含みます。その区か都の担当者に回してください。",
    NotExtended.CHANGED: "見ていた後に変わりました。もう一度確かめてください。",
    NotExtended.WAITS: "この避難情報の案が承認を待っています。先にその案を決めてください。",
    NotExtended.REHEARSED: "リハーサルの避難情報は延長しません。",
    NotExtended.NO_TIME: "期限を選ぶか、23:30 のように書いてください。",
    NotExtended.NOT_LATER: "いまの期限より後の時刻にしてください。",
    NotExtended.TOO_LATE: "期限は、いまから3日以内にしてください。",
}


def extend_page(
    notice: Notice | None,
    lineage: str,
    why: NotExtended | None,
    session: Session,
    *,
    now: datetime,
    waits: Draft | None = None,
    asked: bool = False,
    refused: bool = False,
    bar: str = "",
) -> str:
    """Return the page of *lineage*, of which *notice* stands; *why* it cannot go on, and the draft that *waits*.

    *asked* says that its reader has just asked for a later end: until there is a draft, the page looks again.
    *refused*: what was asked for just now was not done.
    """
    drill = notice is not None and notice.lane is Lane.DRILL
    there = f"/sending/{escape(lineage)}"
    goes = notice is not None and why is None and not asked
    said = _said(why, waits, now, asked=asked, refused=refused)
    form = _form(notice, session, there, now) if goes and notice is not None else ""
    return document(
        f"{'訓練' if drill else '知らせ'} 期限を延ばす",
        f"{bar}<header><h1>{'訓練 ' if drill else ''}期限を延ばす</h1><small>{escape(session.account.name)}　"
        f'<a href="/">一覧へ</a></small></header><main class="narrow">{said}'
        f"{'' if notice is None else _order(notice, now)}{form}"
        f'<p><a href="{there}">送信の状況・解除・取り消し <small lang="en">Status, all clear, correct</small></a></p>'
        "</main>",
        head=f'<meta http-equiv="refresh" content="{_RELOAD_SECONDS}">' if asked else "",
        drill=drill,
    )


def _said(why: NotExtended | None, waits: Draft | None, now: datetime, *, asked: bool, refused: bool) -> str:
    """Return where an extension stands, or why there is none, with the way to the draft that waits."""
    link = "" if waits is None else f'<p><a class="go" href="/drafts/{escape(waits.draft)}">その案へ</a></p>'
    if waits is not None and why is NotExtended.WAITS and is_extension(waits) and not refused:
        until = clock(waits.notice.expires, now=now)
        return (
            f'<p class="done" role="status"><strong>{until}まで延ばす案ができました。</strong>'
            f"まだ住民に送られていません（NOT SENT）。もう一人の承認を待っています。</p>{link}"
        )
    if asked and why is None:
        return (
            '<p class="alarm" role="status"><strong>まだ分かりません（UNKNOWN）。</strong>受け付けました。'
            "案になるのを待っています。もう一度押しても二重にはなりません（SAFE TO RETRY）。</p>"
        )
    if why is None:
        return ""
    return (
        f'<p class="alarm" role="alert"><strong>延長していません。</strong>{SAID[why]}'
        f"<br><small><code>{why.value}</code></small></p>{link if why is NotExtended.WAITS else ''}"
    )


def _order(notice: Notice, now: datetime) -> str:
    title = notice.parts[0].texts[0].title if notice.parts and notice.parts[0].texts else ""
    names = tuple(dict.fromkeys(name for part in notice.parts for name in part.area_names))
    where = "、".join(names[:6]) + (f"ほか{len(names) - 6}か所" if len(names) > 6 else "")
    left = ceil((notice.expires - now).total_seconds() / 60)
    term = f"あと{left}分" if left > 0 else "期限切れ・有効"
    return (
        f"<section><h2>{escape(title)}</h2><p>{escape(where)}　{escape(notice.issuer)}</p>"
        f"<p>いまの期限 <strong>{clock(notice.expires, now=now)}（{term}）</strong></p></section>"
    )


def _form(notice: Notice, session: Session, there: str, now: datetime) -> str:
    kept = fields.hidden("csrf", session.csrf) + fields.hidden("revision", str(notice.revision))
    ends = "".join(
        f'<button class="go" name="until" value="{end.isoformat()}">＋{hours}時間（{clock(end, now=now)}まで）</button>'
        for hours, end in offered(notice, now)
    )
    return (
        '<section class="acts"><h2>いつまで続けますか <small lang="en">Go on until</small></h2>'
        "<p>範囲と指示は承認されたときのまま、期限だけを延ばします。もう一人の承認で、範囲の人に"
        "「続いています」と送ります。</p>"
        f'<form method="post" action="{there}/extend" class="ends">{kept}{ends}</form>'
        f'<form method="post" action="{there}/extend">{kept}'
        '<label>時刻で決める<input name="clock" type="time" required></label>'
        f"<button>{EXTEND}</button></form></section>"
    )
