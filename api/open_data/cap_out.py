"""A notice as a CAP 1.2 alert, restated whole: what holds in its lineage after it, and what it ends.

CAP's Update replaces what it references, while a notice says only what changed; so each message carries all
that holds. Languages are separate infos. Urgency and certainty are Unknown: a notice does not state them, and
a guess would be read as a fact. A message's time ends the message, never the order (R10), and says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from alerts.alert import Alert, AlertInfo, Area, Geocode, Reference
from alerts.cap import Certainty, MsgType, ResponseType, Scope, Urgency
from alerts.hazard import HazardKind, category_of
from alerts.languages.known import LANGUAGES, words_of
from alerts.level import Level
from alerts.notice import SAID_OVER, NoticeKind, Phase, Text
from alerts.order_words import order_name, says_order
from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION, Cells, Ring
from alerts.wording import JAPAN
from alerts.words import HAZARDS_EN, HAZARDS_JA
from api.known.entries import Entry, action_of, entries
from api.known.state import Said
from api.open_data.book import Published
from feeds.cap_write import time_text
from feeds.outgoing.notice_cap import status_of
from geo.cells import compact, count, parent_of, union
from geo.outline import rings_of

# The OASIS tags of our languages.
_TAGS = {"ja": "ja-JP"}
# More cells than this are drawn coarser: a country in hexagons of 200 m is megabytes of corners.
_MOST_CELLS = 3_000
# Readers take so many earlier messages; who missed all of these reads the whole in this one.
_MOST_REFERENCES = 20
_MOST_HEADLINE = 160
# Names of hundreds of areas are no description; the polygons say the rest.
_MOST_NAMES = 40

_NOTE = "Expiry of this message is not an all-clear: an order stays in force until it is lifted."
_WAY_WORDS = {
    "ja": ("避難の道順を案内中", "{order}の区域です。場所ごとの避難先と道順はページで確認してください。"),
    "en": ("Ways to shelters are given", "In force here: {order}. Which shelter and which way: see the page."),
    "ja-Hira": ("にげる みちを しらせて います", "「{order}」が でて います。どこへ にげるか、ページを みて。"),
    "zh-Hans": ("正在提供避难路线", "该区域已发布{order}。各地点的避难所和路线请查看页面。"),
    "ko": ("피난 경로 안내 중", "발령 중: {order}. 장소별 피난처와 길은 페이지에서 확인하세요."),
}  # fmt: skip


def alert_of(published: Published, *, sender: str, site_url: str) -> Alert:
    """Return the CAP alert of *published*, under the name *sender*."""
    notice = published.notice
    kind = _type_of(published)
    said = (*published.holds, *published.ends)
    return Alert(
        identifier=published.name,
        sender=sender,
        sent=_sent(published),
        status=status_of(notice.lane),
        msg_type=kind,
        scope=Scope.PUBLIC,
        source=clean(notice.issuer),
        note="訓練 DRILL. This is an exercise." if published.drill else _NOTE,
        references=tuple(
            Reference(sender, one.name, time_text(_sent(one))) for one in published.before[-_MOST_REFERENCES:]
        ),
        infos=tuple(_infos(said, f"{site_url.rstrip('/')}/n/{published.name.rpartition('-')[0]}")),
    )


def clean(text: str) -> str:
    """Return *text* without what XML cannot hold and what could turn a line around."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def _type_of(published: Published) -> MsgType:
    if not published.before:
        return MsgType.ALERT
    ended = {said.part.phase for said in published.ends}
    withdrawn = not published.holds and ended == {Phase.CANCELLED}
    return MsgType.CANCEL if withdrawn else MsgType.UPDATE


def _sent(published: Published) -> datetime:
    # When it was let go: what the issuer sent is older, and two revisions may share its time.
    return published.notice.approved_at.astimezone(JAPAN).replace(microsecond=0)


def _infos(said: tuple[Said, ...], web: str) -> Iterator[AlertInfo]:
    for group in entries(said):
        cells = union(*(one.part.cells for one in said if _belongs(one, group)))
        areas = _areas(group.area_names, cells)
        for language in LANGUAGES:
            text = group.text(language)
            if text is not None and areas:
                yield _info(group, text, language, areas, web)
    ways: dict[tuple[bool, Level | None], list[Said]] = defaultdict(list)
    for one in said:
        if one.notice.kind is NoticeKind.GO_THERE:
            ways[one.part.phase in SAID_OVER, one.part.level].append(one)
    for (over, _), group_of_ways in ways.items():
        cells = union(*(one.part.cells for one in group_of_ways))
        names = tuple(dict.fromkeys(name for one in group_of_ways for name in one.part.area_names))
        for language in LANGUAGES:
            yield _way_info(group_of_ways[0], language, _areas(names, cells), web, over=over)


