"""The page of what has gone out: one word first, then how far it is, then how to end it, then what happened when."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from alerts.claim import Lane
from alerts.notice import Notice
from api import fields
from api.accounts import Session
from api.clock import clock
from api.sending import Event, HowFar
from api.sheet import document
from geo.seam import shown

# At most 5 s (R20); it stops when all is done, so that it takes nothing away that is being typed.
RELOAD_SECONDS = 3
_OUTCOMES = {
    "accepted": "受け付けられた",
    "gone": "端末の登録が消えていた",
    "refused": "断られた",
    "too-large": "大きすぎた",
    "failed": "送れなかった",
    "not-sent": "送れなかった（つながらない）",
    "unknown": "届いたか分からない",
    "timeout": "答えがなかった",
    "expired": "期限切れで送らなかった",
    "superseded": "新しい知らせに替わった",
    "unsubscribed": "登録をやめた",
}
_EVENTS = {
    "open": "案ができた",
    "held": "保留になった",
    "approved": "承認された",
    "void": "破棄された",
    "expired": "期限が切れた",
    "recorded": "記録だけした",
    "nothing-changed": "変わりなし",
}
_PHASES = {
    "issued": "新しく出した",
    "raised": "引き上げた",
    "lowered": "引き下げた",
    "changed": "変えた",
    "lifted": "解除した",
    "cancelled": "取り消した",
    "corrected": "訂正した",
    "eased": "引き下げた",
}


def sending_page(
    notice: Notice | None,
    far: HowFar,
    events: Iterable[Event],
    session: Session,
    lineage: str,
    *,
    may_end: bool,
    ended: bool,
    fresh: bool,
    now: datetime,
) -> str:
    """Return the page of the newest revision of *lineage*; *fresh* says that ending it asks for no code."""
    drill = notice is not None and notice.lane is Lane.DRILL
    reload = "" if far.ended else f'<meta http-equiv="refresh" content="{RELOAD_SECONDS}">'
    return document(
        "知らせ 送信の状況",
        f"<header><h1>{'訓練 ' if drill else ''}送信の状況</h1><small>{escape(session.account.name)}　"
        f'<a href="/">一覧へ</a></small></header><main class="narrow">{_answer(notice, far)}{_said(notice)}'
        f"{_far(far, now)}{_end(lineage, session, fresh=fresh) if may_end and not ended else ''}"
        f"{_timeline(events, now)}</main>",
        head=reload,
        drill=drill,
    )


def _answer(notice: Notice | None, far: HowFar) -> str:
    if notice is None:
        return (
            '<p class="alarm" role="status"><strong>まだ分かりません（UNKNOWN）。</strong>結果を待っています。'
            "もう一度押しても二重には送られません（SAFE TO RETRY）。</p>"
        )
    if far.ended:
        return '<p class="done" role="status"><strong>送り終わりました（SENT）。</strong></p>'
    return '<p class="done" role="status"><strong>送っています（SENT）。</strong>この画面は自分で新しくなります。</p>'


def _said(notice: Notice | None) -> str:
    text = None if notice is None or not notice.parts else next(iter(notice.parts[0].texts), None)
    return "" if text is None else f"<section><h2>{escape(text.title)}</h2><p>{escape(text.body)}</p></section>"


def _far(far: HowFar, now: datetime) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{escape(origin.removeprefix('https://'))}</th><td>{_shown(done)} / {_shown(total)}</td>"
        f'<td><progress max="{max(total, 1)}" value="{done}" aria-label="{escape(origin)}"></progress></td></tr>'
        for origin, (done, total) in far.origins.items()
    )
    ends = "".join(
        f"<tr><th scope='row'>{_OUTCOMES.get(outcome, escape(outcome))}</th><td>{_shown(number)}</td></tr>"
        for outcome, number in far.outcomes.items()
        if number
    )
    first = "まだありません" if far.first_accepted is None else clock(far.first_accepted, now=now)
    last = "まだありません" if far.last_accepted is None else clock(far.last_accepted, now=now)
    return (
        f"<section><h2>どこまで進んだか</h2><p>{_shown(far.done)}人 / {_shown(far.total)}人"
        f"（最初の1件 {first}、最後の1件 {last}）</p><table>{rows}</table><h3>結果</h3><table>{ends}</table></section>"
    )


def _end(lineage: str, session: Session, *, fresh: bool) -> str:
    def button(word: str, said: str, english: str) -> str:
        return (
            f'<form method="post" action="/sending/{escape(lineage)}/{word}">{fields.hidden("csrf", session.csrf)}'
            f"{'' if fresh else fields.code('', needed=True)}"
            f'<button>{said} <small lang="en">{english}</small></button></form>'
        )

    return (
        '<section class="ending"><h2>終わらせる</h2><p>前に知らせた人だけに送ります。</p><div class="pair">'
        f"{button('lift', '解除する', 'All clear')}{button('correct', '誤りとして取り消す', 'Correct')}</div></section>"
    )


def _timeline(events: Iterable[Event], now: datetime) -> str:
    rows = "".join(
        f"<tr><td>{clock(event.at, now=now)}</td><td>{_what(event.what)}</td><td>{_by(event.by)}</td></tr>"
        for event in events
    )
    return f"<section><h2>これまでの流れ</h2><table>{rows}</table></section>" if rows else ""


def _what(what: str) -> str:
    if what.startswith("notice-"):
        return "送った：" + "・".join(_PHASES.get(one, escape(one)) for one in what.removeprefix("notice-").split(","))
    return _EVENTS.get(what, escape(what))


def _by(by: str) -> str:
    kind, _, who = by.partition(":")
    return escape(who) if who else f"<code>{escape(kind)}</code>"


def _shown(number: int) -> str:
    return escape(shown(number))
