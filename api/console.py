"""The coordinators' application: what waits for a person. It only shows; nobody can act here yet.

A process and an origin of its own (R20): residents' requests never slow it, and its pages hold what
residents must not see, e.g. drafts that nobody has approved.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from html import escape

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.middleware.gzip import GZipMiddleware

from alerts.words import HAZARDS_JA
from api.clock import clock
from api.desk import TOPICS, DeadLetter, Desk, DeskView
from api.look import APPEARANCES, look_of
from api.metrics import ApiMetrics
from api.problem import answer_problems
from api.reader import Freshness, TopicReader
from api.residents import health_answer
from api.security import Guard, policy_for
from api.style import CONSOLE
from streams.payloads import DraftRecord, DraftState, ReportRecord, SourceRecord

# The officer's page reloads by itself, without a script: some terminals allow none (R20, polling <= 5 s).
_RELOAD_SECONDS = 5
_MOST_ROWS = 100
_STALE_SECONDS = 30.0


def build_console(bootstrap: str) -> FastAPI:
    """Return the coordinators' application over the broker at *bootstrap*; it reads while it is served."""
    registry = CollectorRegistry()
    metrics = ApiMetrics(registry)
    desk = Desk()
    reader = TopicReader(bootstrap, TOPICS, desk.apply, metrics)
    app = console_app(desk, reader.freshness, metrics, registry)
    app.router.lifespan_context = reader.while_served
    return app


def console_app(
    desk: Desk,
    freshness: Callable[[], Freshness],
    metrics: ApiMetrics,
    registry: CollectorRegistry,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """Return the application that answers from *desk*; nothing is read here."""
    app = FastAPI(title="Shirase console", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Guard, policy=policy_for([CONSOLE]), metrics=metrics)
    answer_problems(app)

    @app.get("/")
    def page() -> Response:
        fresh = freshness()
        return Response(
            render(desk.view(), fresh, now=now()),
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


def render(view: DeskView, fresh: Freshness, *, now: datetime) -> str:
    """Return the page."""
    stale = ""
    if not fresh.ready:
        stale = '<p class="alarm" role="alert">読み込み中です。一覧はまだそろっていません。</p>'
    elif fresh.age_seconds is None or fresh.age_seconds > _STALE_SECONDS:
        stale = '<p class="alarm" role="alert">新しい情報を受け取れていません。一覧は古いことがあります。</p>'
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="refresh" content="{_RELOAD_SECONDS}">'
        f"<title>知らせ 担当者画面</title><style>{CONSOLE}</style></head><body>"
        f"<header><h1>知らせ 担当者画面</h1><small>{clock(now, now=now)} 現在</small></header><main>{stale}"
        '<p class="alarm">この画面は表示専用です。承認・修正・取消はまだできません。'
        "<br><small>Read only: drafts cannot be approved here yet.</small></p>"
        + _table(
            f"承認を待つ案（{len(view.drafts)}件）",
            ("状態", "レベル", "災害", "地域", "発表元", "発表", "見出し", "理由"),
            (_draft(record, now) for record in view.drafts[:_MOST_ROWS]),
        )
        + _table(
            f"保留された電文（{len(view.held)}件）",
            ("受信", "種類", "発表元の系列", "理由", "詳細"),
            (_held(report, now) for report in view.held[:_MOST_ROWS]),
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
        + "</main></body></html>"
    )


def _table(title: str, heads: Iterable[str], rows: Iterable[str]) -> str:
    body = "".join(rows)
    if not body:
        return f"<section><h2>{title}</h2><p>ありません。</p></section>"
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f"<section><h2>{title}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></section>"


def _draft(record: DraftRecord, now: datetime) -> str:
    state = "承認待ち" if record.state is DraftState.OPEN else "保留"
    draft = record.draft
    if draft is None or not draft.notice.parts:
        return _row((state, "", "", "", "", clock(record.at, now=now), "", escape(record.reason)))
    notice, worst = draft.notice, draft.notice.parts[0]
    appearance = APPEARANCES[look := look_of(worst.level, worst.severity)]
    mark = f"{appearance.mark} " if worst.level is not None else ""
    names = tuple(dict.fromkeys(name for part in notice.parts for name in part.area_names))
    more = f"ほか{len(names) - 6}か所" if len(names) > 6 else ""
    return _row(
        (
            state,
            f'<span class="chip {look.value}">{mark}{appearance.word}</span>',
            "・".join(HAZARDS_JA[hazard] for hazard in worst.hazards),
            escape("、".join(names[:6])) + more,
            escape(notice.issuer),
            clock(notice.sent, now=now),
            escape(next((text.title for text in worst.texts if text.language == "ja"), "")),
            f"<code>{escape(record.reason)}</code>",
        )
    )


def _held(report: ReportRecord, now: datetime) -> str:
    return _row(
        (
            clock(report.received, now=now),
            escape(report.kind),
            escape(report.series),
            f"<code>{escape(report.reason)}</code>",
            escape(report.detail),
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
            f"<code>{escape(source.reason)}</code>" if source.reason else "",
            escape(source.owner),
            escape(source.contact),
        )
    )


def _dead(letter: DeadLetter, now: datetime) -> str:
    return _row(
        (
            clock(letter.stored, now=now),
            escape(letter.place),
            f"<code>{escape(letter.reason)}</code>",
            escape(letter.detail),
            f"{letter.size_bytes:,} B",
        )
    )


def _row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
