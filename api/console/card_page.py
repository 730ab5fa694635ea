"""One sheet of paper beside the console: made from the code that runs, so that it cannot say what is not so."""

from html import escape

from alerts.duty import Duty, Rung, SilenceRule
from api.console import buttons
from api.console.officer_page import FINDINGS
from api.drawing.sheet import document
from api.known.said import WORDS
from api.officers.approval import WIDE_PEOPLE, WIDE_WARDS
from api.officers.codes import FRESH_SECONDS
from api.orders.lint import STOPS, Stop

STOP_WORDS = {
    Stop.AREA: ("範囲", "no area"),
    Stop.ACTION: ("行動", "no action"),
    Stop.TIME: ("時刻・期限", "no time, or it is past"),
    Stop.LANE: ("訓練と本番", "drill words in the live lane, none in a drill"),
    Stop.BYTES: ("長さ", "too many bytes"),
}
RUNG_WORDS = {Rung.ON_DUTY: "当番", Rung.DEPUTIES: "副当番", Rung.METROPOLITAN: "都の当番"}


def card_page() -> str:
    """Return the card, for one sheet of A4."""
    return document(
        "知らせ 担当者の1枚",
        '<main class="card"><h1>知らせ　担当者の1枚 <small lang="en">One card for officers</small></h1>'
        f"{_approve()}{_stop()}{_states()}{_stops()}{_call()}"
        '<p class="soft">この紙は、動いているプログラムから作られます。版が変わったら印刷し直してください。'
        '練習：<code>/console/rehearse</code>（一人で15分、住民には届きません） <small lang="en">Made from the running '
        "program; print it again after an update. Practise alone at /console/rehearse.</small></p></main>",
    )


def _approve() -> str:
    wide = f"{WIDE_WARDS}区以上、または{WIDE_PEOPLE:,}人を超える"
    return _section(
        "1. 承認して送る",
        "Approve and send",
        (
            ("一覧の「確かめる」で案を開き、文を声に出して読む。", "Open the draft and read its words aloud."),
            (
                f"違うところは「{buttons.EDIT}」。直した人は承認できません。",
                "Mend what is wrong. Who edits it is no second person.",
            ),
            (
                f"確認コードを入れ、「{buttons.APPROVE.said}」を押す。",
                f"Enter a fresh code, press “{buttons.APPROVE.english}”.",
            ),
            (
                f"命に関わる知らせと、{wide}知らせは、書いた人とは別の人が承認する。",
                f"Life-threatening, {WIDE_WARDS} wards or more, over {WIDE_PEOPLE:,} people: another person approves.",
            ),
            (
                f"二人目を呼んでも来ないときは、1区・{WIDE_PEOPLE:,}人まで一人で送れる（区の決まりが許すとき）。全員が呼ばれる。",
                f"Nobody came: alone, one ward, up to {WIDE_PEOPLE:,} people, where policy allows; all are called.",
            ),
        ),
    )


def _stop() -> str:
    minutes = FRESH_SECONDS // 60
    return _section(
        "2. 取り消す・解除する・止める",
        "Correct, all clear, stop",
        (
            (
                f"誤り：送信の状況で「{buttons.CORRECT.said}」。知らせた全員に、いまどこにいても届く。",
                f"A mistake: “{buttons.CORRECT.english}”. It goes to all who were told, wherever they are.",
            ),
            (
                f"危険が去った：「{buttons.LIFT.said}」。期限切れや静けさは解除ではない。",
                f"Over: “{buttons.LIFT.english}”. Neither expiry nor silence is an all-clear.",
            ),
            (
                f"まだ送っていない案：「{buttons.DISCARD.said}」。",
                f"Not sent yet: “{buttons.DISCARD.english}”. Nobody is told.",
            ),
            (
                f"どれも一人でできる。{minutes}分以内に確認コードを入れていれば、取り消しと解除にコードは要らない。",
                f"One person is enough; no code to end it within {minutes} minutes of the last one.",
            ),
        ),
    )


def _states() -> str:
    rows = "".join(
        f"<tr><th scope='row'>{said.word}</th><td>{said.said}。{said.then}<br>"
        f"<small lang='en'>{said.english}</small></td></tr>"
        for said in WORDS.values()
    )
    return f"<section><h2>3. 答えの一語 <small lang='en'>The one word</small></h2><table>{rows}</table></section>"


def _stops() -> str:
    rows = "".join(
        f"<tr><th scope='row'>{STOP_WORDS[stop][0]}</th><td>"
        f"{'／'.join(FINDINGS[finding] for finding, one in STOPS.items() if one is stop)}"
        f" <small lang='en'>{STOP_WORDS[stop][1]}</small></td></tr>"
        for stop in Stop
    )
    return (
        f"<section><h2>4. 送れないのはこの{len(Stop)}つだけ <small lang='en'>Only these stop a send</small></h2>"
        f"<table>{rows}</table><p>ほかはすべて注意です。読んで、そのまま送れます。"
        "<small lang='en'>All else is a warning: read it and go on.</small></p></section>"
    )


def _call() -> str:
    duty, silence = Duty(), SilenceRule()
    rows = "".join(
        f"<tr><th scope='row'>{RUNG_WORDS[rung]} <small lang='en'>{rung.value}</small></th>"
        "<td class='fill'>電話</td></tr>"
        for rung in Rung
    )
    order = "→".join(RUNG_WORDS[rung] for rung in Rung)
    return (
        "<section><h2>5. だれに電話するか <small lang='en'>Whom to call</small></h2>"
        f"<table>{rows}<tr><th scope='row'>システム <small lang='en'>operations</small></th>"
        "<td class='fill'>電話</td></tr></table>"
        f"<p>案ができると{escape(order)}の順に{duty.rung_seconds:.0f}秒ごとに呼ばれます。"
        f"{silence.after_seconds / 60:.0f}分だれも決めないと、まだ指示がないことが住民に伝わります。"
        f"<small lang='en'>Called every {duty.rung_seconds:.0f} s; after {silence.after_seconds / 60:.0f} minutes "
        "of silence residents hear that there is no order yet.</small></p></section>"
    )


def _section(title: str, english: str, steps: tuple[tuple[str, str], ...]) -> str:
    items = "".join(f"<li>{said}<br><small lang='en'>{also}</small></li>" for said, also in steps)
    return f"<section><h2>{title} <small lang='en'>{english}</small></h2><ol>{items}</ol></section>"
