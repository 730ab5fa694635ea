"""The four short forms of the console: each begins with what it does and ends with one button that says so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from alerts.incident import IncidentKind
from alerts.order_words import ORDER_NAMES_JA
from alerts.road import RoadCause
from alerts.shelter import OccupancyBand, ShelterReport, ShelterState
from alerts.words import HAZARDS_JA
from api.accounts import Session
from api.officer_page import document
from api.posted_page import KINDS_JA
from api.wanted import HOURS, LEVELS, ORDER_HAZARDS

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
_USUAL_HOURS = "6"


def forms_page(
    session: Session, names: Mapping[str, str], shelters: Sequence[ShelterReport], *, new_key: Callable[[], str]
) -> str:
    """Return the four forms for the wards *names* (code to name) and the *shelters* that the reader may write of."""
    jumps = "　".join(f'<a href="#{kind}">{word}</a>' for kind, word in KINDS_JA.items())
    return document(
        "知らせ 投稿",
        f'<header><h1>投稿する</h1><small>{escape(session.account.name)}　<a href="/">一覧へ</a></small></header>'
        f'<main class="forms"><nav aria-label="入力の種類">{jumps}</nav>'
        + _form("order", "避難情報の案を作る", "Order to leave (draft)", _order(names), session, new_key())
        + _form("closure", "通行止めを登録する", "Road closure", _closure(), session, new_key())
        + _form("shelter", "避難所の状態を登録する", "Shelter", _shelter(shelters), session, new_key())
        + _form("incident", "被害・出来事を登録する", "Incident", _incident(names), session, new_key())
        + "</main>",
    )


def _form(kind: str, title: str, english: str, fields: str, session: Session, key: str) -> str:
    return (
        f'<section id="{kind}"><h2>{title} <small lang="en">{english}</small></h2>'
        f'<form method="post" action="/post/{kind}">'
        f'<input type="hidden" name="csrf" value="{escape(session.csrf)}">'
        f'<input type="hidden" name="key" value="{key}">'
        f'{fields}<button class="go">{title}</button></form></section>'
    )


def _order(names: Mapping[str, str]) -> str:
    levels = ((str(level.value), f"レベル{level.value} {ORDER_NAMES_JA[level]}") for level in LEVELS)
    wards = "".join(
        f'<label class="tick"><input type="checkbox" name="wards" value="{escape(code)}"'
        f"{' checked' if len(names) == 1 else ''}>{escape(name)}</label>"
        for code, name in names.items()
    )
    none = "<p>区の一覧が読み込まれていません。作れません。</p>" if not names else ""
    return (
        "<p>案ができるだけで、住民にはまだ送られません。別の承認者が承認すると送られます。</p>"
        f"{_radios('レベル', 'level', levels)}"
        f'<fieldset><legend>対象の区</legend><div class="ticks">{wards}</div>{none}</fieldset>'
        f"{_select('災害', 'hazard', ((one.value, HAZARDS_JA[one]) for one in ORDER_HAZARDS))}"
        f"{_hours('期限', needed=True)}{_code('', needed=True)}"
    )


def _closure() -> str:
    return (
        "<p>場所は、地点・線・道路IDのどれか1つで足ります。</p>"
        f"{_text('地点（緯度,経度）', 'point', '35.672,139.817')}"
        f"{_text('線（緯度,経度 を空白で区切る）', 'line', '35.672,139.817 35.674,139.820')}"
        f"{_text('道路ID（都の担当者のみ）', 'road', '')}{_text('呼び名', 'name', '○○橋')}"
        f"{_select('理由', 'cause', ((cause.value, word) for cause, word in CAUSES_JA.items()))}"
        + _radios(
            "確かさ",
            "confidence",
            (
                ("reported", "通報（表示するだけ。行き先は変わりません）"),
                ("confirmed", "確認済み（避難経路から外し、行き先が変わります）"),
            ),
        )
        + f"{_hours('終わり', needed=False)}{_code('（確認済みのとき）', needed=False)}"
    )


def _shelter(shelters: Sequence[ShelterReport]) -> str:
    known = [(one.id, " ".join(filter(None, (one.ward, one.name or one.id)))) for one in shelters]
    return (
        f"{_select('避難所', 'shelter', (('', '選んでください' if known else '（一覧はまだありません）'), *known))}"
        f"{_text('一覧にないときのID（都の担当者のみ）', 'other', '')}"
        f"{_radios('状態', 'state', ((state.value, word) for state, word in STATES_JA.items()))}"
        + _radios(
            "混み具合",
            "band",
            (("", "言わない"), *((band.value, word) for band, word in BANDS_JA.items())),
            checked="",
        )
    )


def _incident(names: Mapping[str, str]) -> str:
    wards = (("", "選ばない"), *names.items()) if len(names) != 1 else tuple(names.items())
    return (
        f"{_select('種類', 'incident', ((kind.value, word) for kind, word in INCIDENTS_JA.items()))}"
        f"{_text('何があったか', 'title', '', needed=True)}{_select('区', 'ward', wards)}"
        f"{_text('地点（緯度,経度）', 'point', '35.672,139.817')}"
    )


def _text(label: str, name: str, example: str, *, needed: bool = False) -> str:
    hint = f' <small class="soft">例 {example}</small>' if example else ""
    return f'<label>{label}{hint}<input name="{name}" autocomplete="off"{" required" if needed else ""}></label>'


def _select(label: str, name: str, choices: Iterable[tuple[str, str]]) -> str:
    options = "".join(f'<option value="{escape(value)}">{escape(word)}</option>' for value, word in choices)
    return f'<label>{label}<select name="{name}">{options}</select></label>'


def _radios(label: str, name: str, choices: Iterable[tuple[str, str]], *, checked: str | None = None) -> str:
    # Nothing is chosen beforehand where the choice sends people somewhere.
    ticks = "".join(
        f'<label class="tick"><input type="radio" name="{name}" value="{escape(value)}" required'
        f"{' checked' if value == checked else ''}>{escape(word)}</label>"
        for value, word in choices
    )
    return f'<fieldset><legend>{label}</legend><div class="ticks">{ticks}</div></fieldset>'


def _hours(label: str, *, needed: bool) -> str:
    choices = [(str(hours), f"{hours}時間後") for hours in HOURS]
    usual = _USUAL_HOURS if needed else ""
    options = "".join(
        f'<option value="{value}"{" selected" if value == usual else ""}>{word}</option>'
        for value, word in ([] if needed else [("", "解除するまで")]) + choices
    )
    return f'<label>{label}<select name="hours">{options}</select></label>'


def _code(when: str, *, needed: bool) -> str:
    return (
        f'<label>確認コード（6桁）{when}<input name="code" inputmode="numeric" autocomplete="one-time-code"'
        f"{' required' if needed else ''}></label>"
    )