def _belongs(said: Said, group: Entry) -> bool:
    part, other = said.part, group.part
    same = (part.phase, part.level, part.severity, part.hazards) == (
        other.phase,
        other.level,
        other.severity,
        other.hazards,
    )
    return same and said.notice.revision == group.notice.revision and said.notice.kind is not NoticeKind.GO_THERE


def _info(entry: Entry, text: Text, language: str, areas: tuple[Area, ...], web: str) -> AlertInfo:
    notice, part = entry.notice, entry.part
    hazard = part.hazards[0] if part.hazards else HazardKind.OTHER
    return AlertInfo(
        event=_event(hazard, language),
        hazard=hazard,
        urgency=Urgency.UNKNOWN,
        severity=part.severity,
        certainty=Certainty.UNKNOWN,
        categories=tuple(dict.fromkeys(category_of(one) for one in part.hazards)) or (category_of(hazard),),
        language=_TAGS.get(language, language),
        level=part.level,
        response_types=_responses(part.phase, part.level, order=says_order(notice, part)),
        effective=notice.sent,
        expires=_expires(notice.sent, notice.expires),
        sender_name=clean(notice.issuer),
        headline=text.title[:_MOST_HEADLINE],
        description=text.body,
        instruction=action_of(entry) if language == "ja" else text.body,
        web=web,
        parameters=_parameters(notice.kind, part.phase),
        areas=areas,
    )


def _way_info(said: Said, language: str, areas: tuple[Area, ...], web: str, *, over: bool) -> AlertInfo:
    notice, part = said.notice, said.part
    hazard = part.hazards[0] if part.hazards else HazardKind.OTHER
    headline, body = _WAY_WORDS[language]
    return AlertInfo(
        event=_event(hazard, language),
        hazard=hazard,
        urgency=Urgency.UNKNOWN,
        severity=part.severity,
        certainty=Certainty.UNKNOWN,
        categories=(category_of(hazard),),
        language=_TAGS.get(language, language),
        level=part.level,
        response_types=() if over else (ResponseType.EVACUATE,),
        effective=notice.sent,
        expires=_expires(notice.sent, notice.expires),
        sender_name=clean(notice.issuer),
        headline=headline,
        description=body.format(order=order_name(part.level, language)),
        web=web,
        parameters=_parameters(notice.kind, part.phase),
        areas=areas,
    )


def _event(hazard: HazardKind, language: str) -> str:
    words = words_of(language)
    return (words.names.hazards if words is not None else HAZARDS_JA if language == "ja" else HAZARDS_EN)[hazard]


def _responses(phase: Phase, level: Level | None, *, order: bool) -> tuple[ResponseType, ...]:
    """Return what is asked of people; only an order asks to leave, whatever the level of a warning is."""
    if phase is Phase.LIFTED:
        return (ResponseType.ALL_CLEAR,)
    if phase in SAID_OVER or level is None:
        return ()  # eased or withdrawn: another danger may hold, so it is no all-clear
    if level >= Level.SECURE_LIFE:
        return (ResponseType.SHELTER,)
    return (ResponseType.EVACUATE,) if order and level >= Level.ELDERLY_LEAVE else (ResponseType.PREPARE,)


def _expires(sent: datetime, expires: datetime) -> datetime | None:
    return expires if expires > sent else None


def _parameters(kind: NoticeKind, phase: Phase) -> tuple[Geocode, ...]:
    return Geocode("shirase.kind", str(int(kind))), Geocode("shirase.phase", phase.value)


def _areas(names: Iterable[str], cells: Cells) -> tuple[Area, ...]:
    rings = _rings(cells)
    if not rings:
        return ()
    known = tuple(filter(None, map(clean, names)))
    more = f" (+{len(known) - _MOST_NAMES})" if len(known) > _MOST_NAMES else ""
    return (Area("、".join(known[:_MOST_NAMES]) + more or "対象の区域", polygons=rings),)


def _rings(cells: Cells) -> tuple[Ring, ...]:
    """Return rings around *cells*: never too small, and the coarser the larger the area is."""
    resolution = HAZARD_RESOLUTION
    total = count(cells)
    while resolution > SHARD_RESOLUTION and total / 7 ** (HAZARD_RESOLUTION - resolution) > _MOST_CELLS:
        resolution -= 1
    if resolution < HAZARD_RESOLUTION:
        cells = compact({parent_of(cell, resolution) for cell in cells})
    return rings_of(cells, resolution)
