"""The page of the checks of reception: what waits and for whom, what was sent, and how many phones still answer (R19).

Counts of whole areas only, and none under 20: of no phone is it written down that it showed or answered a check.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from alerts.notice import Notice
from alerts.wording import JAPAN
from api.drawing.clock import clock
from api.drawing.sheet import document
from api.known.census import Answered
from api.known.sending import HowFar
from api.officers.accounts import Session
from geo.seam import shown

_NEEDED = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """A check that waits: why, and who of the accounts here may approve it, whoever has done so already left out."""

    draft: str
    notice: Notice
    wards: tuple[str, ...]
    confirmed: tuple[str, ...]
    may: tuple[str, ...]
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A check that was sent, how far it went, and who of its ground has been there since."""

    notice: Notice
    wards: tuple[str, ...]
    far: HowFar
    answered: Answered


def checks_page(waiting: Sequence[Waiting], sent: Sequence[Sent], session: Session, now: datetime) -> str:
    """Return the page."""
    waits = "".join(_waiting(one, now) for one in waiting) or "<p>待っている受信の確認はありません。</p>"
    rows = "".join(_sent(one, now) for one in sent) or '<tr><td colspan="7">まだありません</td></tr>'
    heads = ("日", "範囲", "送った人", "受け付けられた", "その後にいた人", "半年いない人", "知らせ")
    return document(
        "知らせ 受信の確認",
        f'<header><h1>受信の確認 <small lang="en">Checks of reception</small></h1>'
        f'<small>{escape(session.account.name)}　<a href="/">一覧へ</a></small></header><main>'
        f"<section><h2>待っているもの</h2>{waits}</section>"
        f"<section><h2>送ったもの</h2><table><thead><tr>"
        f"{''.join(f'<th scope=col>{head}</th>' for head in heads)}</tr></thead><tbody>{rows}</tbody></table>"
        "<p class='soft'>「その後にいた人」は、確認の日を含む10日とその後に、通知を押したか画面を開いた人です。"
        "端末が表示したかどうかは、どこにも送られません。「半年いない人」には届くか分かりませんが、"
        "知らせは今までどおり送ります。20人未満の数は出しません。</p>"
        "</section></main>",
    )


def who_may(may: Sequence[str], confirmed: Sequence[str]) -> str:
    """Return who may approve a check, as HTML; loud where there are too few."""
    missing = _NEEDED - len(confirmed) - len(may)
    names = escape("、".join(may)) or "いません"
    done = f"（一人目 {escape('、'.join(confirmed))} は承認済み）" if confirmed else ""
    few = f" <strong class='lapsed'>あと{missing}人足りません。担当する区の全部を承認できる人が要ります</strong>"
    return f"{names}{done}{few if missing > 0 else ''}"


def why_waits(confirmed: Sequence[str]) -> str:
    """Return why a check waits."""
    left = _NEEDED - len(confirmed)
    return f"二人の承認が要ります。あと{left}人" if confirmed else "二人の承認が要ります。まだだれも承認していません"


def _waiting(one: Waiting, now: datetime) -> str:
    over = one.notice.expires <= now
    why = "<strong>日が過ぎました。送られません（NOT SENT）</strong>" if over else why_waits(one.confirmed)
    rows = (
        ("日", _day(one.notice)),
        ("範囲", _where(one.wards)),
        ("待つ理由", why),
        ("承認できる人", who_may(one.may, one.confirmed)),
        *([("いま送れない", f"<strong class='lapsed'>{one.stopped}</strong>")] if one.stopped else []),
        ("期限", clock(one.notice.expires, now=now)),
    )
    table = "".join(f"<tr><th scope='row'>{name}</th><td>{value}</td></tr>" for name, value in rows)
    link = f'<p><a class="go" href="/drafts/{escape(one.draft)}">確かめて承認する</a></p>'
    return f"<table>{table}</table>{'' if over else link}"


def _sent(one: Sent, now: datetime) -> str:
    figures = (one.far.total, one.far.accepted, one.answered.since, one.answered.aged_out)
    return (
        f"<tr><td>{_day(one.notice)} {clock(one.notice.approved_at, now=now)}</td><td>{_where(one.wards)}</td>"
        + "".join(f"<td>{'分かりません' if number is None else escape(shown(number))}</td>" for number in figures)
        + f'<td><a href="/sending/{escape(one.notice.lineage)}">状況</a></td></tr>'
    )


def _day(notice: Notice) -> str:
    day = notice.expires.astimezone(JAPAN)
    return f"{day.year}年{day.month}月{day.day}日"


def _where(wards: Sequence[str]) -> str:
    few = escape("、".join(wards[:3]))
    return f"{few}ほか{len(wards) - 3}区" if len(wards) > 3 else few or "区が分かりません"
