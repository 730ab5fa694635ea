"""The form that changes a draft: the exact words in every language, its end, and wards to leave out."""

from collections.abc import Mapping
from datetime import datetime
from html import escape

from alerts.claim import Lane
from alerts.notice import Notice
from api.console import fields
from api.drawing.clock import clock
from api.drawing.folded import named
from api.drawing.sheet import document
from api.officers.accounts import Session
from api.orders.wanted import HOURS


def field_of(number: int, language: str, what: str) -> str:
    """Return the name of the field for the title or body of a part in a language."""
    return f"{what}-{number}-{language}"


def edit_page(
    draft_id: str, notice: Notice, wards: Mapping[str, str], session: Session, *, now: datetime, bar: str = ""
) -> str:
    """Return the form for *notice*; *wards* (code to name) are those that it touches, *bar* is a rehearsal's."""
    texts = "".join(
        f"<fieldset><legend>{number + 1}. {named(text.language)}</legend>"
        + fields.text("題", field_of(number, text.language, "title"), "", text.title, needed=True)
        + fields.area("文", field_of(number, text.language, "body"), "", text.body, rows=4)
        + "</fieldset>"
        for number, part in enumerate(notice.parts)
        for text in part.texts
    )
    keep = [("", f"変えない（{clock(notice.expires, now=now)}まで）")]
    ends = fields.select("期限", "hours", keep + [(str(hours), f"いまから{hours}時間") for hours in HOURS])
    leave = fields.ticks("外す区（減らすことだけできます）", "without", wards, (), "") if len(wards) > 1 else ""
    drill = "訓練 " if notice.lane is Lane.DRILL else ""
    return document(
        f"{drill or '知らせ '}案を直す",
        f"{bar}<header><h1>{drill}案を直す</h1><small>{escape(session.account.name)}　"
        f'<a href="/drafts/{escape(draft_id)}">案に戻る</a></small></header><main class="narrow">'
        "<p>直すと、それまでに見た人の確認は無効になります。直した人は承認できません。</p>"
        f'<form method="post" action="/drafts/{escape(draft_id)}/edit">{fields.hidden("csrf", session.csrf)}'
        f"{fields.hidden('digest', notice.digest)}{ends}{leave}{texts}"
        '<button class="go">直して、確認し直す <small lang="en">Save the changed draft</small></button></form></main>',
        drill=bool(drill),
    )
