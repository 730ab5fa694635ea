"""What residents read of a municipality's order to leave, and of its end.

Apart from the words of warnings, because these are the only ones that tell people to go: no text about a
warning may, and no text about an order may leave it open. The limits are those of `alerts.wording`.
"""

from collections.abc import Callable, Iterable, Mapping

from alerts.foremost import foremost_en, foremost_ja
from alerts.languages.known import words_of
from alerts.languages.order import write_order
from alerts.languages.readings import in_latin
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.wording import EDGE_JA, MAX_TEXT_BYTES, PartFacts, clock, names_of, shown_name
from alerts.words import HAZARDS_EN, HAZARDS_JA

# The three orders since 2021 (災害対策基本法 56, 60); each is one level.
ORDER_NAMES_JA: Mapping[Level, str] = {
    Level.ELDERLY_LEAVE: "高齢者等避難",
    Level.ALL_LEAVE: "避難指示",
    Level.SECURE_LIFE: "緊急安全確保",
}
ORDER_NAMES_EN: Mapping[Level, str] = {
    Level.ELDERLY_LEAVE: "elderly evacuate",
    Level.ALL_LEAVE: "evacuation order",
    Level.SECURE_LIFE: "secure your life",
}
# Names, not calls: "secure your life" in a title or within a sentence is an order to whoever reads it.
ORDER_NOUNS_EN: Mapping[Level, str] = {
    Level.ELDERLY_LEAVE: "evacuation of the elderly",
    Level.ALL_LEAVE: "evacuation order",
    Level.SECURE_LIFE: "highest emergency order",
}
_MOST_AREAS = 3

Write = Callable[[PartFacts, Level, tuple[str, ...]], Text]
"""From facts, a level and the areas that are shown to a text in one language."""

ACTIONS_JA: Mapping[Level, str] = {
    Level.ELDERLY_LEAVE: "高齢者など時間のかかる人は避難",
    Level.ALL_LEAVE: "危険な場所から全員避難",
    Level.SECURE_LIFE: "命の危険。直ちに安全を確保",
}
MORE_JA: Mapping[Level, str] = {
    Level.ELDERLY_LEAVE: "ほかの人も、ふだんの行動を控えて避難の準備を。",
    Level.ALL_LEAVE: "外へ出る方が危険なときは、建物の高い階や崖から離れた部屋へ。",
    Level.SECURE_LIFE: "移動が危険なら、いまいる建物の少しでも安全な所へ。",
}
ACTIONS_EN: Mapping[Level, str] = {
    Level.ELDERLY_LEAVE: "Elderly: leave now",
    Level.ALL_LEAVE: "Leave dangerous places",
    Level.SECURE_LIFE: "Protect your life now",
}
MORE_EN: Mapping[Level, str] = {
    Level.ELDERLY_LEAVE: "Everyone who needs time leaves now; others get ready.",
    Level.ALL_LEAVE: "Where it is more dangerous outside, go to an upper floor, away from slopes.",
    Level.SECURE_LIFE: "If moving is dangerous, go to the safest place in your building.",
}
_ENDS_JA = {Phase.LIFTED: "解除", Phase.CANCELLED: "取消"}
_ENDS_EN = {Phase.LIFTED: "lifted", Phase.CANCELLED: "cancelled"}
_PHASES_JA = {
    Phase.RAISED: "へ引上げ",
    Phase.LOWERED: "へ引下げ",
    Phase.CHANGED: "の変更",
    Phase.LIFTED: "の解除",
    Phase.CANCELLED: "の取消",
    Phase.CORRECTED: "の訂正",
}


def is_order(events: Iterable[str]) -> bool:
    """Say whether what people are told of is an order to leave."""
    return not set(ORDER_NAMES_JA.values()).isdisjoint(events)


def reads_as_order(text: Text) -> bool:
    """Say whether *text* is one that `compose_order` wrote: what went out keeps its words and not its events."""
    return any(name in text.title for name in ORDER_NAMES_JA.values())


def says_order(notice: Notice, part: NoticePart) -> bool:
    """Say whether the level of *part* is that of an order, its end included, and not of a warning: kind 3 always is."""
    return notice.kind is NoticeKind.GO_THERE or any(map(reads_as_order, part.texts))


def order_name(level: Level | None, language: str = "ja") -> str:
    """Return what an order of *level* is called; without a level of its own it is the one that tells all to leave."""
    words = words_of(language)
    names = words.names.orders if words else ORDER_NAMES_JA if language.partition("-")[0] == "ja" else ORDER_NOUNS_EN
    return names[Level.ALL_LEAVE if level is None or level not in names else level]


