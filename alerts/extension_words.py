"""What residents read when an order is given a later end: that it goes on, what to do, and until when for now.

It never reads as if the order ended at that time by itself (R10). Level, action and time come first (R15).
"""

from alerts.foremost import foremost_en, foremost_ja
from alerts.languages.known import words_of
from alerts.languages.order import write_extension
from alerts.languages.readings import in_latin
from alerts.level import Level
from alerts.notice import Notice, Text
from alerts.order_words import (
    ACTIONS_EN,
    ACTIONS_JA,
    MORE_EN,
    MORE_JA,
    ORDER_NAMES_EN,
    ORDER_NAMES_JA,
    Write,
    fitting,
    level_of_order,
    place_in,
)
from alerts.wording import JAPAN, PartFacts, clock, shown_name
from alerts.words import HAZARDS_EN, HAZARDS_JA

_GOES_ON = "は続いています"


def compose_extension(facts: PartFacts, language: str) -> Text:
    """Return title and body in *language*; one that is not known reads English. `facts.expires` is the new end."""
    words = words_of(language)
    japanese = language.partition("-")[0].lower() == "ja"
    write: Write = _japanese if japanese else _english
    return fitting(write, facts) if words is None else write_extension(words, facts, level_of_order(facts))


def extends_order(notice: Notice) -> bool:
    """Say whether *notice* gives an order a later end: what went out keeps its words and not their reason."""
    titles = {f"{name}{_GOES_ON}" for name in ORDER_NAMES_JA.values()}
    return any(title in text.title for part in notice.parts for text in part.texts for title in titles)


def _japanese(facts: PartFacts, level: Level, areas: tuple[str, ...]) -> Text:
    name, hazard = ORDER_NAMES_JA[level], HAZARDS_JA[facts.hazards[0]] if facts.hazards else "災害"
    issuer, near = shown_name(facts.issuer) or "市区町村", foremost_ja(facts.area_names, facts.issuer)
    until = _until(facts, "{0.day}日{0:%H:%M}")
    # A time with its day before a place that may be long: the whole of it is within the first forty characters (R15).
    goes_on = f"{near.strip()}で続いています" if near else "続いています"
    body = f"レベル{level.value} {ACTIONS_JA[level]}。{until}まで延長。{goes_on}。{MORE_JA[level]}"
    body += f"{issuer}が{place_in(areas, 'ja')}に出した{name}（{hazard}）です。解除の知らせがあるまで続きます。"
    return Text("ja", f"レベル{level.value} {name}{_GOES_ON}", body)


def _english(facts: PartFacts, level: Level, areas: tuple[str, ...]) -> Text:
    name, hazard = ORDER_NAMES_EN[level], HAZARDS_EN[facts.hazards[0]] if facts.hazards else "danger"
    issuer = in_latin(shown_name(facts.issuer)) or "The municipality"
    near, until = foremost_en(facts.area_names, facts.issuer), _until(facts, "{0:%H:%M} {1}")
    body = f"{near} to {until}: {ACTIONS_EN[level]}. Extended. {MORE_EN[level]} {issuer}: {name} ({hazard})"
    body += f" for {place_in(areas, 'en')} is still in force. It holds until you are told that it is lifted."
    return Text("en", f"Still in force: level {level.value} {name}", body)


def _until(facts: PartFacts, with_day: str) -> str:
    """Return the new end, *with_day* where that is another than today: never more than three days off."""
    end = facts.expires.astimezone(JAPAN)
    same = end.date() == facts.sent.astimezone(JAPAN).date()
    return clock(end) if same else with_day.format(end, _ordinal(end.day))


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"
