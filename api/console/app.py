"""The coordinators' application: what waits for a person, and what persons have decided.

A process and an origin of its own (R20): residents' requests never slow it, and its pages hold what
residents must not see, e.g. drafts that nobody has approved. With accounts coordinators sign in and decide
(`deciding.py`) and post (`posting.py`); without them it only shows.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Annotated

from fastapi import Cookie, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.middleware.gzip import GZipMiddleware

from alerts.claim import Lane
from alerts.duty import alone_by
from alerts.notice import Notice
from alerts.notice_title import title_of
from alerts.words import HAZARDS_JA
from api.console import in_force_rows, reported_rows
from api.console.alone_routes import alone_routes
from api.console.channels_routes import channels_routes
from api.console.checks_routes import checks_routes
from api.console.code_words import SOURCE_ELSE, SOURCES, coded
from api.console.deciding import deciding_routes
from api.console.description import describe_console
from api.console.drilling import drilling_routes
from api.console.editing import editing_routes
from api.console.extending import extending_routes
from api.console.library_routes import library_routes
from api.console.office import COOKIE, SAFE, UNFORESEEN, Office
from api.console.posting import new_key, posting_routes
from api.console.reason_words import POLICY_DRAFT, held_said, reason_said, unreadable_said
from api.console.rehearsing import rehearsing_routes
from api.console.river_rows import GAUGE_HEADS, TIE_HEADS, decide_by, gauge_cells, tie_cells
from api.console.sending_routes import sending_routes
from api.console.signing_in import signing_in_routes
from api.drawing.clock import clock
from api.drawing.look import APPEARANCES, look_of, word_of
from api.drawing.style import CONSOLE
from api.http.metrics import ApiMetrics
from api.http.problem import answer_problems, problem
from api.http.reader import Freshness, is_current
from api.http.security import Guard, policy_for
from api.known.desk import DeadLetter, Desk, DeskView
from api.known.reported import Report
from api.officers.accounts import Session
from api.residents.app import health_answer
from streams.gauges.river_desk import RiverDesk, clock_of
from streams.payloads import DraftRecord, DraftState, ReportRecord, SourceRecord

log = logging.getLogger(__name__)

# The officer's page reloads by itself, without a script: some terminals allow none (R20, polling <= 5 s).
_RELOAD_SECONDS = 5
_MOST_ROWS = 100
# Above what `api.officers.form` reads, so that it is the form's own words that a person is told.
_LONGEST_FORM = 131_072


def console_app(
    desk: Desk,
    freshness: Callable[[], Freshness],
    metrics: ApiMetrics,
    registry: CollectorRegistry,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    office: Office | None = None,
    rivers: RiverDesk | None = None,
) -> FastAPI:
    """Return the application that answers from *desk* and *rivers*; nothing is read here."""
    app = FastAPI(title="Shirase console", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    describe_console(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    forms = office is not None
    policy = policy_for([CONSOLE], forms=forms)
    app.add_middleware(
        Guard, policy=policy, metrics=metrics, forms=forms, most_bytes=_LONGEST_FORM, unforeseen=UNFORESEEN
    )
    answer_problems(app)
    app.add_exception_handler(sqlite3.Error, _accounts_unavailable)
    if office is not None:
        # Before the office's own: to change a draft is no verdict on it.
        app.include_router(editing_routes(office))
        app.include_router(alone_routes(office))
        app.include_router(channels_routes(office))
        app.include_router(signing_in_routes(office))
        app.include_router(deciding_routes(office))
        app.include_router(posting_routes(office))
        app.include_router(checks_routes(office))
        app.include_router(library_routes(office))
        app.include_router(drilling_routes(office))
        app.include_router(rehearsing_routes(office))
        # Before what ends an order: the last word of its path is another.
        app.include_router(extending_routes(office))
        app.include_router(sending_routes(office))

    @app.get("/")
    def page(did: str = "", token: Annotated[str, Cookie(alias=COOKIE)] = "") -> Response:
        session = None if office is None else office.session(token)
        if office is not None and session is None:
            return Response(status_code=303, headers={"location": "/sign-in", "cache-control": "no-store"})
        fresh = freshness()
        reports = () if office is None else office.reported.waiting(now())
        return Response(
            render(
                desk.view(),
                fresh,
                now=now(),
                session=session,
                did=did,
                rivers=rivers,
                reports=reports,
                passkeys=office is not None and office.passkeys is not None,
                in_force=() if office is None else office.sending.in_force(),
            ),
            200 if fresh.ready else 503,
            {"cache-control": "no-store"},
            media_type="text/html; charset=utf-8",
        )

    @app.get("/health")
    def health() -> Response:
        return health_answer(freshness())

    @app.get("/metrics")
    def measured() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return app


async def _accounts_unavailable(_request: Request, error: Exception) -> Response:
    # A file that another process holds, a disk that is full. All that is asked of it comes before the trail.
    log.error("the accounts cannot be read or written", extra={"reason": type(error).__name__})
    return problem(
        503,
        "accounts-unavailable",
        "送られていません（NOT SENT）。Not done: the accounts cannot be read or written now",
        SAFE,
    )


def render(
    view: DeskView,
    fresh: Freshness,
    *,
    now: datetime,
    session: Session | None = None,
    did: str = "",
    rivers: RiverDesk | None = None,
    reports: Sequence[Report] = (),
    passkeys: bool = False,
    in_force: Iterable[Notice] = (),
) -> str:
    """Return the page; *did* is the draft that its reader has just decided."""
    stale = ""
    if not fresh.ready:
        stale = '<p class="alarm" role="alert">読み込み中です。一覧はまだそろっていません。</p>'
    elif not is_current(fresh):
        stale = '<p class="alarm" role="alert">新しい情報を受け取れていません。一覧は古いことがあります。</p>'
    read_only = (
        '<p class="alarm">この画面は表示専用です。承認・破棄はできません。'
        "<br><small>Read only: nobody can sign in, because no accounts are set.</small></p>"
    )
    who = "" if session is None else _signed_in(session, passkeys=passkeys)
    # What became a draft stands above as one, and stayed here after it had been sent.
    held = [report for report in view.held if report.reason != POLICY_DRAFT]
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f'<meta http-equiv="refresh" content="{_RELOAD_SECONDS}">'
        f"<title>知らせ 担当者画面</title><style>{CONSOLE}</style></head><body>"
        f"<header><h1>知らせ 担当者画面</h1><small>{clock(now, now=now)} 現在</small>{who}</header><main>{stale}"
        + (read_only if session is None else _answer(view, did) + _in_force(in_force, view, now))
        + _table(
            f"承認を待つ案（{len(view.drafts)}件）",
            ("", "状態", "レベル", "災害", "地域", "発表元", "発表", "判断期限", "見出し", "理由"),
            (_draft(record, now, can_open=session is not None) for record in view.drafts[:_MOST_ROWS]),
        )
        + (
            _table(
                f"決めたこと（{len(view.decided)}件）",
                ("時刻", "結果", "だれが", "送れた数", "案"),
                (_decided_row(record, view, now) for record in view.decided[:_MOST_ROWS]),
            )
            if session is not None
            else ""
        )
        + (_reports(reports, session, now) if session is not None else "")
        + _table(
            f"保留された電文（{len(held)}件）",
            ("受信", "種類", "発表元の系列", "理由", "詳細"),
            (_held(report, now) for report in held[:_MOST_ROWS]),
        )
        + _table(
            f"読めなかった記録（{len(view.dead)}件）",
            ("時刻", "場所", "理由", "詳細", "大きさ"),
            (_dead(letter, now) for letter in view.dead[:_MOST_ROWS]),
        )
        + _table(
            f"情報源（{len(view.sources)}件、途絶{sum(now > source.fresh_until for source in view.sources)}件）",
            ("名前", "状態", "最後の応答", "理由", "提供元", "連絡先"),
            (_source(source, now) for source in sorted(view.sources, key=lambda one: one.fresh_until)),
        )
        + _rivers(rivers, now)
        + "</main></body></html>"
    )


def _rivers(rivers: RiverDesk | None, now: datetime) -> str:
    """Return where the gauges stand, and what ground is a river's by assumption only."""
    if rivers is None:
        return ""
    lines, ties = rivers.lines(now), rivers.assumed()
    return _table(
        f"川の水位（{len(lines)}か所）", GAUGE_HEADS, (_row(gauge_cells(line, now)) for line in lines[:_MOST_ROWS])
    ) + _table(
        f"川との結びつきが推定の範囲（{len(ties)}件）", TIE_HEADS, (_row(tie_cells(tie)) for tie in ties[:_MOST_ROWS])
    )