def orders_to_leave(notice: Notice) -> bool:
    """Say whether *notice* tells people to leave, as a municipality does; the end of an order does not."""
    begins = (part for part in notice.parts if part.recipients is Recipients.CELLS)
    return any(reads_as_order(text) for part in begins for text in part.texts)


def compose_order(facts: PartFacts, language: str) -> Text:
    """Return title and body of an order in *language*; one that is not known reads English.

    Level, place, action and time stand in the title and the first forty characters; the end of an order never reads as
    safety.
    """
    words = words_of(language)
    japanese = language.partition("-")[0].lower() == "ja"
    write: Write = _japanese if japanese else _english
    return fitting(write, facts) if words is None else write_order(words, facts, level_of_order(facts))


def level_of_order(facts: PartFacts) -> Level:
    """Return the level that an order is spoken of with: one that has no name among orders reads as level 4."""
    return Level.ALL_LEAVE if facts.level is None or facts.level not in ORDER_NAMES_JA else facts.level


def fitting(write: Write, facts: PartFacts) -> Text:
    """Return what *write* says of an order with as many areas as fit into a push."""
    level, areas = level_of_order(facts), names_of(facts.area_names)
    text = write(facts, level, areas)
    for shown in range(_MOST_AREAS - 1, -1, -1):
        if len((text.title + text.body).encode()) <= MAX_TEXT_BYTES:
            break
        text = write(facts, level, areas[:shown])
    return text


def place_in(areas: tuple[str, ...], language: str) -> str:
    """Return the first of *areas* and how many more there are, in Japanese or in English."""
    more = len(areas) - _MOST_AREAS
    if language == "ja":
        return "、".join(areas[:_MOST_AREAS]) + (f"ほか{more}か所" if more > 0 else "") if areas else "対象の地域"
    named = ", ".join(map(in_latin, areas[:_MOST_AREAS]))
    return named + (f" and {more} more" if more > 0 else "") if areas else "the area"


def _japanese(facts: PartFacts, level: Level, areas: tuple[str, ...]) -> Text:
    name = ORDER_NAMES_JA[level]
    hazard = HAZARDS_JA[facts.hazards[0]] if facts.hazards else "災害"
    place = place_in(areas, "ja")
    issuer, near = shown_name(facts.issuer) or "市区町村", foremost_ja(facts.area_names, facts.issuer)
    title = f"レベル{level.value} {name}{_PHASES_JA.get(facts.phase, '')}"
    ended = _ENDS_JA.get(facts.phase)
    if ended:
        body = f"レベル{level.value} {name}は{clock(facts.sent)}{ended}{near}。周囲の危険に引き続き注意。"
        body += f"{issuer}が{place}の{name}（{hazard}）を{'取り消し' if ended == '取消' else '解除し'}ました。"
        return Text("ja", title, body + "危険がなくなったという知らせではありません。")
    edge = EDGE_JA if facts.partial else ""
    body = f"レベル{level.value} {ACTIONS_JA[level]}。{clock(facts.sent)}{near}。{MORE_JA[level]}"
    body += f"{issuer}が{place}に{name}（{hazard}）を出しました。{edge}解除の知らせがあるまで続きます。"
    return Text("ja", title, body)


def _english(facts: PartFacts, level: Level, areas: tuple[str, ...]) -> Text:
    name = ORDER_NAMES_EN[level]
    hazard = HAZARDS_EN[facts.hazards[0]] if facts.hazards else "danger"
    place = place_in(areas, "en")
    issuer = in_latin(shown_name(facts.issuer)) or "The municipality"
    near = foremost_en(facts.area_names, facts.issuer)
    ended = _ENDS_EN.get(facts.phase)
    if ended:
        body = f"{near} {clock(facts.sent)}: {ended}. Stay alert. {issuer}: {name} ({hazard}) for {place}"
        body += f" is {ended}. This does not say that the danger is gone."
        return Text("en", f"{ended.capitalize()}: level {level.value} {name}", body)
    edge = " Your place is near the edge of that area." if facts.partial else ""
    body = f"{near} {clock(facts.sent)}: {ACTIONS_EN[level]}. {MORE_EN[level]} {issuer}: {name}"
    body += f" ({hazard}) for {place}.{edge} It holds until you are told that it is lifted."
    return Text("en", f"Level {level.value}: {name}", body)
