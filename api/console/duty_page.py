"""The page of who is woken: rosters with what they lack, one's own telephones, and a call to oneself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from alerts.duty import Roster
from alerts.wording import JAPAN
from api.console import fields
from api.console.code_words import PASSAGE_ELSE, PASSAGES, coded
from api.drawing.clock import clock
from api.drawing.sheet import document
from api.http.web import DUTY_SCRIPT
from api.officers.accounts import Session
from api.officers.duty_desk import OnDuty, may_edit
from api.officers.roster_form import Lack, typed
from streams.duty.call_words import kind_of
from streams.duty.duty_book import METROPOLITAN
from streams.payloads import PageRecord

SAID: Mapping[str, str] = {
    "roster-line": "読めない行があります",
    "roster-hours": "時刻が正しくありません",
    "roster-unknown-person": "この名前の承認者も当番もいません",
    "roster-empty": "当番がいません",
    "roster-too-many": "人数が多すぎます",
    "roster-no-end": "呼び出せる都の当番がいません。先に都の当番を決めてください",
    "roster-not-yours": "この区の管理者ではありません",
    "roster-not-callable": "呼び出せません（端末も連絡先もない）",
    "roster-uncovered": "呼び出せる当番のいない時間",
    "roster-no-deputies": "代わりの人がいません",
    "roster-cannot-approve": "この区の承認ができません",
    "second-factor-wrong": "確認コードが違います",
    "second-factor-used": "確認コードは使用済みです",
    "device-unknown": "この端末は登録されていません",
}


def duty_page(
    session: Session,
    view: OnDuty,
    names: Mapping[str, str],
    lacking: Mapping[str, Sequence[Lack]],
    calls: Sequence[PageRecord],
    now: datetime,
    *,
    problem: str = "",
    key: str = "",
) -> str:
    """Return the page; *key* is what browsers subscribe with, empty where no device can be added."""
    alarm = f'<p class="alarm" role="alert">{escape(problem)}</p>' if problem else ""
    silent = "" if view.pager is not None else '<p class="alarm">呼び出しの係（pager）が動いた記録がありません。</p>'
    wards = "".join(
        _ward(ward, name, view, lacking.get(ward, ()), session, now)
        for ward, name in ((METROPOLITAN, "都（最後に呼び出す人）"), *names.items())
    )
    return document(
        "知らせ 当番",
        f'<header><h1>当番と呼び出し</h1><small>{escape(session.account.name)}　<a href="/">一覧へ</a></small></header>'
        f"<main>{alarm}{silent}{_mine(session, view, calls, now, key)}{wards}</main>",
        head=f'<script type="module" src="/web/{DUTY_SCRIPT}"></script>' if key else "",
    )


def _mine(session: Session, view: OnDuty, calls: Sequence[PageRecord], now: datetime, key: str) -> str:
    devices = "".join(
        f"<li>{escape(one.label)} <small>{clock(one.at, now=now)}から</small><details><summary>削除</summary>"
        f'<form method="post" action="/duty/devices/remove">{fields.hidden("csrf", session.csrf)}'
        f"{fields.hidden('id', one.id)}{fields.code('', needed=True)}"
        "<button>この端末を削除する</button></form></details></li>"
        for one in view.devices_of(session.account.name)
    )
    results = "".join(
        f"<li>{_WAYS.get(kind_of(one.way), escape(one.way))} "
        f"<strong>{_STATES.get(one.state.value, escape(one.state.value))}</strong> "
        f"{clock(one.at, now=now)} {coded(one.reason, PASSAGES, PASSAGE_ELSE)}</li>"
        for one in calls
    )
    add = (
        f'<form id="add-device" data-key="{escape(key)}" method="post">{fields.hidden("csrf", session.csrf)}'
        f"{fields.text('端末の名前', 'label', '当番の電話', needed=True)}{fields.code('', needed=True)}"
        '<button class="go">この端末で呼び出しを受ける</button></form><p role="status" aria-live="polite"></p>'
        if key
        else '<p class="soft">このコンソールでは端末を登録できません（SHIRASE_DUTY_KEY）。</p>'
    )
    call = (
        f'<form method="post" action="/duty/call">{fields.hidden("csrf", session.csrf)}'
        '<button>いま自分を呼び出す <small lang="en">Call me now</small></button></form>'
    )
    return (
        f'<section id="mine"><h2>自分の端末</h2><ul>{devices or "<li>ありません</li>"}</ul>{call}'
        f'<div role="status"><ul class="calls">{results}</ul></div>{add}</section>'
    )


_WAYS = {"push": "端末への通知", "webhook": "区の連絡網（webhook）"}
_STATES = {"sent": "呼び出し中", "accepted": "届けました", "failed": "届きません"}


def _ward(ward: str, name: str, view: OnDuty, lacking: Sequence[Lack], session: Session, now: datetime) -> str:
    roster = (
        Roster(METROPOLITAN, view.metropolitan) if ward == METROPOLITAN else view.rosters.get(ward, Roster(ward, ()))
    )
    said = view.said.get(ward)
    source = f"{escape(said.by)} {clock(said.at, now=now)}" if said is not None else "ファイル"
    awake = roster.awake(now.astimezone(JAPAN).hour)
    people = escape("、".join(awake)) or "<strong class='alarm'>いません</strong>"
    lacks = "".join(
        f'<li class="warn">注意：{SAID[one.code]} <strong>{escape(one.what)}</strong> '
        f"<small><code>{one.code}</code></small></li>"
        for one in lacking
    )
    order = f"いま {people} → 代わり {escape('、'.join(roster.deputies)) or 'なし'} → 都"
    body = f"<p>{order if ward != METROPOLITAN else people}</p><small>{source}</small>"
    edit = _edit(ward, roster, session) if may_edit(session.account, ward) else ""
    notes = f'<ul class="findings">{lacks}</ul>' if lacks else ""
    return f'<section id="ward-{escape(ward)}"><h2>{escape(name)}</h2>{body}{notes}{edit}</section>'


def _edit(ward: str, roster: Roster, session: Session) -> str:
    on_duty, deputies = typed(roster)
    stand_in = "" if ward == METROPOLITAN else fields.area("代わりの人（1行に1人）", "deputies", "koto_2", deputies)
    return (
        f'<details><summary>直す</summary><form method="post" action="/duty/roster">'
        f"{fields.hidden('csrf', session.csrf)}{fields.hidden('ward', ward)}"
        f"{fields.area('当番（1行に1人、時間があれば続けて）', 'on_duty', 'sato 20-8', on_duty)}{stand_in}"
        f"{fields.code('', needed=True)}<button class='go'>当番を決める</button></form></details>"
    )
