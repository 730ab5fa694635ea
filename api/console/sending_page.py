"""The page of what has gone out: one word first, then how far it is, then how to end it, then what happened when."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from alerts.claim import Lane
from alerts.duty import alone_by
from alerts.notice import Notice
from alerts.words import HAZARDS_JA
from api.console.buttons import EXTEND
from api.console.ending_form import Ending, ending_section
from api.console.reason_words import reason_said, service_said
from api.drawing.clock import clock
from api.drawing.look import APPEARANCES, look_of, word_of
from api.drawing.sheet import document, renewed
from api.known.sending import EXTENDED, Event, HowFar, Ringed
from api.known.verdict import Answer, Verdict, Why
from api.officers.accounts import Session
from geo.seam import FEWEST_SHOWN, shown
from streams.deciding.decision import POLICY
from streams.payloads import DraftState

# At most 5 s (R20); it stops when all is done, so that it takes nothing away that is being typed.
RELOAD_SECONDS = 3
_WORDS = {
    Why.DONE: ("送り終わりました", ""),
    Why.PARTLY: ("送り終わりました", "受け付けられなかった分があります。下の「結果」に数があります。"),
    Why.GOING: ("送っています", "この画面は自分で新しくなります。"),
    Why.WAITING: ("まだ住民に送られていません", "承認を待っています。"),
    Why.STOPPED: ("送られていません", "承認された内容と違うため止めました。案を作り直して承認してください。"),
    Why.EXPIRED: ("送られていません", "送る前に期限が過ぎました。"),
    Why.NOBODY: ("だれにも送られていません", "この範囲に届く人がいないか、文を作れませんでした。"),
    Why.REFUSED: ("送られていません", "どの送り先も受け付けませんでした。"),
    Why.UNANSWERED: ("届いたか分かりません", "送り先が答えませんでした。"),
    Why.SILENT: ("どこまで送られたか分かりません", "送信の記録が30秒とだえています。続きは自動で送られます。"),
    Why.NO_NEWS: ("いまの状況が分かりません", "新しい情報を受け取れていません。"),
    Why.NOT_HEARD: ("まだ分かりません", "結果を待っています。"),
}
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
    "withdrawn": "危険の知らせが出たので送るのをやめた",
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
    EXTENDED: "延長した",
}


def sending_page(
    notice: Notice | None,
    far: HowFar,
    events: Iterable[Event],
    session: Session,
    lineage: str,
    verdict: Verdict,
    *,
    ending: Ending | None,
    extends: bool,
    key: str = "",
    fresh: bool,
    now: datetime,
    bar: str = "",
    stays: bool = False,
    scripts: bool = False,
    head: str = "",
) -> str:
    """Return the page of the newest revision of *lineage*; *fresh* says that ending it asks for no code.

    *bar* is a rehearsal's, *head* brings the script of passkeys. With *stays* it does not load itself anew: nobody
    types a code, or holds a finger on a key, in so few seconds; *scripts* renew it in place. *ending*: how its reader
    may end it. *extends*: it is an order, and may be given a later end.
    """
    drill = notice is not None and notice.lane is Lane.DRILL
    goes_on = not far.ended and not stays
    reload = renewed(RELOAD_SECONDS, scripts=scripts) if goes_on else ""
    end = ""
    if ending is not None:
        end = ending_section(ending, session, key, fresh=fresh, reloads=goes_on, scripts=scripts)
    return document(
        f"{'訓練' if drill else '知らせ'} 送信の状況",
        f"{bar}<header><h1>{'訓練 ' if drill else ''}送信の状況</h1><small>{escape(session.account.name)}　"
        f'<a href="/">一覧へ</a></small></header><main class="forms">{_alone(notice)}'
        f"{_answer(verdict, lineage)}{_said(notice)}"
        f"{_far(notice, far, verdict, now)}{_goes_on(notice, lineage, now) if extends else ''}{end}"
        f"{_timeline(events, now)}</main>",
        head=reload + head,
        drill=drill,
    )


def _answer(verdict: Verdict, lineage: str) -> str:
    word, said = _WORDS[verdict.why]
    safe = "" if verdict.answer is Answer.SENT else "もう一度押しても二重には送られません（SAFE TO RETRY）。"
    kind = "done" if verdict.answer is Answer.SENT and verdict.why is not Why.PARTLY else "alarm"
    return (
        f'<p class="{kind}" role="status"><strong>{word}（{verdict.answer.value}）。</strong>{said}{safe}'
        f"<br><small>受付番号 <code>{escape(lineage)}</code></small></p>"
    )


def _alone(notice: Notice | None) -> str:
    by = "" if notice is None else alone_by(notice.approved_by)
    return f'<p class="alarm" role="alert"><strong>{escape(by)}がひとりで承認しました。</strong></p>' if by else ""


def _said(notice: Notice | None) -> str:
    text = None if notice is None or not notice.parts else next(iter(notice.parts[0].texts), None)
    return "" if text is None else f"<section><h2>{escape(text.title)}</h2><p>{escape(text.body)}</p></section>"


def _rings(notice: Notice | None, far: HowFar) -> str:
    """Return a bar for each ring, the most endangered first, in words that are true without it."""
    bars = "".join(
        f"<tr><th scope='row'>{_ring_name(notice, rank)}</th>"
        f"<td>{_shown(ring.total)}人のうち{_shown(ring.accepted)}人に受け付けられた{_unsent(ring)}</td>"
        f'<td><progress max="{max(ring.total, 1)}" value="{ring.ended if ring.total >= FEWEST_SHOWN else 0}"'
        f' aria-label="{_shown(ring.ended)} / {_shown(ring.total)}"></progress></td></tr>'
        for rank, ring in far.rings.items()
    )
    return f'<h3>危険の大きい順 <small lang="en">By danger</small></h3><table>{bars}</table>' if bars else ""


def _ring_name(notice: Notice | None, rank: int) -> str:
    part = None if notice is None else next((one for one in notice.parts if one.rank == rank), None)
    if notice is None or part is None:
        return f"{rank + 1}番目"
    look = look_of(part.level, part.severity)
    mark = f"{APPEARANCES[look].mark} " if part.level is not None else ""
    hazards = "・".join(HAZARDS_JA[hazard] for hazard in part.hazards)
    return f'<span class="chip {look.value}">{mark}{escape(word_of(notice, part))}</span> {hazards}'


def _unsent(ring: Ringed) -> str:
    missed = ring.ended - ring.accepted
    return f"、{_shown(missed)}人に送れなかった" if missed > 0 else ""


def _far(notice: Notice | None, far: HowFar, verdict: Verdict, now: datetime) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{service_said(origin)}</th><td>{_shown(done)} / {_shown(total)}</td>"
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
        f"（最初の1件 {first}、最後の1件 {last}）</p>{_as_saved(far, verdict)}{_rings(notice, far)}"
        f"<h3>プッシュの送り先</h3><table>{rows}</table><h3>結果</h3><table>{ends}</table></section>"
    )


def _as_saved(far: HowFar, verdict: Verdict) -> str:
    """Return that figures are those saved last: a worker has died amid them, or wrote an end without push services."""
    if verdict.why is Why.SILENT and far.total:
        return (
            "<p class='soft'>下の数は、途中で最後に保存したものです。その後に受け付けられた分があるかもしれません。</p>"
        )
    if far.ended and not far.is_whole:
        return "<p class='soft'>送り先ごとの数は、途中で最後に保存したものです。全体の数は下の「結果」です。</p>"
    return ""


def _goes_on(notice: Notice | None, lineage: str, now: datetime) -> str:
    """Return until when an order is to last, and the way to a later end."""
    if notice is None:
        return ""
    late = "　<strong class='lapsed'>期限切れ・有効</strong>" if notice.expires <= now else ""
    return (
        f"<section><h2>期限</h2><p>{clock(notice.expires, now=now)}まで{late}</p>"
        f'<p><a class="go" href="/sending/{escape(lineage)}/extend">{EXTEND}</a></p></section>'
    )


def _timeline(events: Iterable[Event], now: datetime) -> str:
    rows = "".join(
        f'<tr><td><span class="at">{clock(event.at, now=now)}</span></td><td>{_what(event, now)}</td>'
        f"<td>{_by(event)}</td></tr>"
        for event in events
    )
    return f"<section><h2>これまでの流れ</h2><table>{rows}</table></section>" if rows else ""


def _what(event: Event, now: datetime) -> str:
    what, phases = event.what, event.what.removeprefix("notice-")
    if phases != what:
        until = "" if event.until is None else f"（{clock(event.until, now=now)}まで）"
        return f"送った：{'・'.join(_PHASES.get(one, escape(one)) for one in phases.split(','))}{until}"
    if what == DraftState.VOID and not event.by.startswith("void-by:"):
        return "案が閉じた"
    return _EVENTS.get(what, escape(what))


def _by(event: Event) -> str:
    alone = alone_by(event.by.removeprefix("approved-by:"))
    if alone:
        return f"<strong>{escape(alone)}（ひとりで承認）</strong>"
    if event.what.startswith("notice-") and event.by != POLICY:
        return escape(event.by)
    kind, _, who = event.by.partition(":")
    return escape(who) if who else reason_said(kind)


def _shown(number: int) -> str:
    return escape(shown(number))
