"""`/here/SHARD`: here and now on one plain page, without scripts, sign-up or position (R13).

A QR or a link carries its place in the fragment, which no server sees; so the page holds every place of its
shard as an anchor, by the name of its chome and by its cell. One page is 100 kB at the most: when there is more
to say, the turns of the ways are left out first, never the shelter.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape

import h3.api.basic_int as h3

from alerts.claim import HazardSnapshot
from alerts.fact import AGEING_AFTER, UNCONFIRMED_AFTER, freshness
from alerts.hazard import HazardKind
from alerts.notice import SAID_OVER, NoticeKind
from alerts.place import HAZARD_RESOLUTION, Cell, Cells, Shard
from alerts.shelter import OccupancyBand, ShelterState
from alerts.wording import JAPAN
from alerts.words import HAZARDS_JA
from api.drawing.faces import faces_of
from api.drawing.folded import folded
from api.drawing.frame import Frame
from api.drawing.ground import Ground, ground_of
from api.drawing.lines import NO_LINES, Lines, drawn_beneath
from api.drawing.look import APPEARANCES, look_of, word_of
from api.drawing.marks import SiteMark, marks
from api.drawing.picture import draw
from api.drawing.style import PAGE
from api.known.state import Said
from api.live.body import Content
from api.live.closures import closures_in
from api.live.dangers import newest
from api.live.facts import LiveFacts
from api.live.map_marks import SIGNS, road_marks
from api.live.shelters import Shown, shown_of
from api.live.silence import sources_said
from api.live.words import lapsed
from geo.cells import contains, expand, shard_of
from geo.chome import as_counted
from routing.go_up import row
from routing.plan import Advice, Answer, CellAdvice, EvacuationPlan, Side

# R13: over a bad line; what leaves is compressed to a fifth of it.
MOST_BYTES = 100_000
_MOST_SHELTERS = 60
_MOST_LINE_BYTES = 12_000
_TITLE = "この地域の危険、避難先、通れない道の地図"
# Turns of each way, and notices that are there in every language: less of both where the page would grow too large.
_FULL_TO_SHORT = ((3, 20), (1, 20), (1, 4), (0, 4), (0, 2), (0, 0))
_NOWHERE = "そのほかの場所"

_REPORT = '通れない道を知らせる <span lang="en">Report a blocked road</span>'

PlaceName = Callable[[Cell], str]

_STATES = {
    ShelterState.OPEN: "開設",
    ShelterState.FULL: "満員",
    ShelterState.CLOSED: "閉鎖",
    ShelterState.UNKNOWN: "開設は未確認",
}
_BANDS = {
    OccupancyBand.EMPTY: "空きあり",
    OccupancyBand.FILLING: "やや混雑",
    OccupancyBand.CROWDED: "混雑",
    OccupancyBand.FULL: "満員",
}
_FRESHNESS = {"fresh": "", "ageing": "・30分以上前の情報", "unconfirmed": "・未確認（60分以上前か、報告なし）"}
_SIDES = {Side.STRAIGHT: "まっすぐ", Side.LEFT: "左へ", Side.RIGHT: "右へ", Side.BACK: "引き返す"}
_NOT_AN_ALL_CLEAR = "これは解除の知らせではありません。危険を感じたら、知らせを待たずに行動してください。"


@dataclass(frozen=True, slots=True)
class _Place:
    """One named place: its cells and what is said to each."""

    name: str
    cells: tuple[Cell, ...]


class HerePages:
    """Writes the page of a shard; what never changes of a shard is made once."""

    def __init__(
        self,
        name_of: PlaceName,
        wards: Iterable[tuple[str, Cells]] = (),
        *,
        takes_reports: bool = False,
        lines: Lines = NO_LINES,
    ) -> None:
        self._lines = lines
        self._lines_of: dict[Shard, str] = {}
        self._takes_reports = takes_reports
        self._name_of = name_of
        self._wards = tuple(wards)
        self._grounds: dict[Shard, tuple[Frame, Ground]] = {}
        self._places: dict[Shard, tuple[_Place, ...]] = {}

    def page(
        self,
        shard: Shard,
        pieces: Iterable[tuple[Said, Cells]],
        held: HazardSnapshot | None,
        facts: LiveFacts,
        at: datetime,
    ) -> Content:
        """Return the page of *shard* at *at*."""
        told = tuple(pieces)
        sites = self._sites(facts, shard)
        closures = closures_in(facts, shard, at)
        plan = facts.plans.get(shard)
        edges = [said.notice.expires for said, _ in told if said.notice.expires > at]
        spoken = [one.said.fact_at for one in sites if one.said is not None]
        edges += [fact_at + after for fact_at in spoken for after in (AGEING_AFTER, UNCONFIRMED_AFTER)]
        facts_at = newest(
            (
                closures.facts_at,
                plan.facts_at if plan else None,
                *(said.notice.received for said, _ in told),
                *spoken,
            )
        )
        frame, ground = self._ground(shard)
        above = marks(frame, _site_marks(sites), road_marks(closures))
        found = faces_of(held) if held else ()
        picture = draw(frame, found, ground, (), _TITLE, beneath=self._beneath(shard), above=above)
        plain = draw(frame, found, ground, (), _TITLE, above=above)
        bare = draw(frame, found, ground, (), _TITLE, above=above, grained=False)
        maps = {0: picture + SIGNS, len(_FULL_TO_SHORT) - 1: bare}
        rest = _shelters(sites, at) + _closures(closures, f"{shard:x}" if self._takes_reports else "")
        page = ""
        for number, (turns, in_all_languages) in enumerate(_FULL_TO_SHORT):
            # What lies beneath is to find one's way by: the first that goes where there is much to say.
            drawn = f'<section class="place"><h2>地図</h2>{maps.get(number, plain + SIGNS)}</section>'
            places = self._listed(shard, told, plan, turns, facts.plans_at)
            top = _silent(facts, at) + _top(told, at, in_all_languages) + drawn
            page = _document(shard, facts_at, top + places + rest)
            if len(page.encode()) <= MOST_BYTES:
                break
        return Content(
            page, facts_at, min((edge for edge in (*edges, closures.edge) if edge and edge > at), default=None)
        )

    def names_in(self, shard: Shard) -> tuple[str, ...]:
        """Return the names of the places of *shard*."""
        return tuple(place.name for place in self._places_of(shard) if place.name != _NOWHERE)

    def by_ward(self, shards: Collection[Shard]) -> Mapping[str, tuple[tuple[str, Shard], ...]]:
        """Return the names of the places of each ward with their shards, as far as *shards* cover it."""
        found: dict[str, tuple[tuple[str, Shard], ...]] = {}
        for ward, cells in self._wards:
            places = {(self._name_of(Cell(cell)) or ward, shard_of(Cell(cell))) for cell in expand(cells)}
            here = (place for place in places if place[1] in shards)
            listed = tuple(sorted(here, key=lambda place: (as_counted(place[0]), place[1])))
            if listed:
                found[ward] = listed
        return found

    def _listed(
        self,
        shard: Shard,
        told: tuple[tuple[Said, Cells], ...],
        plan: EvacuationPlan | None,
        turns: int,
        plans_at: datetime | None,
    ) -> str:
        advice = {} if plan is None else {entry.cell: entry for entry in plan.cells}
        articles = []
        for place in self._places_of(shard):
            lines = {cell: (_notice_line(told, cell), _way_lines(advice.get(cell), turns)) for cell in place.cells}
            head, *others = {line for line, _ in lines.values()}
            said: dict[str, list[Cell]] = {}
            for cell, (line, way) in lines.items():
                said.setdefault(f"{line} {way}" if others else way, []).append(cell)
            body = "" if others or not head else f"<p>{head}</p>"
            for line, (first, *more) in said.items():
                body += f'<p id="{first:x}">{"".join(f"""<i id="{cell:x}"></i>""" for cell in more)}{line}</p>'
            anchor = escape(anchor_of(place.name), quote=True)
            articles.append(f'<li id="{anchor}"><h3>{escape(place.name)}</h3>{body}</li>')
        # The list itself is the choice when there is no room for both.
        links = "".join(
            f'<a href="#{escape(anchor_of(place.name), quote=True)}">{escape(place.name)}</a> '
            for place in (self._places_of(shard) if turns else ())
        )
        choice = f"<section><h2>場所をえらぶ</h2><nav>{links}</nav></section>" if links else ""
        return (
            f"{choice}<section><h2>場所ごと</h2>"
            "<p><small>何も書かれていない場所も、安全という意味ではありません。</small></p>"
            f'{_ways_as_of(plan, plans_at)}<ul class="notices">{"".join(articles)}</ul></section>'
        )

    def _beneath(self, shard: Shard) -> str:
        if shard not in self._lines_of:
            self._lines_of[shard] = drawn_beneath(self._ground(shard)[0], self._lines, _MOST_LINE_BYTES)
        return self._lines_of[shard]

    def _places_of(self, shard: Shard) -> tuple[_Place, ...]:
        if shard not in self._places:
            named: dict[str, list[Cell]] = {}
            for cell in sorted(h3.cell_to_children(shard, HAZARD_RESOLUTION)):
                named.setdefault(self._name_of(Cell(cell)) or _NOWHERE, []).append(Cell(cell))
            listed = sorted(named, key=lambda name: (name == _NOWHERE, as_counted(name)))
            self._places[shard] = tuple(_Place(name, tuple(named[name])) for name in listed)
        return self._places[shard]

    def _ground(self, shard: Shard) -> tuple[Frame, Ground]:
        if shard not in self._grounds:
            border = h3.cell_to_boundary(shard)
            lats, lngs = [lat for lat, _ in border], [lng for _, lng in border]
            frame = Frame("here", "この地域", min(lngs), min(lats), max(lngs), max(lats))
            self._grounds[shard] = frame, ground_of(frame, self._wards)
        return self._grounds[shard]

    @staticmethod
    def _sites(facts: LiveFacts, shard: Shard) -> tuple[Shown, ...]:
        found = (
            shown_of(facts.sites.get(name), facts.shelters.get(name, {}).values())
            for name, where in sorted(facts.site_shards.items())
            if where == shard
        )
        return tuple(one for one in found if one is not None)


def anchor_of(name: str) -> str:
    """Return the anchor of the place *name* on its shard's page."""
    # An id has no spaces; a link to it is written by whoever prints the QR, from the name itself.
    return "".join(name.split())


