"""The residents' first page, written from a view: at a glance at three in the morning, on a small phone.

The worst comes first, then the map, then each notice in the words of its push. Whatever comes from a
document is escaped; ages are of the facts, not of the page.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from alerts.notice import SAID_OVER, NoticeKind, Phase
from alerts.order_words import says_order
from alerts.words import HAZARDS_JA
from api.drawing.clock import ago, clock
from api.drawing.faces import Face
from api.drawing.folded import folded
from api.drawing.frame import FRAMES, Frame
from api.drawing.ground import Ground, Touched
from api.drawing.look import APPEARANCES, Look, look_word
from api.drawing.picture import draw
from api.drawing.style import PAGE
from api.http.reader import Freshness
from api.known.entries import Entry, action_of, entries
from api.known.state import View
from api.live.map_marks import colours
from dispatch.message import topic_and_tag

# Above this the state may be older than a new warning, and the page says so.
STALE_SECONDS = 30.0
# The rest is in notices.json; a list of this length is read by nobody on a phone.
_MOST_ENTRIES = 60
_MOST_ENDS = 5
_MOST_NAMES = 12

_CHIPS = {Phase.CANCELLED: "取消", Phase.EASED: "引下げ"}
_LEGEND = (Look.LEVEL_5, Look.LEVEL_4, Look.LEVEL_3, Look.LEVEL_2, Look.GREATEST, Look.GUARD, Look.CARE)

NOT_AN_ALL_CLEAR = "これは解除の知らせではありません"


# A look, and whether its level is that of an order to leave: the colour is one, the word is not.
Sight = tuple[Look, bool]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a page is written from: everything but the time."""

    view: View
    frame: Frame
    listed: tuple[Entry, ...]
    areas: Mapping[Sight, tuple[str, ...]]
    picture: str


def scene_of(view: View, found: tuple[Face, ...], frame: Frame, ground: Ground) -> Scene:
    """Return what the page for *frame* is written from."""
    touched = ground.touched(view.maps) if ground.areas else ()
    areas = _areas_by_look(touched)
    spoken = "、".join(f"{_spoken(*sight)} {_names(names)}" for sight, names in areas.items())
    listed = entries(view.in_force)
    if not spoken:
        # Without names of areas the worst notice is what can be said of the picture.
        spoken = f"{_spoken(*_sight(listed[0]))} {_names(listed[0].area_names)}" if listed else "出ている情報なし"
    picture = draw(frame, found, ground, touched, f"{frame.title}の危険の地図。{spoken}")
    return Scene(view, frame, listed, areas, picture)


def render(scene: Scene, fresh: Freshness, *, now: datetime, has_map: bool = False, can_sign_up: bool = False) -> str:
    """Return the page; with *has_map* it leads to one's own place, with *can_sign_up* to where alerts are asked for."""
    ways = (_HERE_NOW if has_map else "") + (_SIGN_UP if can_sign_up else "")
    body = "".join((_stale(fresh, now), _worst(scene, now), _place(scene), _list(scene, now)))
    return _document(
        "知らせ - いま出ている警報",
        f'{_header(scene.view, fresh, now, ways)}<main id="now">{body}</main>{_FOOTER}',
    )


def _sight(entry: Entry) -> Sight:
    return entry.look, says_order(entry.notice, entry.part)


def _areas_by_look(touched: Sequence[Touched]) -> Mapping[Sight, tuple[str, ...]]:
    names: dict[Sight, list[str]] = {}
    for one in touched:
        names.setdefault((one.look, one.order), []).append(one.area.name if one.whole else f"{one.area.name}の一部")
    return {sight: tuple(found) for sight, found in names.items()}


def render_waiting() -> str:
    """Return the page of a process that does not know yet what is in force."""
    body = (
        f'<main id="now"><p class="alarm wide" role="status">情報を読み込んでいます。{NOT_AN_ALL_CLEAR}。'
        "<br><small>Loading. This is not an all-clear.</small></p></main>"
    )
    return _document("知らせ", f"<header><h1>知らせ</h1></header>{body}{_FOOTER}")


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<link rel="icon" href="data:,">'  # none: a browser that finds no icon asks for one again and again
        f"<title>{escape(title)}</title><style>{PAGE}</style>"
        '<noscript><meta http-equiv="refresh" content="30"></noscript>'
        f'<script src="/refresh.js" defer></script></head><body>{_OFFLINE}{body}</body></html>'
    )