def _reports(reports: Sequence[Report], session: Session, now: datetime) -> str:
    found = reported_rows.rows(reports, session, new_key(), now=now)
    return _table(f"道路の通報（確かめてください {len(reports)}件）", reported_rows.HEADS, map(_row, found))


def _in_force(in_force: Iterable[Notice], view: DeskView, now: datetime) -> str:
    found = in_force_rows.standing(in_force)
    rows = (_row(in_force_rows.cells(notice, view.accepted, now)) for notice in found[:_MOST_ROWS])
    return _table(f"いま出ている知らせ（{len(found)}件）", in_force_rows.HEADS, rows)


def _signed_in(session: Session, *, passkeys: bool) -> str:
    mine = '<a href="/passkeys">パスキー</a>' if passkeys else ""
    return (
        f'<span>{escape(session.account.name)}</span><a href="/board">全区</a>'
        '<a href="/duty">当番</a><a href="/channels">経路</a><a class="go" href="/post">投稿する</a>'
        f'<a href="/checks">受信の確認</a><a href="/drill">訓練</a>{mine}'
        f'<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="{escape(session.csrf)}">'
        "<button>サインアウト</button></form>"
    )


def _answer(view: DeskView, did: str) -> str:
    """Return what became of the draft *did*: SENT, NOT SENT or UNKNOWN, and whether trying again is safe."""
    if not did:
        return ""
    verdict = next((record for record in (*view.decided, *view.closed) if record.draft_id == did), None)
    if verdict is None:
        return (
            '<p class="alarm" role="status"><strong>まだ分かりません（UNKNOWN）。</strong>'
            "受け付けました。結果を待っています。もう一度押しても二重には送られません（SAFE TO RETRY）。</p>"
        )
    if verdict.state is DraftState.APPROVED:
        return (
            '<p class="done" role="status"><strong>送られました（SENT）。</strong>'
            f'<a href="/sending/{escape(verdict.lineage)}">送信の状況・解除・取り消し</a></p>'
        )
    if verdict in view.closed:
        return (
            '<p class="alarm" role="status"><strong>送られていません（NOT SENT）。</strong>'
            f'{reason_said(verdict.reason)}　<a href="/sending/{escape(verdict.lineage)}">これまでの流れ</a></p>'
        )
    return '<p class="done" role="status"><strong>送られていません（NOT SENT）。</strong>案は破棄されました。</p>'


