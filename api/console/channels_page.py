"""The page of channels: one entry, every channel, and where each stands; documents are read in the page (R20)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape

from alerts.notice import Notice
from api.console import fields
from api.console.code_words import ENDED_ELSE, PASSAGE_ELSE, PASSAGES, VERDICTS, coded
from api.drawing.clock import ago, clock
from api.drawing.sheet import document, renewed
from api.known.channels import OVERTAKEN, is_late, is_trouble
from api.known.verdict import Answer, Verdict
from api.officers.accounts import Session
from dispatch.channel import ChannelState
from feeds.outgoing.forms import Form, Leaf
from streams.payloads import ChannelRecord

_RELOAD_SECONDS = 5
FORMS_JA = {
    Form.L_ALERT: "Lアラートの様式",
    Form.DIS: "防災情報システムのファイル",
    Form.WEBHOOK: "区のメール・LINE（webhook）",
    Form.SIGNAGE: "街頭の画面",
    Form.SCRIPT: "防災無線の原稿",
    Form.CAP: "CAP",
}
_SAME = "渡したものと同じ内容です（SHA-256 が一致）。"
_OTHER = "渡したものと同じ内容ではありません。渡した後に、設定か画面に出すものが変わりました。"
_STATES = {
    ChannelState.SENT: "渡している",
    ChannelState.ACCEPTED: "受け取られた",
    ChannelState.FAILED: "失敗",
    ChannelState.TYPED: "手で入れた",
}


def channels_page(
    notices: Sequence[tuple[str, Notice | None, Verdict, Sequence[ChannelRecord]]],
    names: Mapping[str, str],
    session: Session,
    key: str,
    *,
    may: Mapping[str, bool],
    now: datetime,
    scripts: bool = False,
) -> str:
    """Return the page of *notices*: lineage, newest revision, what is said of its pushes, and its channels.

    *names* are wards by their five digits, *may* says of which the reader may send again.
    """
    found = "".join(_notice(*one, names, session, key, may, now) for one in notices)
    return document(
        "知らせ 配信の経路",
        f'<header><h1>配信の経路 <small lang="en">Channels</small></h1><small>{escape(session.account.name)}　'
        f'<a href="/">一覧へ</a></small></header><main>{found or "<p>まだありません。</p>"}</main>',
        head=renewed(_RELOAD_SECONDS, scripts=scripts),
    )


def _notice(
    lineage: str,
    notice: Notice | None,
    verdict: Verdict,
    records: Sequence[ChannelRecord],
    names: Mapping[str, str],
    session: Session,
    key: str,
    may: Mapping[str, bool],
    now: datetime,
) -> str:
    text = None if notice is None or not notice.parts else next(iter(notice.parts[0].texts), None)
    title = escape(lineage) if text is None else escape(text.title)
    newest = max((one.revision for one in records), default=0)
    push = "done" if verdict.answer is Answer.SENT else "alarm"
    rows = "".join(
        _row(one, names, session, f"{key}.{number}", now, may=may.get(one.ward, False) and one.revision == newest)
        for number, one in enumerate(records)
    )
    heads = "".join(
        f'<th scope="col">{word}</th>' for word in ("経路", "区", "改訂", "状態", "時刻", "回数", "理由", "文書", "")
    )
    return (
        f"<section><h2>{title}</h2><table><thead><tr>{heads}</tr></thead><tbody>"
        f'<tr><th scope="row">プッシュ</th><td></td><td></td><td class="{push}">{verdict.answer.value}</td><td></td>'
        f"<td></td><td>{coded(verdict.why.value, VERDICTS, ENDED_ELSE)}</td>"
        f'<td><a href="/sending/{escape(lineage)}">送信の状況</a></td>'
        f"<td></td></tr>{rows}</tbody></table></section>"
    )


def _row(one: ChannelRecord, names: Mapping[str, str], session: Session, key: str, now: datetime, *, may: bool) -> str:
    late = f" <strong>{ago(one.at, now=now)}から返事なし</strong>" if is_late(one, now) else ""
    marks = ("【訓練】" if one.drill else "") + ("訂正" if one.correction else "")
    kind = "alarm" if is_trouble(one, now) else "soft" if one.reason == OVERTAKEN else "done"
    by = f"（{escape(one.by)}）" if one.by else ""
    path = f"/channels/{escape(one.lineage)}/{one.revision}/{escape(one.ward)}/{escape(one.form)}"
    return (
        f'<tr><th scope="row">{FORMS_JA.get(Form(one.form), escape(one.form))}</th>'
        f"<td>{escape(names.get(one.ward, one.ward))}</td><td>{one.revision}{marks}</td>"
        f'<td class="{kind}">{_STATES[one.state]}{by}{late}</td><td>{clock(one.at, now=now)}</td>'
        f"<td>{one.attempts}</td>"
        f'<td>{coded(one.reason, PASSAGES, PASSAGE_ELSE)}</td><td><a href="{path}">見る</a></td>'
        f"<td>{_buttons(one, path, session, key) if may else ''}</td></tr>"
    )


def _buttons(one: ChannelRecord, path: str, session: Session, key: str) -> str:
    hidden = fields.keys(session, key)
    typed = (
        f'<form method="post" action="{path}/typed">{hidden}<button>手で入れた</button></form>'
        if one.state is ChannelState.FAILED
        else ""
    )
    return f'<form method="post" action="{path}/again">{hidden}<button>もう一度渡す</button></form>{typed}'


def document_page(record: ChannelRecord, leaves: Iterable[tuple[Leaf, bool]], session: Session, problem: str) -> str:
    """Return what left as text; with each whether it is byte for byte what left."""
    shown = "".join(
        f"<section><h2>{escape(leaf.name)}</h2><p>{_SAME if same else _OTHER}</p>"
        f"<pre>{escape(leaf.body.decode('utf-8', 'replace'))}</pre></section>"
        for leaf, same in leaves
    )
    alarm = f'<p class="alarm" role="alert">{escape(problem)}</p>' if problem else ""
    return document(
        "知らせ 渡した文書",
        f"<header><h1>{FORMS_JA.get(Form(record.form), escape(record.form))}</h1>"
        f'<small>{escape(session.account.name)}　<a href="/channels">配信の経路へ</a></small></header>'
        f"<main>{alarm}{shown}</main>",
    )
