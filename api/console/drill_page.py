"""The page of drills: one colour from edge to edge, and the word before everything else."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from alerts.notice import Notice
from api.console import fields
from api.console.order_page import Offered, order_fields
from api.drawing.clock import clock
from api.drawing.sheet import document
from api.officers.accounts import Session
from streams.payloads import DraftRecord


def drill_page(
    session: Session,
    names: Mapping[str, str],
    waiting: Sequence[DraftRecord],
    sent: Sequence[Notice],
    did: str,
    key: str,
    offered: Offered,
    *,
    now: datetime,
) -> str:
    """Return the form of a drill, the drills that wait, and those that went out; *did* is what was just asked for."""
    answer = ""
    if did and all(one.draft_id != did for one in waiting):
        answer = (
            '<p class="alarm" role="status"><strong>まだ分かりません（UNKNOWN）。</strong>受け付けました。'
            "同じ画面からもう一度送っても二重にはなりません（SAFE TO RETRY）。"
            f' <a href="/drill?did={escape(did)}">結果を見る</a></p>'
        )
    rows = "".join(
        f'<li><a class="go" href="/drafts/{escape(one.draft_id)}">訓練の案を確かめる</a> '
        f"<small>{clock(one.at, now=now)}</small></li>"
        for one in waiting
    )
    gone = "".join(
        f'<li><a href="/sending/{escape(one.lineage)}">{escape(one.parts[0].texts[0].title)}</a> '
        f"<small>{clock(one.sent, now=now)}</small></li>"
        for one in sent
        if one.parts and one.parts[0].texts
    )
    return document(
        "訓練 知らせ",
        f"<header><h1>訓練です。住民には届きません</h1><small>{escape(session.account.name)}　"
        '<a href="/">訓練を終えて一覧へ</a></small></header>'
        f'<main class="forms">{answer}<nav>'
        '<a class="go" href="/console/rehearse">一人で15分のリハーサル</a> '
        '<a class="go" href="/console/card">1枚の手引き</a></nav>'
        '<section id="order"><h2>訓練の案を作る <small lang="en">Drill</small></h2>'
        "<p>「訓練の通知を受け取る」登録をした端末だけに届きます。題も文も「訓練」で始まります。</p>"
        f'<form method="post" action="/drill">{fields.keys(session, key)}{order_fields(names, {}, offered, drill=True)}'
        '<button class="go">訓練の案を作る</button></form></section>'
        f"<section><h2>承認を待つ訓練（{len(waiting)}件）</h2><ul>{rows or '<li>ありません。</li>'}</ul>"
        f"<h2>送った訓練（{len(sent)}件）</h2><ul>{gone or '<li>ありません。</li>'}</ul></section></main>",
        drill=True,
    )
