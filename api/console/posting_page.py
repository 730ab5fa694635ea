"""The four short forms of the console: each begins with what it does and ends with one button that says so."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from alerts.incident import IncidentKind
from alerts.road import RoadCause
from alerts.shelter import OccupancyBand, ShelterState
from api.console import fields
from api.console.order_page import NOTHING_OFFERED, Offered, Standing, endings, order_fields, preview_button
from api.console.posted_page import KINDS_JA
from api.drawing.sheet import SCRIPT, document
from api.known.posted import NamedSite
from api.officers.accounts import Session

CAUSES_JA: Mapping[RoadCause, str] = {
    RoadCause.FLOODED: "冠水",
    RoadCause.COLLAPSED: "陥没・崩落",
    RoadCause.LANDSLIDE: "土砂崩れ",
    RoadCause.DEBRIS: "倒木・がれき",
    RoadCause.BRIDGE_DAMAGED: "橋の損傷",
    RoadCause.FIRE: "火災",
    RoadCause.CRIME_SCENE: "規制線",
    RoadCause.WORKS: "工事",
    RoadCause.OTHER: "その他",
}
STATES_JA: Mapping[ShelterState, str] = {
    ShelterState.OPEN: "開設",
    ShelterState.FULL: "満員",
    ShelterState.CLOSED: "閉鎖",
    ShelterState.UNKNOWN: "不明",
}
BANDS_JA: Mapping[OccupancyBand, str] = {
    OccupancyBand.EMPTY: "空き",
    OccupancyBand.FILLING: "やや混雑",
    OccupancyBand.CROWDED: "混雑",
    OccupancyBand.FULL: "満員",
}
INCIDENTS_JA: Mapping[IncidentKind, str] = {
    IncidentKind.DAMAGE: "被害",
    IncidentKind.LIFELINE: "停電・断水など",
    IncidentKind.ISOLATED: "孤立",
    IncidentKind.FIRE: "火災",
    IncidentKind.FLOODING: "浸水",
    IncidentKind.NEED: "物資の要請",
    IncidentKind.OTHER: "その他",
}


_NOTHING: Mapping[str, str] = {}


def forms_page(
    session: Session,
    names: Mapping[str, str],
    shelters: Sequence[NamedSite],
    standing: Sequence[Standing] = (),
    *,
    new_key: Callable[[], str],
    fresh: bool = False,
    scripts: bool = False,
    head: str = "",
    closure: Mapping[str, str] = _NOTHING,
    roads: bool = False,
    crossings: str = "",
    closed: str = "",
    reports: str = "",
    offered: Offered = NOTHING_OFFERED,
    order: Mapping[str, str] = _NOTHING,
) -> str:
    """Return the four forms for the wards *names* (code to name) and the *shelters* that the reader may write of."""
    jumps = "　".join(f'<a href="#{kind}">{word}</a>' for kind, word in KINDS_JA.items())
    return document(
        "知らせ 投稿",
        f'<header><h1>投稿する</h1><small>{escape(session.account.name)}　<a href="/">一覧へ</a></small></header>'
        f'<main class="forms"><nav aria-label="入力の種類">{jumps}</nav>'
        + endings(standing, session, new_key, fresh=fresh)
        + _form(
            "order", "避難情報の案を作る", "Order to leave (draft)", _order(names, order, offered), session, new_key()
        )
        + _form("closure", "通行止めを登録する", "Road closure", _closure(closure, roads), session, new_key())
        + closed
        + _form("shelter", "避難所の状態を登録する", "Shelter", _shelter(shelters), session, new_key())
        + _form("incident", "被害・出来事を登録する", "Incident", _incident(names), session, new_key())
        + reports
        + crossings
        + "</main>",
        head=(SCRIPT if scripts else "") + head,
    )


def _form(kind: str, title: str, english: str, inside: str, session: Session, key: str) -> str:
    return (
        f'<section id="{kind}"><h2>{title} <small lang="en">{english}</small></h2>'
        f'<form method="post" action="/post/{kind}">{fields.keys(session, key)}'
        f'{inside}<button class="go">{title}</button></form></section>'
    )


def _order(names: Mapping[str, str], kept: Mapping[str, str], offered: Offered) -> str:
    return order_fields(names, kept, offered) + preview_button() + fields.code("", needed=True)


_FIND = '<p><a href="/roads">道路を名前でさがす <small lang="en">Find a road by name</small></a></p>'


def _closure(kept: Mapping[str, str], roads: bool) -> str:
    causes = ((cause.value, word) for cause, word in CAUSES_JA.items())
    return (
        "<p>場所は、地点・線・道路IDのどれか1つで足ります。</p>"
        f"{fields.text('地点（緯度,経度）', 'point', '35.672,139.817', kept.get('point', ''))}"
        f"{fields.text('線（緯度,経度 を空白で区切る）', 'line', '35.672,139.817 35.674,139.820')}"
        f"{fields.text('道路ID' if roads else '道路ID（都の担当者のみ）', 'road', '', kept.get('road', ''))}"
        + (
            '<p><a href="/roads">道路を名前でさがす <small lang="en">Find a road by name</small></a></p>'
            if roads
            else ""
        )
        + f"{fields.text('呼び名', 'name', '○○橋', kept.get('name', ''))}"
        f"{fields.select('理由', 'cause', causes, kept.get('cause', ''))}"
        + fields.radios(
            "確かさ",
            "confidence",
            (
                ("reported", "通報（表示するだけ。行き先は変わりません）"),
                ("confirmed", "確認済み（避難経路から外し、行き先が変わります）"),
            ),
        )
        + fields.hours("終わり", needed=False)
        + '<button formaction="/post/closure/preview" formnovalidate>動く人数を確かめる '
        '<small lang="en">Preview</small></button>'
        + fields.text("呼び名をもう一度（多くの人が動くとき）", "confirm", "")
        + fields.code("（確認済みのとき）", needed=False)
    )


def _shelter(shelters: Sequence[NamedSite]) -> str:
    known: dict[str, list[tuple[str, str]]] = {}
    for one in shelters:
        known.setdefault(one.ward, []).append((one.id, one.name or one.id))
    first = ("", "選んでください" if known else "（一覧はまだありません）")
    return (
        f"{fields.select('避難所', 'shelter', (first,), groups=known)}"
        f"{fields.text('一覧にないときのID（都の担当者のみ）', 'other', '')}"
        f"{fields.radios('状態', 'state', ((state.value, word) for state, word in STATES_JA.items()))}"
        + fields.radios(
            "混み具合",
            "band",
            (("", "言わない"), *((band.value, word) for band, word in BANDS_JA.items())),
            checked="",
        )
    )


def _incident(names: Mapping[str, str]) -> str:
    wards = (("", "選ばない"), *names.items()) if len(names) != 1 else tuple(names.items())
    return (
        f"{fields.select('種類', 'incident', ((kind.value, word) for kind, word in INCIDENTS_JA.items()))}"
        f"{fields.text('何があったか', 'title', '', needed=True)}{fields.select('区', 'ward', wards)}"
        f"{fields.text('地点（緯度,経度）', 'point', '35.672,139.817')}"
    )