def _clock(at: datetime) -> str:
    local = at.astimezone(JAPAN)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def _chip(said: Said) -> str:
    look = look_of(said.part.level, said.part.severity)
    mark = f"<b>{APPEARANCES[look].mark}</b>" if look.value.startswith("l") else ""
    return f'<span class="chip {look.value}">{mark}{word_of(said.notice, said.part)}</span>'


def _top(told: tuple[tuple[Said, Cells], ...], at: datetime, in_all_languages: int) -> str:
    items: list[str] = []
    listed_before: set[tuple[object, ...]] = set()
    for said, _ in told:
        notice, part = said.notice, said.part
        if part.phase in SAID_OVER or notice.kind is NoticeKind.GO_THERE:
            continue
        # At the edge of its area an order says so, in words of its own; the same order is not listed twice for it.
        alike = (notice.lineage, notice.revision, part.phase, part.level, part.severity, part.hazards, part.area_names)
        if alike in listed_before and notice.kind is not NoticeKind.HOW_IT_IS_GOING:
            continue
        listed_before.add(alike)
        texts = {text.language: text for text in part.texts}
        ja, en = texts.get("ja"), texts.get("en")
        late = lapsed(notice.expires) if notice.expires <= at else {}
        items.append(
            f'<li><div class="head">{_chip(said)}'
            f"<h3>{escape(ja.title) if ja else ''}</h3></div><p>{escape(ja.body) if ja else ''}</p>"
            + (f'<p><span class="lapsed">{late["ja"]} <span lang="en">{late["en"]}</span></span></p>' if late else "")
            + (f'<p lang="en"><small>{escape(en.title)} {escape(en.body)}</small></p>' if en else "")
            + (folded(part.texts, ("ja", "en")) if len(items) < in_all_languages else "")
            + f"<small>{escape(notice.issuer)} {_clock(notice.sent)} 発表</small></li>"
        )
    listed = (
        f'<ul class="notices">{"".join(items)}</ul>'
        if items
        else f"<p>出ている知らせはありません。{_NOT_AN_ALL_CLEAR}</p>"
    )
    return f"<section><h2>この地域に出ている知らせ</h2>{listed}</section>"


