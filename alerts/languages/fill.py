"""Fill the blanks of a language's sentences: with names, times and numbers, and within the limits of a push."""

from collections.abc import Callable, Iterable
from datetime import datetime

from alerts.foremost import foremost
from alerts.languages.table import Names, Words
from alerts.level import Level
from alerts.notice import Text
from alerts.wording import JAPAN, MAX_TEXT_BYTES, MAX_TITLE_WIDTH, clock, names_of, shown_name, width

_MOST_AREAS = 3


def title_of(templates: Iterable[str], **blanks: object) -> str:
    """Return the first of *templates* that fits into a title when it is filled; the last one cut where none does."""
    title = ""
    for template in templates:
        title = template.format(**blanks).strip()
        if width(title) <= MAX_TITLE_WIDTH:
            return title
    while width(title) > MAX_TITLE_WIDTH:
        title = title[:-1]
    return title


def body_of(names: Names, sentences: Iterable[str]) -> str:
    """Return *sentences*, without those that say nothing, as one text."""
    return names.gap.join(sentence for sentence in sentences if sentence)


def near_of(names: Names, area_names: Iterable[str], issuer: str = "") -> str:
    """Return what names the areas within the first forty characters, as readers of the language read it."""
    found = foremost(area_names, issuer)
    if found is None:
        return names.no_area
    name = names.shown(found.name)
    if found.inside:
        return names.inside.format(ward=name, count=found.others)
    return names.areas.format(areas=name, more=found.others) if found.others else name


def listed_of(names: Names, area_names: Iterable[str], shown: int) -> str:
    """Return the sentence of the first *shown* areas; "" where the first forty characters named the only one whole."""
    areas = names_of(area_names)
    if not shown or not areas or (len(areas) == 1 and near_of(names, areas) == names.shown(areas[0])):
        return ""
    listed = names.comma.join(map(names.shown, areas[:shown]))
    more = len(areas) - shown
    return names.all_areas.format(areas=names.areas.format(areas=listed, more=more) if more > 0 else listed)


def issuer_of(names: Names, issuer: str, unnamed: str) -> str:
    """Return who speaks, or *unnamed*."""
    known = shown_name(issuer)
    return names.shown(known) if known else unnamed


def level_of(names: Names, level: Level | None) -> str:
    """Return the level in words, empty without one."""
    return "" if level is None else names.level.format(level=level.value)


def day_of(with_day: str, at: datetime, now: datetime) -> str:
    """Return the time of *at*, by the template *with_day* where its day is another than that of *now*."""
    local = at.astimezone(JAPAN)
    if local.date() == now.astimezone(JAPAN).date():
        return clock(at)
    return with_day.format(month=local.month, day=local.day, time=clock(at))


def within(words: Words, write: Callable[[int], tuple[str, str]]) -> Text:
    """Return what *write* says with as many areas as fit into a push."""
    title, body = write(_MOST_AREAS)
    for shown in range(_MOST_AREAS - 1, -1, -1):
        if len((title + body).encode()) <= MAX_TEXT_BYTES:
            break
        title, body = write(shown)
    return Text(words.language, title, body)
