"""The board: a line for each ward, the worst first, on one screen of a laptop; it reloads by itself (R20)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from math import ceil
from urllib.parse import quote

from alerts.duty import runs_out
from alerts.level import Level
from alerts.notice_title import title_of
from alerts.shelter import ShelterState
from alerts.wording import clock
from api.console.ending_form import Ending, touches
from api.drawing.sheet import document
from api.known.board import NotOrdered, WardRow
from dispatch.channel import ChannelState
from streams.duty.standing import OrderStanding
from streams.payloads import ChannelRecord, DraftRecord

_RELOAD_SECONDS = 5
_NONE: Mapping[str, Ending] = {}
_OLD_DRAFT = timedelta(minutes=1)
_STATES = {
    ShelterState.OPEN: "開設",
    ShelterState.FULL: "満員",
    ShelterState.CLOSED: "閉鎖",
    ShelterState.UNKNOWN: "不明",
}


def board_page(
    rows: Sequence[WardRow],
    unassigned: Sequence[DraftRecord],
    now: datetime,
    trouble: Sequence[ChannelRecord] = (),
    endings: Mapping[str, Ending] = _NONE,
) -> str:
    """Return the page. *unassigned* are drafts in no ward that is known, *trouble* channels that failed or are late.

    *endings* are the orders that its reader may end, by lineage.
    """
    lines = "".join(_line(row, now, endings) for row in sorted(rows, key=_worst_first))
    orders = sum(bool(row.orders) for row in rows)
    waiting = len({draft.draft_id for row in rows for draft in row.drafts} | {one.draft_id for one in unassigned})
    away = sum(not row.joined for row in rows)
    other = "".join(f"<li>{_draft(draft, now)}</li>" for draft in unassigned)
    beyond = f"<section><h2>区の分からない案</h2><ul>{other}</ul></section>" if other else ""
    stuck = (
        f'<p class="alarm" role="alert"><strong>渡せていない経路 {len(trouble)}</strong>　'
        '<a href="/channels">配信の経路</a></p>'
        if trouble
        else ""
    )
    return document(
        "知らせ 全区の状況",
        "<header><h1>全区の状況 <small lang='en'>All wards</small></h1><a href='/'>一覧へ</a>"
        f"<small>{clock(now)} 現在</small></header><main>{stuck}"
        f"<p><strong>避難情報のある区 {orders}</strong>　判断待ちの案 {waiting}　担当者のいない区 {away}</p>{beyond}"
        "<section><table class='board'><thead><tr><th scope='col'>区</th><th scope='col'>発令中</th>"
        "<th scope='col'>判断待ち</th><th scope='col'>呼び出し</th><th scope='col'>避難所</th></tr></thead>"
        f"<tbody>{lines}</tbody></table></section>"
        "<p class='soft'>「発令中」は解除の知らせまで続きます。期限を過ぎたものは「期限切れ・有効」と出ます。"
        "空欄は、安全という意味ではありません。</p></main>",
        head=f'<meta http-equiv="refresh" content="{_RELOAD_SECONDS}">',
    )


def _worst_first(row: WardRow) -> tuple[int, int, str]:
    orders = max((int(order.level or Level.ALL_LEAVE) for order in row.orders if not order.drill), default=0)
    return -len(row.drafts), -orders, row.code


def _line(row: WardRow, now: datetime, endings: Mapping[str, Ending]) -> str:
    joined = "" if row.joined else "<br><small class='soft'>担当者なし（フィードのみ）</small>"
    stand = [_order(order, now, endings.get(order.lineage)) for order in row.orders] + [
        _across(one, row) for one in row.across
    ]
    orders = "".join(f"<li>{one}</li>" for one in stand) or "<li class='soft'>―</li>"
    drafts = "".join(f"<li>{_draft(draft, now)}</li>" for draft in row.drafts) or "<li class='soft'>―</li>"
    sites = "　".join(f"{word} {row.shelters[state]}" for state, word in _STATES.items() if row.shelters.get(state))
    return (
        f"<tr><th scope='row'>{escape(row.name)}{joined}</th><td><ul>{orders}</ul></td><td><ul>{drafts}</ul></td>"
        f"<td>{_called(row)}</td><td>{sites or '<span class=soft>報告なし</span>'}</td></tr>"
    )


def _order(order: OrderStanding, now: datetime, ending: Ending | None) -> str:
    drill = "【訓練】" if order.drill else ""
    alone = f" <strong class='lapsed'>ひとりで承認：{escape(order.alone)}</strong>" if order.alone else ""
    level = f"<span class='chip l{int(order.level)}'>{int(order.level)}</span> " if order.level is not None else ""
    there = f"/sending/{quote(order.lineage, safe='')}"
    ends = order.expires <= now or runs_out(order.expires, now)
    extend = f" <a href='{there}/extend'>延長 <small lang='en'>Extend</small></a>" if ends else ""
    return (
        f"{level}{drill}<a href='{there}'>{escape(order.title)}</a>　{clock(order.since)}〜 {escape(order.issuer)}"
        f"{_term(order, now)}{extend}{'' if ending is None else _end(there, ending)}{alone}"
    )


def _end(there: str, ending: Ending) -> str:
    acting = "・区に代わって" if ending.acting else ""
    said = f"終わらせる（{touches(ending.told)}{acting}） <small lang='en'>End</small>"
    return f" <a href='{there}?stay=1#ending'>{said}</a>"


def _term(order: OrderStanding, now: datetime) -> str:
    """Return how long an order still runs where that is short, and that it holds where its time is over (R10)."""
    if order.expires <= now:
        return f" <span class='lapsed'>期限切れ・有効（{clock(order.expires)}）</span>"
    if not runs_out(order.expires, now):
        return ""
    left = ceil((order.expires - now).total_seconds() / 60)
    return (
        f" <strong class='lapsed'>期限まであと{left}分（{clock(order.expires)}）"
        f" <small lang='en'>expires in {left} min</small></strong>"
    )


def _across(one: NotOrdered, row: WardRow) -> str:
    """Return that a neighbour has ordered and this ward has not, and why not; its people were told so."""
    why = "判断待ち" if row.drafts else "担当者なし" if not row.joined else "案なし"
    if row.refused and not row.drafts:
        last = max(row.refused, key=lambda draft: draft.at)
        why = f"却下 {escape(last.reason.removeprefix('void-by:'))} {clock(last.at)}"
    told = f"住民へ「この区は未発令」 {clock(one.at)}"
    return f"<strong class='lapsed'>{escape(one.issuer)}が発令・この区は未発令：{why}</strong>　<small>{told}</small>"


def _draft(draft: DraftRecord, now: datetime) -> str:
    title = title_of(draft.draft.notice, "案") if draft.draft is not None else "案"
    age = now - draft.at
    minutes = max(0, int(age.total_seconds() // 60))
    waits = f"{minutes}分待ち" if minutes else "いま"
    old = f"<strong>{waits}</strong>" if age >= _OLD_DRAFT else waits
    return f"<a href='/drafts/{escape(draft.draft_id)}'>{escape(title)}</a>　{old}"


def _called(row: WardRow) -> str:
    words = []
    for page in row.called:
        if page.rung == "silence":
            words.append(f"<strong>時間内に決まらず：{escape(page.person)}</strong>")
            continue
        mark = {ChannelState.ACCEPTED: "✓", ChannelState.FAILED: "✕"}.get(page.state, "…")
        words.append(f"{mark} {escape(page.person)} {clock(page.at)}")
    return "<br>".join(words) or "<span class='soft'>―</span>"
