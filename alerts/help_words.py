"""Whom residents may telephone, as it ends each notice of how it goes, each way and each order (R3).

One sentence, always there and always the last, so that level, action and time stay first (R15). Direction of safety: a
number is said only where it is the reader's own ward's, or one of very few; who has none reads where to ask all the
same. 119 is for life at stake, and named as such: it must stay free for that.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from alerts.claim import Lane
from alerts.help_line import HelpLine
from alerts.languages.known import words_of
from alerts.languages.readings import in_latin
from alerts.languages.table import Helps
from alerts.notice import Notice, NoticeKind, NoticePart, Text
from alerts.order_words import says_order
from alerts.wording import shown_name

# At a line two wards meet, at a few places three; a longer list is read by nobody in a hurry.
MOST_LINES = 3
# What a sentence may add to a text of `alerts.wording.MAX_TEXT_BYTES`; beyond it no number is named.
MAX_HELP_BYTES = 240
_MAX_NUMBER_CHARACTERS = 20


# A blank before a sentence is part of it: Japanese has none.
_HELPS: Mapping[str, Helps] = {
    "ja": Helps("{ward}{number}", "相談：{lines}。命の危険は119。", "相談：お住まいの区市町村。命の危険は119。"),
    "en": Helps(
        "{number} ({ward})",
        " Help line: {lines}. Life in danger: call 119.",
        " For help, ask your ward office. Life in danger: call 119.",
    ),
}


def help_sentence(lines: tuple[HelpLine, ...], language: str) -> str:
    """Return the sentence that names *lines* in *language*, with what parts it from those before it.

    A language without words of its own reads English.
    """
    words = words_of(language)
    if words is not None:
        names = words.names
        return names.gap + _sentence(words.helps, lines, names.comma, names.shown)
    japanese = language.partition("-")[0].lower() == "ja"
    if japanese:
        return _sentence(_HELPS["ja"], lines, "、", str)
    return _sentence(_HELPS["en"], lines, ", ", in_latin)


def _sentence(helps: Helps, lines: tuple[HelpLine, ...], comma: str, shown: Callable[[str], str]) -> str:
    if not lines or len(lines) > MOST_LINES:
        return helps.unnamed
    named = (
        helps.line.format(ward=shown(shown_name(one.ward)), number=shown_name(one.number)[:_MAX_NUMBER_CHARACTERS])
        for one in lines
    )
    sentence = helps.named.format(lines=comma.join(named))
    return sentence if len(sentence.encode()) <= MAX_HELP_BYTES else helps.unnamed


def with_help(text: Text, lines: tuple[HelpLine, ...]) -> Text:
    """Return *text* with the sentence of *lines* at the end of its body."""
    return replace(text, body=text.body + help_sentence(lines, text.language))


def without_help(text: Text, lines: tuple[HelpLine, ...]) -> Text:
    """Return *text* as it was before `with_help`: what is said to people of several wards alike."""
    return replace(text, body=text.body.removesuffix(help_sentence(lines, text.language)))


def names_help(notice: Notice, part: NoticePart) -> bool:
    """Say whether the words of *part* end in whom to telephone: all but those that only warn, and no drill.

    A drill must lead nobody to a line that has to stay free, its end no more than its beginning.
    """
    if notice.lane is Lane.DRILL:
        return False
    return notice.kind is not NoticeKind.DANGER_IS_COMING or says_order(notice, part)


def help_of(notice: Notice, part: NoticePart) -> tuple[HelpLine, ...]:
    """Return the lines that *part* names: of a way those that its order was approved with."""
    return part.help_lines if notice.order is None else notice.order.help_lines