def _silent(facts: LiveFacts, at: datetime) -> str:
    """Return a line for each source that has gone silent: without it silence would read as calm (R10)."""
    said, _ = sources_said(facts.sources.values(), at)
    return "".join(
        f'<p class="alarm" role="alert">{escape(one["texts"]["ja"])}'
        f' <span lang="en">{escape(one["texts"]["en"])}</span></p>'
        for one in said
        if one["silent"]
    )


def _notice_line(told: tuple[tuple[Said, Cells], ...], cell: Cell) -> str:
    """Return the worst that holds in *cell*: its mark and its danger; the words stand at the top."""
    for said, cells in told:
        part = said.part
        if part.phase not in SAID_OVER and said.notice.kind is not NoticeKind.GO_THERE and contains(cells, cell):
            kinds = "・".join(HAZARDS_JA[hazard] for hazard in part.hazards[:2])
            return f"{_chip(said)} {escape(kinds)}"
    return ""


def _ways_as_of(plan: EvacuationPlan | None, plans_at: datetime | None) -> str:
    """Return up to when the planner had heard of closed roads; a plan that did not change is no older than that."""
    if plan is None or not plan.cells:
        return ""
    return f"<p>避難の道は{_clock(plans_at or plan.facts_at)}現在の道路情報によります。</p>"