def _decided_row(record: DraftRecord, view: DeskView, now: datetime) -> str:
    approved = record.state is DraftState.APPROVED
    accepted = view.accepted.get((record.lineage, record.revision))
    return _row(
        (
            clock(record.at, now=now),
            "送られた" if approved else "破棄した",
            _by(record.reason.partition(":")[2]),
            ("送信中" if accepted is None else f"{accepted:,}") if approved else "",
            f'<a href="/sending/{escape(record.lineage)}"><code>{escape(record.draft_id[:8])}</code></a>',
        )
    )


def _by(who: str) -> str:
    alone = alone_by(who)
    return f"<strong>{escape(alone)}（ひとりで承認）</strong>" if alone else escape(who)


def _table(title: str, heads: Iterable[str], rows: Iterable[str]) -> str:
    body = "".join(rows)
    if not body:
        return f"<section><h2>{title}</h2><p>ありません。</p></section>"
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f"<section><h2>{title}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></section>"


def _draft(record: DraftRecord, now: datetime, *, can_open: bool) -> str:
    state = "承認待ち" if record.state is DraftState.OPEN else "保留"
    draft = record.draft
    link = f'<a class="go" href="/drafts/{escape(record.draft_id)}">確かめる</a>' if can_open else ""
    if draft is None or not draft.notice.parts:
        return _row(("", state, "", "", "", "", clock(record.at, now=now), "", "", reason_said(record.reason)))
    notice, worst = draft.notice, draft.notice.parts[0]
    appearance = APPEARANCES[look := look_of(worst.level, worst.severity)]
    mark = f"{appearance.mark} " if worst.level is not None else ""
    exercise = '<span class="chip exercise">訓練</span> ' if notice.lane is Lane.DRILL else ""
    names = tuple(dict.fromkeys(name for part in notice.parts for name in part.area_names))
    more = f"ほか{len(names) - 6}か所" if len(names) > 6 else ""
    return _row(
        (
            link,
            state,
            f'{exercise}<span class="chip {look.value}">{mark}{word_of(notice, worst)}</span>',
            "・".join(HAZARDS_JA[hazard] for hazard in worst.hazards),
            escape("、".join(names[:6])) + more,
            escape(notice.issuer),
            clock(notice.sent, now=now),
            decide_by(clock_of(draft, now), now),
            escape(next((text.title for text in worst.texts if text.language == "ja"), title_of(notice, ""))),
            reason_said(record.reason),
        )
    )


def _held(report: ReportRecord, now: datetime) -> str:
    return _row(
        (
            clock(report.received, now=now),
            f"<small>{escape(report.kind)}</small>",
            f"<small>{escape(report.series)}</small>",
            held_said(report.reason),
            f"<small>{escape(report.detail)}</small>",
        )
    )


def _source(source: SourceRecord, now: datetime) -> str:
    # Silence is never an all-clear: what the source warned of stays in force.
    silent = now > source.fresh_until
    state = f'<strong class="alarm">途絶（{clock(source.fresh_until, now=now)}から）。解除ではありません</strong>'
    return _row(
        (
            escape(source.source),
            state if silent else "届いています",
            clock(source.answered, now=now) if source.answered else "まだありません",
            coded(source.reason, SOURCES, SOURCE_ELSE),
            escape(source.owner),
            escape(source.contact),
        )
    )


def _dead(letter: DeadLetter, now: datetime) -> str:
    return _row(
        (
            clock(letter.stored, now=now),
            f"<small>{escape(letter.place)}</small>",
            unreadable_said(letter.reason),
            f"<small>{escape(letter.detail)}</small>",
            f"{letter.size_bytes:,} B",
        )
    )


def _row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
