"""The coordinators' pages for acting: at three in the morning on a small laptop, or on a phone.

First what it is and whom it reaches, then the exact words in every language, then what is wrong with it,
then one button that says what it does.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from html import escape

from alerts.claim import Lane
from alerts.notice import Notice, NoticeKind, NoticePart, Phase
from alerts.order_words import orders_to_leave
from alerts.place import Cells
from alerts.reception_check import is_check
from alerts.wording import EDGE_JA
from alerts.words import HAZARDS_JA
from api.console import buttons
from api.console.checks_page import who_may, why_waits
from api.console.preview_page import preview_rows, seams
from api.console.reason_words import reason_said
from api.console.river_rows import decide_by
from api.drawing.area_picture import draw_area
from api.drawing.clock import ago, clock
from api.drawing.folded import folded, named
from api.drawing.look import APPEARANCES, Look, look_of, word_of
from api.drawing.sheet import document
from api.officers.accounts import Session
from api.officers.approval import Proposal, stands_in
from api.orders.lint import Finding, Found
from api.orders.preview import Preview
from geo.cells import count
from streams.gauges.river_desk import clock_of
from streams.notices.ending import ending_of
from streams.payloads import DraftRecord

_MOST_NAMES = 30
_AWAITS_A_READER = "・母語の人の確認待ち（送れます）"

FINDINGS = {
    Finding.NO_AREA: "対象の区画がありません",
    Finding.NO_ACTION: "取るべき行動がありません",
    Finding.NO_TIME: "時刻がありません",
    Finding.DRILL_WORDS: "訓練・試験の言葉が入っています",
    Finding.NOT_SAID_TO_BE_A_DRILL: "訓練なのに、題と文の最初に訓練と書いてありません",
    Finding.TOO_LONG: "長すぎて届きません",
    Finding.EXPIRED: "期限が過ぎています",
    Finding.LONG_TITLE: "題が20字を超えています",
    Finding.LATE_LEVEL: "レベルが最初の40字に入っていません",
    Finding.LEVEL_DIFFERS: "文のレベルや避難情報の名前が、この知らせのレベルと違います",
    Finding.NO_SOURCE: "だれが出した知らせか、文にありません",
    Finding.NO_HAZARD: "何の災害か、文にありません",
    Finding.NO_PLACE: "どこのことか、文に地名がありません",
    Finding.LANGUAGE_MISSING: "この言語の文がありません",
    Finding.NO_HELP_LINE: "区の相談電話が文にありません",
    Finding.SOON_OVER: "30分以内に期限が来ます",
    Finding.CHECK_IN_DANGER: "同じ場所に避難情報かレベル3以上の知らせが出ています。受信の確認は送れません",
    Finding.LOWER_THAN_LIVE: "同じ場所に、もっと高いレベルの知らせが出ています",
}


# The metropolitan role orders in a ward's place only where the ward cannot (R7); what it writes is in the audit trail.
_ACTING = (
    '<label>区に代わって発令する理由 <small class="soft">例 区役所が停電・区から依頼</small>'
    '<input name="acting" maxlength="200" autocomplete="off" required></label>'
)
# A check of reception has no author: it takes two who approve (R19).
_FIRST = "<p>受信の確認です。二人の承認で送られます。あなたは一人目です。</p>"
_SECOND = "<p>受信の確認です。一人目の承認は済んでいます。あなたの承認で送られます。</p>"
_ENDS = {Phase.LIFTED: "解除するとき", Phase.CANCELLED: "誤りとして取り消すとき"}


def sign_in_page(problem: str, *, provider: bool = False, to: str = "/", head: str = "") -> str:
    """Return the form to sign in, with what went wrong before; *provider*: there is the ward's own way too.

    *to* is where a call led; *head* brings the script of passkeys, for which the form has its place.
    """
    other = '<p><a class="go" href="/sign-in/oidc">区の認証でサインイン</a></p>' if provider else ""
    alarm = f'<p class="alarm" role="alert">{escape(problem)}</p>' if problem else ""
    return document(
        "知らせ 担当者 サインイン",
        f"<header><h1>知らせ 担当者画面</h1></header><main class='narrow'>{alarm}"
        f'<div id="by-passkey" data-to="{escape(to)}" hidden></div>'
        '<form method="post" action="/sign-in"><section><h2>サインイン <small lang="en">Sign in</small></h2>'
        f'<input type="hidden" name="to" value="{escape(to)}">'
        '<label>名前<input name="name" autocomplete="username" required autofocus></label>'
        '<label>パスワード<input name="password" type="password" autocomplete="current-password" required></label>'
        '<label>確認コード（6桁）<input name="code" inputmode="numeric" autocomplete="one-time-code" required></label>'
        f'<button class="go">サインイン</button></section></form>{other}</main>',
        head=head,
    )


def stopped_by(found: Iterable[Found]) -> str:
    """Return what stops a draft, in words."""
    return f"このままでは送れません（{'、'.join(FINDINGS[one.finding] for one in found if one.stops)}）。"


def refused_page(problem: str, draft_id: str) -> str:
    """Return why nothing was sent, and the way back."""
    return document(
        "知らせ 送られていません",
        '<header><h1>知らせ 担当者画面</h1></header><main class="narrow">'
        f'<p class="alarm" role="alert"><strong>送られていません。</strong>{escape(problem)}</p>'
        f'<p><a href="/drafts/{escape(draft_id)}">案に戻る</a>　<a href="/">一覧へ</a></p></main>',
    )


def draft_page(
    record: DraftRecord,
    notice: Notice,
    proposal: Proposal,
    found: tuple[Found, ...],
    session: Session,
    refusal: str,
    seen: Preview,
    wards: Mapping[str, Cells],
    *,
    now: datetime,
    head: str = "",
    bar: str = "",
    alone: str = "",
    unreviewed: Container[str] = (),
    extends: datetime | None = None,
    ways: str = "",
    may: Sequence[str] | None = None,
) -> str:
    """Return a draft as it would go out: whom it touches (*seen*), its words, the buttons; *bar* is a rehearsal's.

    *alone* is the form of one person alone, where there is one; *unreviewed* are languages that await a reader.
    *extends* is the end that an order has which this gives a later one; *ways* is what a draft of ways will say; *may*
    are those who may approve a check of reception, which waits for two of them.
    """
    stops = [one for one in found if one.stops]
    look = look_of(notice.parts[0].level, notice.parts[0].severity) if notice.parts else Look.INFORMATION
    picture = draw_area(seen.cells, wards, look.value, f"対象の範囲。{'、'.join(seen.wards)}") if seen.cells else ""
    facts = (
        ("発表元", escape(notice.issuer)),
        ("受信", f"{clock(notice.received, now=now)}（{ago(notice.received, now=now)}）"),
        ("期限", clock(notice.expires, now=now) + _extended(extends, now)),
        *([("判断期限", decide_by(due, now))] if (due := clock_of(record.draft, now)) is not None else []),
        *preview_rows(seen, written=bool(proposal.authors)),
        ("止まっている理由", reason_said(record.reason)),
        *([] if may is None else [("待つ理由", why_waits(record.draft.edited_by if record.draft else ()))]),
        *([] if may is None else [("承認できる人", who_may(may, record.draft.edited_by if record.draft else ()))]),
        ("作った人", escape("、".join(sorted(proposal.authors))) or "（届いた電文）"),
    )
    rows = "".join(f"<tr><th scope='row'>{name}</th><td>{value}</td></tr>" for name, value in facts)
    drill = "訓練 " if notice.lane is Lane.DRILL else ""
    return document(
        f"{drill or '知らせ '}案の確認",
        f"{bar}<header><h1>{drill}案の確認</h1><small>{escape(session.account.name)}　"
        f'<a href="/">一覧へ</a></small></header><main class="forms">{_findings(found)}'
        '<div class="beside"><section class="preview"><h2>何を、どこへ</h2>'
        f'{picture}<table>{rows}</table>{seams(seen.seam)}</section></div><div class="beside">'
        + (ways or "".join(_part(*one, notice, unreviewed) for one in enumerate(notice.parts, start=1)))
        + _buttons(
            record, notice, proposal, session, refusal, bool(stops), _ways_follow(notice, again=extends is not None)
        )
        + alone
        + _prepared(notice, now)
        + "</div></main>",
        head=head,
        drill=bool(drill),
    )


def _ways_follow(notice: Notice, *, again: bool) -> str:
    """Return that an order's ways are no part of what is approved, but come under it by rule (R14)."""
    if notice.kind is NoticeKind.GO_THERE or not orders_to_leave(notice):
        return ""
    if again:
        return (
            "<p class='soft'>避難の道は、この案では変わりません。変われば、そこの人だけに決まりのとおり送られます。</p>"
        )
    said = "避難の道は<strong>まだ計算していません</strong>（承認の後に計算）。できしだい、"
    said += "決まりのとおり自動で送られます。それまで届くのは上の文だけで、行き先は入りません。"
    return f"<p class='soft'>{said} <small lang='en'>Ways not computed yet</small></p>"