def _way_lines(entry: CellAdvice | None, turns: int) -> str:
    """Return the way of everybody and, where it is another, the step-free one."""
    if entry is None or not entry.parts:
        return ""
    general, step_free = entry.parts[0].general, entry.parts[0].step_free
    free = "" if step_free == general else f"<br>段差を避ける人：{_way(step_free, 0)}"
    return f"<b>{_way(general, turns)}</b>{free}"


def _way(answer: Answer, turns: int) -> str:
    route = answer.route
    if route is not None:
        text = (
            f"{route.shelter_name}へ徒歩約{-(-route.walk_seconds // 60)}分（ゆっくり{-(-route.slow_seconds // 60)}分）"
        )
        for turn in route.turns[:turns]:
            street, where = turn.street, f"{turn.at}で" if turn.at else ""
            text += f"・{street}{turn.metres}m{where}{_SIDES[turn.side]}"
        return escape(text)
    if answer.advice is Advice.GO_UP and answer.action:
        return escape(row(answer.action, refuge=answer.refuge).ja)
    if answer.advice is Advice.LEAVE_EARLY:
        by = f"{answer.leave_by.astimezone(JAPAN):%H:%M}までに" if answer.leave_by else "早めに"
        return escape(f"{by}区域の外へ避難（{answer.refuge}など）" if answer.refuge else f"{by}区域の外へ避難")
    if answer.advice is Advice.GO_UP:
        return "歩いて避難せず高い階へ"
    return "今いる建物にとどまる"


def _shelters(sites: tuple[Shown, ...], at: datetime) -> str:
    rows = []
    for one in sites[:_MOST_SHELTERS]:
        age = "unconfirmed" if one.said is None else freshness(one.said, at=at).value
        state = _STATES[one.state] + (f"・{_BANDS[one.band]}" if one.band is not None else "")
        since = f"（{_clock(one.said.fact_at)}）" if one.said is not None else ""
        kinds = "・".join(HAZARDS_JA[kind] for kind in sorted(one.site.fit_for, key=list(HazardKind).index))
        free = "・段差なし" if one.site.step_free else ""
        rows.append(
            f"<li><b>{escape(one.site.name)}</b> {state}{since}{_FRESHNESS[age]}{free}"
            f"<br><small>対応する災害：{kinds or '不明'}</small></li>"
        )
    more = f"<p>ほか{len(sites) - _MOST_SHELTERS}か所</p>" if len(sites) > _MOST_SHELTERS else ""
    return f'<section><h2>避難所（{len(sites)}か所）</h2><ul class="notices">{"".join(rows)}</ul>{more}</section>'


def _closures(content: Content, reported_from: str) -> str:
    assert not isinstance(content.said, str)
    rows = []
    for feature in content.said["features"]:
        known: Mapping[str, object] = feature["properties"]
        status = "通行止め" if known["status"] == "confirmed" else f"未確認の報告（{known['count']}件）"
        fact_at = known["fact_at"]
        when = _clock(fact_at) if isinstance(fact_at, datetime) else ""
        rows.append(f"<li>{status} {escape(str(known['name']) or '道路')} {when}</li>")
    listed = "".join(rows[:_MOST_SHELTERS]) or "<li>届いている情報はありません。通れるという意味ではありません。</li>"
    told = f'<p><a href="/reports/form/{reported_from}">{_REPORT}</a></p>' if reported_from else ""
    return f'<section><h2>通れない道</h2><ul class="notices">{listed}</ul>{told}</section>'


def _site_marks(sites: Iterable[Shown]) -> Iterable[SiteMark]:
    return (SiteMark(one.site.point, one.state) for one in sites)


def _document(shard: Shard, facts_at: datetime | None, body: str) -> str:
    known = f"最新の情報 {_clock(facts_at)}" if facts_at is not None else "情報はまだありません"
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:,"><title>ここ、いま - 知らせ</title><style>{PAGE}</style></head><body>'
        f'<header><h1>ここ、いま <span lang="en">Here, now</span></h1><span class="soft">{known}<!--checked--></span>'
        f'<a class="signup" href="/here/{shard:x}">読み直す <span lang="en">Reload</span></a></header>'
        f'<main>{body}</main><footer class="soft">色のない場所が安全という意味ではありません。{_NOT_AN_ALL_CLEAR}'
        '<br><span lang="en">No colour does not mean safe. Follow your ward’s evacuation orders.</span>'
        '<br><a href="/">東京の地図 <span lang="en">Map of Tokyo</span></a></footer></body></html>'
    )
