"""The areas that wards keep under a name: a list to order from, and to take out of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from alerts.place import Cells
from api.console import fields
from api.drawing.clock import clock
from api.drawing.sheet import document
from api.officers.accounts import Session
from geo.cells import count
from streams.payloads import KeptArea


def library_page(
    session: Session,
    kept: Sequence[tuple[KeptArea, Cells]],
    names: Mapping[str, str],
    new: str,
    key: str,
    *,
    now: datetime,
) -> str:
    """Return the list; *kept* are the areas that the reader may order in, with their cells as of today.

    *new* is the id of the one that she has just kept.
    """
    said = ""
    if new:
        there = any(one.id == new for one, _ in kept)
        said = (
            '<p class="done" role="status">残しました。</p>'
            if there
            else '<p class="alarm" role="status">受け付けました。一覧に出るまで数秒かかります。'
            '<a href="/areas">見直す</a></p>'
        )
    rows = "".join(_row(one, cells, names, session, key, now) for one, cells in kept)
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("名前", "区", "広さ", "だれが", "いつ", ""))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else "<p>ありません。</p>"
    return document(
        "知らせ 残してある範囲",
        f"<header><h1>残してある範囲</h1><small>{escape(session.account.name)}　"
        f'<a href="/post#order">入力画面へ</a></small></header><main>{said}<section>{table}</section>'
        '<p class="soft">残すには、避難情報の案の画面で範囲を書き、「この範囲を名前を付けて残す」を開きます。</p>'
        "</main>",
    )


def _row(one: KeptArea, cells: Cells, names: Mapping[str, str], session: Session, key: str, now: datetime) -> str:
    wards = "、".join(names.get(code, code) for code in one.wards)
    remove = (
        f'<form method="post" action="/areas/{one.id}/remove">{fields.keys(session, key)}<button>消す</button></form>'
    )
    use = f'<a class="go" href="/post?kept={one.id}#order">この範囲で案を作る</a>'
    return (
        f"<tr><th scope='row'>{escape(one.name)}</th><td>{escape(wards)}</td><td>{_size(cells)}</td>"
        f"<td>{escape(one.by)}</td><td>{clock(one.at, now=now)}</td>"
        f'<td><div class="pair">{use}{remove}</div></td></tr>'
    )


def _size(cells: Cells) -> str:
    # A 町丁目 that the newest list does not have: whoever chooses the area is told so, and keeps it anew.
    return f"{count(cells):,}区画" if cells else "分からない町丁目を含みます"