_OFFLINE = (
    '<p class="alarm" id="offline" role="alert" hidden>通信できません。下の内容は<span id="since"></span>のものです。'
    f"{NOT_AN_ALL_CLEAR}。</p>"
)

_FOOTER = (
    '<footer class="soft">色のない場所が安全という意味ではありません。'
    "避難するときは、お住まいの区の避難情報に従ってください。"
    '<br><a href="/map/plain">避難先と通れない道の地図 <span lang="en">Map of shelters and closed roads</span></a>'
    '<br><a href="/here">町ごとの文字のページ <span lang="en">Plain page of each town</span></a>'
    "<br>No colour does not mean safe. Follow your ward’s evacuation orders.</footer>"
)


_HERE_NOW = '<a class="signup" href="/map#here">いま、ここ <span lang="en">Here, now</span></a>'
_SIGN_UP = '<a class="signup" href="/signup">通知を受け取る <span lang="en">Get alerts</span></a>'


def _header(view: View, fresh: Freshness, now: datetime, more: str = "") -> str:
    facts = "まだありません"
    if view.facts_at is not None:
        facts = _time(view.facts_at, now)
    checked = "" if fresh.age_seconds is None or fresh.age_seconds > STALE_SECONDS else f"・{clock(now, now=now)} 確認"
    return f'<header><h1>知らせ</h1><span class="soft" id="facts">最新の情報 {facts}{checked}</span>{more}</header>'


def _stale(fresh: Freshness, now: datetime) -> str:
    if fresh.age_seconds is not None and fresh.age_seconds <= STALE_SECONDS:
        return ""
    since = (
        "" if fresh.age_seconds is None else f"{int(fresh.age_seconds // 60)}分{int(fresh.age_seconds % 60)}秒前から、"
    )
    return (
        f'<p class="alarm wide" role="alert">{since}新しい情報を受け取れていません（{clock(now, now=now)} 現在）。'
        f"{NOT_AN_ALL_CLEAR}。<br><small>No new information is arriving. This is not an all-clear.</small></p>"
    )


def _worst(scene: Scene, now: datetime) -> str:
    if not scene.listed and not scene.areas:
        return (
            '<div class="worst wide"><div><strong>出ている警報の情報はありません</strong>'
            f"<p>{NOT_AN_ALL_CLEAR}。危険を感じたら、知らせを待たずに行動してください。</p>"
            "<small>No warning is on record. This is not an all-clear.</small></div></div>"
        )
    if not scene.listed:
        sight, names = next(iter(scene.areas.items()))
        return f'<div class="worst wide">{_big_chip(*sight)}<div><strong>{escape(_names(names))}</strong></div></div>'
    top = scene.listed[0]
    also = sum(1 for entry in scene.listed[1:] if entry.look is top.look)
    more = f"<p>同じ重さの知らせがほかに{also}件あります。</p>" if also else ""
    kinds = "・".join(HAZARDS_JA[hazard] for hazard in top.part.hazards[:3])
    return (
        f'<div class="worst wide">{_big_chip(*_sight(top))}<div>'
        f"<strong>{escape(kinds)} {escape(_names(top.area_names, 4))}</strong>"
        f'<p class="act">{escape(action_of(top))}</p>{more}'
        f"<small>{escape(top.notice.issuer)} {_time(top.notice.sent, now, ' 発表')}</small></div></div>"
    )


def _place(scene: Scene) -> str:
    tabs = "".join(
        f"<b>{frame.title}</b>" if frame is scene.frame else f'<a href="/?area={frame.name}">{frame.title}</a>'
        for frame in FRAMES.values()
    )
    lines = "".join(
        f"<li>{_chip(*sight)}<span>{escape(_names(names))}</span></li>" for sight, names in scene.areas.items()
    )
    known = f'<h3>区ごとのいちばん重い情報</h3><ul class="areas">{lines}</ul>' if lines else ""
    return (
        '<section class="place"><div class="tabs"><h2>どこが危ないか</h2>'
        f'<nav aria-label="地図の範囲">{tabs}</nav></div>'
        f"{scene.picture}{colours(_LEGEND)}"
        f"<p><small>色のない場所も、安全という意味ではありません。</small></p>{known}</section>"
    )