def _extended(end: datetime | None, now: datetime) -> str:
    return "" if end is None else f"　<strong>{clock(end, now=now)}から延長。範囲と指示は承認されたときのまま</strong>"


def _prepared(notice: Notice, now: datetime) -> str:
    """Return the words that would end it, ready before the first send (promise 9)."""
    if not notice.parts or notice.kind is NoticeKind.GO_THERE or is_check(notice):
        return ""
    ends = ((word, ending_of(notice, phase, at=now).parts[0].texts) for phase, word in _ENDS.items())
    texts = "".join(
        f'<div class="text" lang="ja"><small>{word}</small><strong>{escape(text.title)}</strong>'
        f"<p>{escape(text.body)}</p></div>"
        for word, found in ends
        for text in found
        if text.language == "ja"
    )
    return (
        "<section><details><summary>用意してある解除・取消の文"
        f'<small lang="en"> Prepared endings</small></summary>{texts}</details></section>'
    )


def _findings(found: Iterable[Found]) -> str:
    rows = "".join(
        f'<li class="{"stop" if one.stops else "warn"}">{"送れません" if one.stops else "注意"}：'
        f"{FINDINGS[one.finding]} <small>{escape(one.where)}</small></li>"
        for one in found
    )
    return f'<div role="status"><ul class="findings">{rows}</ul></div>' if rows else ""


