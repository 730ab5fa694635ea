"""The pages of a rehearsal: what to do now and why, one thing at a time, the drill's word and colour on each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from alerts.notice import Notice
from api.console import fields
from api.console.officer_page import FINDINGS
from api.drawing.clock import clock
from api.drawing.sheet import document
from api.known.said import WORDS, State
from api.officers.accounts import Session
from api.orders.lint import Finding, Found
from api.practice.practice_town import ROAD_NAMES, Effect, draw_quarter
from api.practice.rehearsal import SECONDS_MEANT, Fault, Rehearsal, Result, Step
from api.practice.rehearsal_words import ENTRIES, FAULT_WORDS, PRACTISE
from streams.payloads import DraftRecord

PATH = "/console/rehearse"
# While an answer is on its way and nothing can be done; a page that is read or typed into never reloads by itself.
_RELOAD_SECONDS = 3


def rehearsal_bar(running: Rehearsal, real: Sequence[DraftRecord], *, now: datetime) -> str:
    """Return the strip above each page of a rehearsal: what is next, how long it has taken, and what is real."""
    step = running.step
    here = "すべて終わりました" if step is None else f"{_number(step)} / {len(Step)}　{ENTRIES[step].title}"
    meant = "" if step is None else f"（めやす {_minutes(SECONDS_MEANT[step])}）"
    return (
        f'{real_alarm(real)}<div class="rehearsing" role="status"><strong>訓練リハーサル　{here}</strong>'
        f"<span>はじめから {_minutes(_since(running.began, now))}・この段 "
        f"{_minutes(_since(running.step_began, now))}{meant}</span>"
        f'<a class="go" href="{PATH}">訓練の手順へ</a></div>'
    )


def real_alarm(real: Sequence[DraftRecord]) -> str:
    """Return the loud word that something real waits, with the way there."""
    if not real:
        return ""
    links = "".join(
        f'<a class="go" href="/drafts/{escape(one.draft_id)}">本番の案を開く　{escape(_title(one))}</a>'
        for one in real[:3]
    )
    return (
        '<div class="real" role="alert"><strong>訓練ではありません。本番の案が、あなたの承認を待っています'
        f'（{len(real)}件）。</strong> <span lang="en">REAL: waiting for you</span>{links}</div>'
    )


def start_page(
    session: Session, wards: Mapping[str, str], real: Sequence[DraftRecord], last: Sequence[Result], *, now: datetime
) -> str:
    """Return the page before a rehearsal: what it is, and when each officer last did one."""
    if wards:
        chosen = fields.select("訓練の区", "ward", wards.items()) if len(wards) > 1 else ""
        one = "" if len(wards) > 1 else fields.hidden("ward", next(iter(wards)))
        begin = (
            f'<form method="post" action="{PATH}/begin">{fields.hidden("csrf", session.csrf)}{chosen}{one}'
            '<button class="go" autofocus>訓練リハーサルを始める <small lang="en">Begin</small></button></form>'
        )
    else:
        begin = '<p class="alarm">区の一覧が読み込まれていません。始められません。</p>'
    steps = "".join(f"<li>{ENTRIES[step].title}（{_minutes(SECONDS_MEANT[step])}）</li>" for step in Step)
    rows = "".join(
        f"<tr><td>{escape(one.officer)}</td><td>{clock(datetime.fromisoformat(one.at), now=now)}</td>"
        f"<td>{_minutes(one.total_seconds)}</td><td>{len(_to_practise(one))}件</td></tr>"
        for one in last
    )
    table = (
        "<table><thead><tr><th scope='col'>担当者</th><th scope='col'>最後のリハーサル</th>"
        "<th scope='col'>かかった時間</th>"
        f"<th scope='col'>練習すること</th></tr></thead><tbody>{rows}</tbody></table>"
        if rows
        else "<p>まだだれもしていません。</p>"
    )
    return _whole(
        "訓練リハーサル",
        session,
        f"{real_alarm(real)}",
        "<section><h2>訓練 一人で15分 <small lang='en'>Alone, 15 minutes</small></h2>"
        "<p>川が上がり、案が自分で開き、直し、送り、道を閉じ、取り消し、解除するまでを、本番と同じ画面で練習します。"
        "二人目は訓練の第二者（この装置）がつとめます。住民には届きません。訓練の登録をした端末だけに届きます。</p>"
        f"<ol>{steps}</ol>{begin}</section><section><h2>訓練 前回のリハーサル</h2>{table}"
        '<p><a href="/console/card">1枚の手引きを見る</a></p></section>',
    )


def step_page(
    running: Rehearsal,
    session: Session,
    real: Sequence[DraftRecord],
    notice: Notice | None,
    found: Sequence[Found],
    effect: Effect | None,
    said: str,
    *,
    waiting: bool,
    now: datetime,
) -> str:
    """Return the page of the step that *running* is at.

    *notice* is what its draft says, None when it does not wait (yet); *waiting* says that an answer is still on its
    way; *said* is what was wrong with the form before.
    """
    step = running.step
    assert step is not None
    entry = ENTRIES[step]
    if waiting:
        act = (
            '<p class="alarm" role="status"><strong>まだ分かりません（UNKNOWN）。</strong>'
            "受け付けました。結果を待っています。もう一度送っても二重にはなりません（SAFE TO RETRY）。</p>"
        )
    else:
        act = _act(step, running, session, notice, found, effect, now)
    wrong = f'<p class="alarm" role="alert">{escape(said)}</p>' if said else ""
    return _whole(
        "訓練リハーサル",
        session,
        rehearsal_bar(running, real, now=now),
        f"{wrong}<section><h2>訓練 {_number(step)}. {entry.title} <small lang='en'>{entry.english}</small></h2>"
        f"<p>{entry.what}</p>{act}<p class='soft'>{entry.why}</p></section>"
        f"<section><details><summary>訓練をやめる</summary><form method='post' action='{PATH}/quit'>"
        f"{fields.hidden('csrf', session.csrf)}<button>訓練をやめる（案は破棄します） "
        "<small lang='en'>Quit</small></button></form></details></section>",
        reload=waiting,
    )


def _act(
    step: Step,
    running: Rehearsal,
    session: Session,
    notice: Notice | None,
    found: Sequence[Found],
    effect: Effect | None,
    now: datetime,
) -> str:
    draft, lineage = running.draft
    csrf = fields.hidden("csrf", session.csrf)
    match step:
        case Step.GAUGE:
            return (
                "<table><tr><th scope='row'>訓練の観測所</th><td>架空川・架空橋</td></tr>"
                f"<tr><th scope='row'>水位</th><td><strong>4.62 m</strong>（{clock(running.began, now=now)}）"
                '<progress max="500" value="462" aria-label="水位 4.62 m"></progress></td></tr>'
                "<tr><th scope='row'>氾濫危険水位</th><td>4.50 m を超えました</td></tr></table>"
                f'<form method="post" action="{PATH}/read">{csrf}'
                '<button class="go" autofocus>案が開きました。読みに行く '
                '<small lang="en">Read the draft</small></button></form>'
            )
        case Step.MEND:
            return (
                f'<p><a class="go" href="/drafts/{escape(draft)}/edit" autofocus>文を直す '
                '<small lang="en">Edit</small></a> '
                f'<a class="go" href="/drafts/{escape(draft)}">案を見る</a></p>'
            )
        case Step.SECOND | Step.AGAIN:
            return _second(session, notice, found)
        case Step.FOLLOW:
            choices = tuple((state.value, f"{WORDS[state].word} {WORDS[state].said}") for state in State)
            return (
                f'<p><a class="go" href="/sending/{escape(lineage)}" autofocus>訓練の送信の状況を見る</a></p>'
                f'<form method="post" action="{PATH}/answer">{csrf}{fields.radios("いまの状態は？", "state", choices)}'
                '<button class="go">答える</button></form>'
            )
        case Step.CLOSE:
            return _quarter(csrf, effect)
        case Step.CORRECT | Step.ALL_CLEAR:
            there = f'href="/sending/{escape(lineage)}"'
            return f'<p><a class="go" {there} autofocus>訓練の送信の状況・終わらせるボタンへ</a></p>'


def _second(session: Session, notice: Notice | None, found: Sequence[Found]) -> str:
    if notice is None:
        return '<p class="alarm">訓練の案は、もう待っていません。訓練をやめて、始め直してください。</p>'
    texts = "".join(
        f'<div class="text" lang="{escape(text.language)}"><strong>{escape(text.title)}</strong>'
        f"<p>{escape(text.body)}</p></div>"
        for part in notice.parts
        for text in part.texts
    )
    if any(one.stops for one in found):
        return f'{texts}<p class="alarm">「送れません」が残っています。文を直してください。</p>'
    return (
        f"{texts}<p class='practice'>訓練の第二者：この装置が、もう一人の承認者の役をします。"
        "本番では、書いた人も直した人も承認できません。</p>"
        f'<form method="post" action="{PATH}/second">{fields.hidden("csrf", session.csrf)}'
        f"{fields.hidden('digest', notice.digest)}{fields.code('', needed=True)}"
        '<button class="go">訓練の第二者として承認する <small lang="en">Approve as the practice second person</small>'
        "</button></form>"
    )


def _quarter(csrf: str, effect: Effect | None) -> str:
    if effect is None:
        roads = tuple(ROAD_NAMES.items())
        return (
            f'<form method="post" action="{PATH}/close">{csrf}{fields.select("通れなくなった道", "road", roads)}'
            '<button class="go">訓練の通行止めにする <small lang="en">Close the road</small></button></form>'
        )
    rows = "".join(
        f"<tr><th scope='row'>架空{old.home}丁目（{old.people:,}人）</th><td>{_way(old.shelter, old.walk_seconds)}</td>"
        f"<td>{_way(new.shelter, new.walk_seconds)}</td></tr>"
        for old, new in zip(effect.before, effect.after, strict=True)
    )
    name = ROAD_NAMES[effect.closed]
    return (
        f"<p class='done' role='status'><strong>訓練：{escape(name)}を通行止めにしました。"
        f"{effect.moved:,}人の道が変わりました。</strong></p>"
        f"{draw_quarter(effect.after, effect.closed, f'{name}を閉じたあとの道。下の表と同じです')}"
        "<table><thead><tr><th scope='col'>どこから</th><th scope='col'>前</th><th scope='col'>あと</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        f'<form method="post" action="{PATH}/seen">{csrf}'
        '<button class="go" autofocus>確かめました。次へ</button></form>'
    )


def _way(shelter: str, seconds: int | None) -> str:
    return "道がありません" if seconds is None else f"{escape(shelter)}へ {max(1, round(seconds / 60))}分"


def result_page(session: Session, result: Result, real: Sequence[DraftRecord], *, now: datetime) -> str:
    """Return one page: what was done, how long each step took, which stops were met, what to practise."""
    rows = "".join(
        f"<tr><th scope='row'>{_number(step)}. {ENTRIES[step].title}</th>"
        f"<td>{_minutes(result.seconds.get(step.value, 0))}</td><td>{_minutes(SECONDS_MEANT[step])}</td></tr>"
        for step in Step
    )
    stops = "".join(f"<li>{_found(stop)}</li>" for stop in result.stops) or "<li>ありません</li>"
    practise = (
        "".join(f"<li>{escape(line)}</li>" for line in _to_practise(result)) or "<li>ありません。よくできました。</li>"
    )
    return _whole(
        "訓練リハーサルの結果",
        session,
        real_alarm(real),
        f"<section><h2>訓練の結果 <small lang='en'>Result</small></h2><p>{escape(result.officer)}　"
        f"{clock(datetime.fromisoformat(result.at), now=now)}　全部で <strong>{_minutes(result.total_seconds)}</strong>"
        "（めやす 15分）。記録に残りました。</p><table><thead><tr><th scope='col'>段</th>"
        f"<th scope='col'>かかった時間</th><th scope='col'>めやす</th></tr></thead><tbody>{rows}</tbody></table>"
        f"<h3>出会った「送れません」</h3><ul>{stops}</ul><h3>練習すること</h3><ul>{practise}</ul>"
        f'<p><a class="go" href="{PATH}?again=1">もう一度</a> '
        '<a class="go" href="/">訓練を終えて一覧へ</a></p></section>',
    )


def _found(code: str) -> str:
    """Return a stop in words; one of a version before is shown as it was kept."""
    return FINDINGS[Finding(code)] if code in set(Finding) else escape(code)


def _to_practise(result: Result) -> tuple[str, ...]:
    faults = (FAULT_WORDS[Fault(one)] for one in result.faults if one in set(Fault))
    return (*faults, *(f"{ENTRIES[step].title}：{PRACTISE[step]}" for step in result.slow))


def _whole(title: str, session: Session, bar: str, body: str, *, reload: bool = False) -> str:
    head = f'<meta http-equiv="refresh" content="{_RELOAD_SECONDS}">' if reload else ""
    return document(
        title,
        f"{bar}<header><h1>{title}</h1><small>{escape(session.account.name)}　住民には届きません　"
        f'<a href="/drill">訓練の一覧へ</a></small></header><main class="narrow rehearsal">{body}</main>',
        head=head,
        drill=True,
    )


def _title(record: DraftRecord) -> str:
    texts = [text.title for part in record.draft.notice.parts for text in part.texts] if record.draft else []
    return next(iter(texts), record.draft_id)


def _number(step: Step) -> int:
    return tuple(Step).index(step) + 1


def _since(begin: datetime, now: datetime) -> int:
    return max(0, int((now - begin).total_seconds()))


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}分{seconds % 60:02}秒" if seconds >= 60 else f"{seconds}秒"
