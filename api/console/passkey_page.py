"""The page of an officer's passkeys, and the script by which forms take one in a code's place."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from api.drawing.clock import clock
from api.drawing.sheet import document
from api.http.web import PASSKEY_SCRIPT
from api.officers.accounts import Session
from api.officers.passkey_store import LONGEST_LABEL, Passkey

_SAID = {
    "passkey-label": f"名前は1〜{LONGEST_LABEL}字です。",
    "passkey-label-taken": "同じ名前のパスキーがあります。",
    "passkey-known": "このパスキーは登録済みです。",
    "passkey-too-many": "これ以上登録できません。使わないものを削除してください。",
    "passkey-last-factor": "最後のひとつは削除できません。先に別の方法を登録してください。",
    "passkey-unknown": "このパスキーは登録されていません。",
    "passkey-counter-back": "このパスキーの回数が戻りました。複製のおそれがあります。管理者に知らせてください。",
    "account-disabled": "このアカウントは使えません。",
}
_OTHERWISE = "パスキーを確かめられませんでした。もう一度、または確認コードで。"


def head_for(*, can_show: bool) -> str:
    """Return the script; *can_show*: forms with a code offer a passkey in its place."""
    meta = '<meta name="passkey" content="shown">' if can_show else ""
    return f'{meta}<script type="module" src="/web/{PASSKEY_SCRIPT}"></script>'


def said(reason: str) -> str:
    """Return what an officer reads of a stable code."""
    return _SAID.get(reason, _OTHERWISE)


def passkeys_page(session: Session, passkeys: Sequence[Passkey], now: datetime, *, problem: str = "", head: str) -> str:
    """Return the list with its two forms: one more, and one less."""
    alarm = f'<p class="alarm" role="alert">{escape(problem)}</p>' if problem else ""
    rows = "".join(_row(one, session, now) for one in passkeys)
    heads = "".join(f'<th scope="col">{one}</th>' for one in ("名前", "登録", "最後に使った", "場所", ""))
    listed = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else "<p>ありません。</p>"
    add = (
        '<section><h2>この端末を加える <small lang="en">Add a passkey</small></h2>'
        '<form id="add-passkey" method="post" action="/passkeys/new">'
        f'<input type="hidden" name="csrf" value="{escape(session.csrf)}">'
        "<label>名前（例 当番の電話）"
        f'<input name="label" maxlength="{LONGEST_LABEL}" autocomplete="off" required></label>'
        f"{_code(or_passkey=bool(passkeys))}<button class='go'>パスキーを登録する</button></form>"
        '<p role="status" aria-live="polite"></p>'
        "<noscript><p>登録にはスクリプトが要ります。サインインと承認は確認コードでできます。</p></noscript></section>"
    )
    return document(
        "知らせ パスキー",
        f'<header><h1>パスキー</h1><small>{escape(session.account.name)}　<a href="/">一覧へ</a></small></header><main>'
        f"{alarm}<section><h2>登録済み（{len(passkeys)}件）</h2>{listed}</section>{add}</main>",
        head=head,
    )


def _row(one: Passkey, session: Session, now: datetime) -> str:
    used = clock(datetime.fromtimestamp(one.used_at, UTC), now=now) if one.used_at else "まだ"
    form = (
        f'<details><summary>削除</summary><form method="post" action="/passkeys/remove">'
        f'<input type="hidden" name="csrf" value="{escape(session.csrf)}">'
        f'<input type="hidden" name="id" value="{one.id.hex()}">{_code()}<button>削除する</button></form></details>'
    )
    cells = (
        escape(one.label),
        clock(datetime.fromtimestamp(one.made_at, UTC), now=now),
        used,
        "同期される" if one.synced else "この端末だけ",
        form,
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _code(*, or_passkey: bool = False) -> str:
    """Return the field of the code; *or_passkey*: left empty, the script shows a passkey in its place."""
    field = f'<input name="code" inputmode="numeric" autocomplete="one-time-code"{"" if or_passkey else " required"}>'
    return f"<label>確認コード（6桁{'、空なら登録済みのパスキー' if or_passkey else ''}）{field}</label>"