def _list(scene: Scene, now: datetime) -> str:
    listed, view = scene.listed, scene.view
    items = "".join(_entry(entry, now, anchor) for entry, anchor in _anchored(listed[:_MOST_ENTRIES]))
    if len(listed) > _MOST_ENTRIES:
        items += f'<li>ほか{len(listed) - _MOST_ENTRIES}件（<a href="/notices.json">すべて</a>）</li>'
    body = (
        f'<ul class="notices">{items}</ul>' if items else f"<p>いま出ている知らせはありません。{NOT_AN_ALL_CLEAR}。</p>"
    )
    ended = entries(view.ended)[:_MOST_ENDS]
    if ended:
        body += f'<h2>最近の解除・取消</h2><ul class="notices">{"".join(_entry(entry, now) for entry in ended)}</ul>'
    heard = "、".join(f"{escape(issuer)} {clock(at, now=now)}" for issuer, at in view.heard[:6])
    if heard:
        body += f"<p><small>発表元ごとの最新の発表：{heard}。発表がないことは、解除を意味しません。</small></p>"
    return f"<section><h2>出ている知らせ（{len(listed)}件）</h2>{body}</section>"


def _anchored(listed: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
    """Give the first entry of each notice the name that the notice's pushes link to."""
    given: set[str] = set()
    for entry in listed:
        tag = topic_and_tag(entry.notice.lineage, kind3=entry.notice.kind is NoticeKind.GO_THERE)
        yield entry, "" if tag in given else f' id="n-{tag}"'
        given.add(tag)


def _entry(entry: Entry, now: datetime, anchor: str = "") -> str:
    japanese, english = entry.text("ja"), entry.text("en")
    sent, expires = entry.notice.sent, entry.notice.expires
    over = entry.part.phase in SAID_OVER
    lapsed = ""
    if expires < now and not over:
        # An order stays in force until it is lifted, whatever its time says (R10).
        since = clock(expires, now=now)
        lapsed = f'<p><span class="lapsed">{since}から更新がありません。有効なものとして行動してください。</span></p>'
    areas = ""
    if len(entry.area_names) > 1:
        areas = f"<p><small>対象：{escape(_names(entry.area_names, _MOST_NAMES))}</small></p>"
    chip = f'<span class="chip">{_CHIPS.get(entry.part.phase, "解除")}</span>' if over else _chip(*_sight(entry))
    return (
        f'<li{anchor}><div class="head">{chip}<h3>{escape(japanese.title) if japanese else ""}</h3></div>'
        f"<p>{escape(japanese.body) if japanese else ''}</p>{areas}{lapsed}"
        + (f'<p lang="en"><small><b>{escape(english.title)}</b> {escape(english.body)}</small></p>' if english else "")
        + folded(entry.texts, ("ja", "en"))
        + f"<small>{escape(entry.notice.issuer)} {_time(sent, now, ' 発表')}</small></li>"
    )


def _time(at: datetime, now: datetime, did: str = "") -> str:
    return f'<time datetime="{at.isoformat()}">{clock(at, now=now)}</time>{did}（{ago(at, now=now)}）'


def _chip(look: Look, order: bool = False) -> str:
    word = look_word(look, order=order)
    mark = f"<b>{APPEARANCES[look].mark}</b>" if look.value.startswith("l") else ""
    return f'<span class="chip {look.value}">{mark}{word}</span>'


def _big_chip(look: Look, order: bool) -> str:
    above = "レベル" if look.value.startswith("l") else ""
    word = look_word(look, order=order)
    return f'<span class="chip {look.value}">{above}<b>{APPEARANCES[look].mark}</b>{word}</span>'


def _spoken(look: Look, order: bool) -> str:
    word = look_word(look, order=order)
    return f"レベル{APPEARANCES[look].mark} {word}" if look.value.startswith("l") else word


def _names(names: Sequence[str], most: int = 30) -> str:
    shown = "、".join(names[:most])
    return shown + (f"ほか{len(names) - most}か所" if len(names) > most else "")
