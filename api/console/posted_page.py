"""What became of a post: SENT, NOT SENT or UNKNOWN, and whether trying again is safe."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from alerts.duty import alone_by
from alerts.report import OutcomeKind
from api.console.code_words import DOCUMENTS, EFFECT_ELSE, EFFECTS, ENDED_ELSE, OUTCOMES, coded
from api.console.reason_words import HELD, held_said
from api.drawing.clock import clock
from api.drawing.sheet import document
from api.officers.accounts import Session
from streams.payloads import DraftRecord, DraftState, FactEffect, ReportRecord

# The page asks again by itself, without a script, until there is an answer (R20: at most 5 s).
_RELOAD_SECONDS = 3
_EFFECT_WITHIN = timedelta(seconds=30)
KINDS_JA = {
    "order": "避難情報",
    "closure": "通行止め",
    "shelter": "避難所",
    "incident": "被害・出来事",
    "cap": "区の受入",
}
_ON_THE_MAP = frozenset({OutcomeKind.INFORMATIONAL, OutcomeKind.NOTICE, OutcomeKind.UPDATE, OutcomeKind.CANCEL})
# By the reasons of a series' end (alerts/series.py): one that told nobody before has nobody to tell.
_ENDED = {"all-clear": "解除", "cancelled": "取り消し"}
_BACK = '<p><a href="/post">入力画面へ</a>　<a href="/">一覧へ</a></p>'


@dataclass(frozen=True, slots=True)
class Became:
    """A posted document, its end, and what followed from it; no report means that it has no end yet."""

    receipt: str
    kind: str = ""
    thing: str = ""
    report: ReportRecord | None = None
    effect: FactEffect | None = None
    undoable: bool = False
    waiting: DraftRecord | None = None
    decided: DraftRecord | None = None


def posted_page(became: Became, session: Session, *, now: datetime, key: str) -> str:
    """Return the page; *key* is the key of its form for taking a closure back."""
    open_end = became.report is None or (became.kind == "order" and became.decided is None and became.waiting is None)
    again = open_end or _awaits_effect(became, now)
    reload = f'<meta http-equiv="refresh" content="{_RELOAD_SECONDS}">' if again else ""
    facts = [("受付番号", f"<code>{escape(became.receipt[:12])}</code>")]
    if became.report is not None:
        facts += [
            ("種類", KINDS_JA.get(became.kind, "")),
            ("ID", f"<code>{escape(became.thing)}</code>"),
            ("受信", clock(became.report.received, now=now)),
            ("結果", coded(became.report.outcome.value, OUTCOMES, ENDED_ELSE)),
            ("理由", _reason(became.report.reason)),
        ]
    rows = "".join(f"<tr><th scope='row'>{name}</th><td>{value}</td></tr>" for name, value in facts)
    return document(
        "知らせ 投稿の結果",
        f'<header><h1>投稿の結果</h1><small>{escape(session.account.name)}　<a href="/">一覧へ</a></small></header>'
        f'<main class="narrow">{_verdict(became)}{_effect(became)}'
        f"<section><h2>記録</h2><table>{rows}</table></section>{_undo(became, session, key)}{_BACK}</main>",
        head=reload,
    )


def not_posted_page(problem: str, reason: str = "") -> str:
    """Return why nothing was posted; *reason* is the code by which support knows it."""
    small = f" <small><code>{escape(reason)}</code></small>" if reason else ""
    return _alone(f"<strong>送られていません（NOT SENT）。</strong>{escape(problem)}{small}")


def unknown_page(receipt: str) -> str:
    """Return that nobody knows whether it was stored, and that trying again is safe."""
    return _alone(
        "<strong>分かりません（UNKNOWN）。</strong>記録できたか確かめられませんでした。戻って、新しい確認コードで"
        "もう一度送ってください。二重には登録されません（SAFE TO RETRY）。"
        f' <a href="/posts/{escape(receipt)}">結果を見る</a>'
    )


def _alone(said: str) -> str:
    return document(
        "知らせ 投稿",
        '<header><h1>知らせ 担当者画面</h1></header><main class="narrow">'
        f'<p class="alarm" role="alert">{said}</p>{_BACK}</main>',
    )


def _verdict(became: Became) -> str:
    report = became.report
    if report is None:
        return _alarm(
            "まだ分かりません（UNKNOWN）。",
            "受け付けました。結果を待っています。同じ画面からもう一度送っても二重にはなりません（SAFE TO RETRY）。",
        )
    if became.kind == "order":
        return _order_verdict(became, report)
    if report.outcome in _ON_THE_MAP:
        return _done("登録されました（SENT）。", "地図と経路の計算に伝わりました。")
    if report.outcome is OutcomeKind.DUPLICATE:
        return _done("すでに登録されています（SENT）。", "同じ内容でした。二重には登録されていません。")
    return _alarm("登録されていません（NOT SENT）。", _because(report))


def _order_verdict(became: Became, report: ReportRecord) -> str:
    if report.reason in _ENDED and report.outcome in _ON_THE_MAP:
        return _done(f"{_ENDED[report.reason]}を送りました（SENT）。", "前に知らせた人だけに届きます。")
    if became.decided is not None and became.decided.state is DraftState.APPROVED:
        return _done("住民に送られました（SENT）。", f"{escape(_who(became.decided.reason))}が承認しました。")
    if became.decided is not None:
        return _done("住民に送られていません（NOT SENT）。", "案は破棄されました。")
    if became.waiting is not None:
        link = f'<a class="go" href="/drafts/{escape(became.waiting.draft_id)}">案を確かめる</a>'
        said = "案として登録されました。書いた人とは別の承認者が承認すると送られます。"
        return _alarm("まだ住民に送られていません（NOT SENT）。", f"{said}</p><p>{link}")
    if report.outcome is OutcomeKind.HELD and report.reason.startswith("policy-"):
        return _alarm("まだ住民に送られていません（NOT SENT）。", "案を作っています。")
    if report.outcome in _ON_THE_MAP:
        return _alarm("まだ分かりません（UNKNOWN）。", "受け付けられました。案の結果を待っています。")
    return _alarm("住民に送られていません（NOT SENT）。", _because(report))


def _reason(code: str) -> str:
    return held_said(code) if code in HELD else coded(code, DOCUMENTS, ENDED_ELSE)


def _because(report: ReportRecord) -> str:
    return f"理由：{_reason(report.reason)} <small>{escape(report.detail)}</small>"


def _who(reason: str) -> str:
    who = reason.partition(":")[2]
    alone = alone_by(who)
    return f"{alone}（ひとりで）" if alone else f"{who} "


def _awaits_effect(became: Became, now: datetime) -> bool:
    # Not for ever: a page that reloads would take away the code that is being typed into its form.
    new = became.report is not None and now - became.report.received < _EFFECT_WITHIN
    return new and became.kind in ("closure", "shelter") and became.effect is None


def _effect(became: Became) -> str:
    if became.report is None or became.kind not in ("closure", "shelter") or became.report.outcome not in _ON_THE_MAP:
        return ""
    effect = became.effect
    if effect is None:
        return '<p role="status">避難経路への影響：計算を待っています。</p>'
    people = "人数は不明" if effect.people is None else f"{effect.people:,}人"
    moved = f"{effect.moved:,}区画・{people}の行き先が変わりました" if effect.moved else "行き先が変わった人はいません"
    return (
        f'<p class="done" role="status"><strong>避難経路への影響：</strong>{moved}（道路{len(effect.roads)}本）。'
        f"<br>{coded(effect.reason, EFFECTS, EFFECT_ELSE)}</p>"
    )


def _undo(became: Became, session: Session, key: str) -> str:
    if not became.undoable:
        return ""
    moved = 0 if became.effect is None else became.effect.people or 0
    form = undo_form("この通行止めを取り消す", became.thing, moved, session, key)
    return f'<section class="acts">{form}</section>'


def undo_form(title: str, thing: str, moved: int, session: Session, key: str) -> str:
    """Return the folded form that takes the closure *thing* back, which has *moved* so many people."""
    whom = (
        f"{moved:,}人を元の行き先に戻し、その人たちだけに伝えます。"
        if moved
        else "行き先が変わった人がいれば戻します。"
    )
    return (
        f"<details><summary>{title}</summary>"
        f'<p>{whom}</p><form method="post" action="/post/closure">'
        f'<input type="hidden" name="csrf" value="{escape(session.csrf)}">'
        f'<input type="hidden" name="key" value="{key}">'
        f'<input type="hidden" name="undo" value="{escape(thing)}">'
        '<label>確認コード（6桁）<input name="code" inputmode="numeric" autocomplete="one-time-code" required></label>'
        '<button>間違いを取り消す <small lang="en">Undo</small></button></form></details>'
    )


def _done(word: str, said: str) -> str:
    return f'<p class="done" role="status"><strong>{word}</strong>{said}</p>'


def _alarm(word: str, said: str) -> str:
    return f'<div class="alarm" role="status"><p><strong>{word}</strong>{said}</p></div>'