def _part(number: int, part: NoticePart, notice: Notice, unreviewed: Container[str]) -> str:
    look = look_of(part.level, part.severity)
    appearance = APPEARANCES[look]
    mark = f"{appearance.mark} " if part.level is not None else ""
    names = "、".join(part.area_names[:30]) + (
        f"ほか{len(part.area_names) - 30}か所" if len(part.area_names) > 30 else ""
    )
    # Who approves reads the first; the others are one press away, and the hash covers them all.
    texts = "".join(
        f'<div class="text" lang="{escape(text.language)}">'
        f"<small>{named(text.language)}{awaits(text.language, unreviewed)}</small>"
        f"<strong>{escape(text.title)}</strong><p>{escape(text.body)}</p></div>"
        for text in part.texts[:1]
    )
    first = [text.language for text in part.texts[:1]]
    texts += folded(part.texts, first, lambda language: awaits(language, unreviewed))
    hazards = "・".join(HAZARDS_JA[hazard] for hazard in part.hazards)
    return (
        f'<section><h2>{number}. <span class="chip {look.value}">{mark}{word_of(notice, part)}</span> {hazards}'
        f"{_where(notice, part)}</h2>"
        f"<p>{escape(names)}</p>{texts}</section>"
    )


def _where(notice: Notice, part: NoticePart) -> str:
    """Return for whom of several a part is, which may be of one level and danger: those inside, or at the edge."""
    if len(notice.parts) < 2:
        return ""
    edge = any(_at_edge(one) for one in notice.parts)
    place = ("：境の近くの人" if _at_edge(part) else "：範囲の中の人") if edge else ""
    return f"{place}（{count(part.cells):,}区画）"


def _at_edge(part: NoticePart) -> bool:
    return any(EDGE_JA in text.body for text in part.texts)


def awaits(language: str, unreviewed: Container[str]) -> str:
    return f" {_AWAITS_A_READER}" if language in unreviewed else ""


def _buttons(
    record: DraftRecord,
    notice: Notice,
    proposal: Proposal,
    session: Session,
    refusal: str,
    stopped: bool,
    ways: str,
) -> str:
    hidden = (
        f'<input type="hidden" name="csrf" value="{escape(session.csrf)}">'
        f'<input type="hidden" name="digest" value="{escape(notice.digest)}">'
    )
    code = (
        '<label>確認コード（6桁）<input name="code" inputmode="numeric" autocomplete="one-time-code" required></label>'
    )
    path = f"/drafts/{escape(record.draft_id)}"
    if refusal:
        approve = f'<p class="alarm">{escape(refusal)}</p>'
    elif stopped:
        approve = '<p class="alarm">上の「送れません」が直るまで、承認できません。</p>'
    else:
        acting = stands_in(session.account, proposal, orders=orders_to_leave(notice))
        approve = (
            f"{(_FIRST if not proposal.authors else _SECOND) if proposal.twice else ''}"
            f'<form method="post" action="{path}/approve">{hidden}{_ACTING if acting else ""}{code}'
            f'<button class="go">{buttons.APPROVE}</button></form>'
        )
    void = f'<form method="post" action="{path}/void">{hidden}{code}<button>{buttons.DISCARD}</button></form>'
    edit = f'<p><a href="{path}/edit">{buttons.EDIT}</a></p>' if not proposal.twice else ""
    return (
        f'<section class="acts"><h2>決める</h2>{ways}{approve}{edit}'
        f"<details><summary>破棄する</summary>{void}</details></section>"
    )
