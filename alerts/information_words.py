"""What is read about somebody else's place: what was said there, and never what to do (R5).

A parent at work must not be told to leave on foot because a school is: the words name who said what of which area, and
whom it is for. Built from codes and names like every other text; level, place and time stand in the first forty
characters.
"""

from collections.abc import Mapping

from alerts.foremost import foremost_en, foremost_ja
from alerts.help_words import help_of, names_help, with_help
from alerts.languages.information import write_information
from alerts.languages.known import words_of
from alerts.languages.readings import in_latin
from alerts.level import LEVEL_NAMES_JA
from alerts.notice import ENDS, SAID_OVER, Notice, NoticeKind, NoticePart, Phase, Text
from alerts.order_words import ORDER_NAMES_JA, ORDER_NOUNS_EN, says_order
from alerts.wording import clock, shown_name
from alerts.words import HAZARDS_EN, HAZARDS_JA

_MOST_AREAS = 3
_PHASES_JA: Mapping[Phase, str] = {
    Phase.LIFTED: "解除", Phase.CANCELLED: "取消", Phase.EASED: "解除", Phase.CORRECTED: "訂正", Phase.CHANGED: "変更",
    Phase.RAISED: "引上げ", Phase.LOWERED: "引下げ",
}  # fmt: skip
_PHASES_EN: Mapping[Phase, str] = {
    Phase.LIFTED: "lifted", Phase.CANCELLED: "cancelled", Phase.EASED: "over", Phase.CORRECTED: "corrected",
    Phase.CHANGED: "changed", Phase.RAISED: "raised", Phase.LOWERED: "lowered",
}  # fmt: skip


def inform(notice: Notice, part: NoticePart, language: str) -> Text:
    """Return what is said of *part* to somebody who is not there; one that is not known reads English."""
    words = words_of(language)
    if words is not None:
        warning = not nobody_ordered(notice, part)
        text = write_information(words, notice, part, order=says_order(notice, part), warning=warning)
    else:
        write = _japanese if language.partition("-")[0].lower() == "ja" else _english
        text = write(notice, part, language)
    return with_help(text, help_of(notice, part)) if names_help(notice, part) else text


def nobody_ordered(notice: Notice, part: NoticePart) -> bool:
    """Say whether *part* tells that no order was given: its level is nobody's warning, and is not called one."""
    return notice.kind is NoticeKind.HOW_IT_IS_GOING and part.picture is None


def _phase_of(notice: Notice, part: NoticePart) -> Phase:
    """Return what to call the phase of *part*: where what ends was said of orders, the danger named did not end."""
    return Phase.CHANGED if nobody_ordered(notice, part) and part.phase in ENDS else part.phase


def _areas(part: NoticePart) -> tuple[tuple[str, ...], int]:
    names = tuple(dict.fromkeys(name for name in map(shown_name, part.area_names) if name))
    return names[:_MOST_AREAS], max(0, len(names) - _MOST_AREAS)


def _japanese(notice: Notice, part: NoticePart, language: str) -> Text:
    names, more = _areas(part)
    place = "、".join(names) + (f"ほか{more}か所" if more else "") if names else "その地域"
    hazard = HAZARDS_JA[part.hazards[0]] if part.hazards else "災害"
    level = "" if part.level is None else f"レベル{part.level.value} "
    named = ORDER_NAMES_JA if says_order(notice, part) else LEVEL_NAMES_JA
    said = named.get(part.level) if part.level is not None and not nobody_ordered(notice, part) else None
    what = f"{hazard}の{said}" if said else f"{hazard}の情報"
    phase = _PHASES_JA.get(_phase_of(notice, part), "")
    title = f"登録した場所 {level}{hazard}{phase}"
    verb = f"の{phase}がありました" if phase else "が出ています"
    body = (
        f"{level}{clock(notice.sent)}{foremost_ja(part.area_names, notice.issuer)} 登録した場所についてのお知らせです。"
    )
    body += f"{shown_name(notice.issuer) or '発表元'}: {place}に{what}{verb}。あなたのいる場所への指示ではありません。"
    if part.phase in SAID_OVER:
        body += "危険がなくなったという知らせではありません。"
    return Text(language, title, body)


def _english(notice: Notice, part: NoticePart, language: str) -> Text:
    names, more = _areas(part)
    place = ", ".join(map(in_latin, names)) + (f" and {more} more" if more else "") if names else "that area"
    hazard = HAZARDS_EN[part.hazards[0]] if part.hazards else "danger"
    level = "" if part.level is None else f"Level {part.level.value}, "
    order = ORDER_NOUNS_EN.get(part.level) if part.level is not None and says_order(notice, part) else None
    what = f"{order} ({hazard})" if order else f"{hazard} information"
    phase = _PHASES_EN.get(_phase_of(notice, part), "")
    title = f"A place you added: {hazard}" + (f" {phase}" if phase else "")
    body = f"{level}{foremost_en(part.area_names, notice.issuer)} {clock(notice.sent)}: about a place that you added."
    body += f" {in_latin(shown_name(notice.issuer)) or 'Issuer'}: {what}"
    body += f" {phase + ' ' if phase else ''}for {place}. It is not an instruction for where you are."
    if part.phase in SAID_OVER:
        body += " This does not say that the danger is gone."
    return Text("en" if language.startswith("en") else language, title, body)
