"""The form of one person alone: not in the way of the usual one, and saying who is told of it."""

from html import escape

from api.console import fields
from api.officers.accounts import Session
from api.officers.alone import NotAlone

SAID = {
    NotAlone.OFF: "この運用では使えません。",
    NotAlone.NO_NEWS: "いまの状況を読み込めていません。少し待ってください。",
    NotAlone.NOT_NEEDED: "もう一人は要りません。上の承認を使ってください。",
    NotAlone.NOT_YOURS: "この役割では、ひとりで承認できません。",
    NotAlone.TOO_SOON: "もう一人を呼び出しています。まだひとりでは送れません。",
    NotAlone.WARDS: "一つの区に収まりません（近い時間にひとりで送った範囲を合わせて数えます）。",
    NotAlone.NOT_COUNTED: "人数が分からないため、ひとりでは送れません。",
    NotAlone.PEOPLE: "人数が多すぎます（近い時間にひとりで送った範囲を合わせて数えます）。",
    NotAlone.REASON: "理由を8文字以上で書いてください。",
}


def alone_form(draft_id: str, digest: str, session: Session, why_not: NotAlone | None, seconds_left: int) -> str:
    """Return the section; with *why_not* it says so in place of the form."""
    if why_not is NotAlone.OFF:
        return ""
    if why_not is not None:
        later = f"あと{seconds_left}秒。" if why_not is NotAlone.TOO_SOON else ""
        inside = f'<p class="alarm">{SAID[why_not]}{later}</p>'
    else:
        inside = (
            "<p>都の当直と区の当番全員にすぐ知らせ、理由とあなたの名前が記録に残ります。</p>"
            f'<form method="post" action="/drafts/{escape(draft_id)}/alone">{fields.hidden("csrf", session.csrf)}'
            f"{fields.hidden('digest', digest)}"
            '<label>二人目に承認してもらえない理由<input name="reason" minlength="8" maxlength="200"'
            f' autocomplete="off" required></label>{fields.code("", needed=True)}'
            '<button class="go">ひとりで承認して住民に送る <small lang="en">Send alone</small></button></form>'
        )
    return (
        '<section class="acts"><details><summary>二人目と連絡がつかないとき（小さな範囲だけ）'
        f"</summary>{inside}</details></section>"
    )
