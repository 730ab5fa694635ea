"""The list of notices: what was said to everybody, with parts that differ only in their areas told once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.composed import composed
from alerts.help_words import names_help, with_help, without_help
from alerts.languages.known import LANGUAGES
from alerts.notice import Notice, NoticeKind, NoticePart, Text
from alerts.order_words import order_name, says_order
from alerts.wording import PartFacts, clock
from api.drawing.look import Look, look_of
from api.known.state import Said


@dataclass(frozen=True, slots=True)
class Entry:
    """One notice on the list: its words are those of the push, over all areas that read the same."""

    look: Look
    notice: Notice
    part: NoticePart
    area_names: tuple[str, ...]
    texts: tuple[Text, ...]

    def text(self, language: str) -> Text | None:
        """Return the words in *language*."""
        return next((text for text in self.texts if text.language == language), None)


def entries(said: Iterable[Said]) -> tuple[Entry, ...]:
    """Return the list in the order of *said*."""
    alike: dict[tuple[object, ...], list[Said]] = defaultdict(list)
    for one in said:
        if one.notice.kind is NoticeKind.GO_THERE:
            continue  # a way is one cell's and made from its plan; the order that it belongs to is on the list
        part = one.part
        key = (one.notice.lineage, one.notice.revision, part.phase, part.level, part.severity, part.hazards)
        alike[*key, _told_apart(one)].append(one)
    return tuple(_entry(group) for group in alike.values())


def action_of(entry: Entry) -> str:
    """Return what to do, as the Japanese notice says it: what stands before its time, without the level."""
    text = entry.text("ja")
    if text is None:
        return ""
    before, found, _ = text.body.partition(clock(entry.notice.sent))
    level = f"レベル{int(entry.part.level)} " if entry.part.level is not None else ""
    return before.removeprefix(level) if found else text.body


def _told_apart(said: Said) -> tuple[Text, ...]:
    """Return what makes *said* another notice than one of the same danger: of how it goes, its words but the number."""
    if said.notice.kind is not NoticeKind.HOW_IT_IS_GOING:
        return ()
    return tuple(without_help(text, said.part.help_lines) for text in said.part.texts)


def _entry(group: list[Said]) -> Entry:
    first = group[0]
    names = tuple(dict.fromkeys(name for said in group for name in said.part.area_names))
    texts = first.part.texts if len(group) == 1 else _over(group, names)
    return Entry(look_of(first.part.level, first.part.severity), first.notice, first.part, names, texts)


def _over(group: list[Said], names: tuple[str, ...]) -> tuple[Text, ...]:
    """Return the words of the same template over all areas together."""
    said = group[0]
    # Alike but for their areas, which may be of several wards.
    lines = tuple(dict.fromkeys(line for one in group for line in one.part.help_lines))
    if said.notice.kind is NoticeKind.HOW_IT_IS_GOING:
        return tuple(with_help(text, lines) for text in _told_apart(said))
    facts = PartFacts(
        phase=said.part.phase,
        level=said.part.level,
        severity=said.part.severity,
        hazards=said.part.hazards,
        area_names=names,
        issuer=said.notice.issuer,
        sent=said.notice.sent,
        expires=said.notice.expires,
    )
    events = (order_name(said.part.level),) if says_order(said.notice, said.part) else ()
    texts = tuple(composed(facts, language, events, said.part.picture) for language in LANGUAGES)
    return tuple(with_help(text, lines) for text in texts) if names_help(said.notice, said.part) else texts
