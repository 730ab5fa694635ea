"""What is wrong with a draft, before anybody approves it (R18).

Five things stop a send: no area, no action, no time, drill words or the wrong lane, too many bytes. All
else is a warning that an officer passes knowingly, with the key that approves: at three in the morning a
machine that argues is switched off. What was passed is in the audit trail.

Safe in one direction: words of an action or a time that are not known here would stop what is right, so
both lists are wide, and whatever is not sure is a warning.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.claim import Lane
from alerts.drill import drill_words
from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES, TABLES, words_of
from alerts.level import LEVEL_NAMES_JA, Level
from alerts.notice import ENDS, Notice, NoticeKind, NoticePart, Text
from alerts.order_words import ORDER_NAMES_EN, ORDER_NAMES_JA, order_name, says_order
from alerts.reception_check import NoCheck, is_check
from alerts.wording import MAX_TITLE_WIDTH, shown_name, width
from alerts.words import HAZARDS_EN, HAZARDS_JA
from dispatch.errors import PayloadTooLarge
from dispatch.message import Messages
from dispatch.settings import DispatchSettings
from geo.cells import intersection
from streams.notices.check import threat_after, why_no_check
from streams.notices.drill import says_drill_first

# R15: a title of 20 full-width characters; level, action and time within the first 40.
LONGEST_TITLE = 20
FIRST_CHARACTERS = 40
# 21:30 or 21時30分, and never 24時間.
_TIME = re.compile(r"[0-2]?\d:[0-5]\d|[0-2]?\d時(?!間)(?:[0-5]?\d分)?")
_LEVEL = re.compile(r"(?:レベル|level|警戒级别|경계레벨)\s*([1-5])", re.IGNORECASE)
_ACTION = re.compile(
    r"避難|逃げ|離れ|近づ|高い|高台|上の階|安全|確保|守|命|控え|注意|警戒|備え|準備|確認|確かめ|従|待|とどま|留ま|行動"
    r"|気をつけ|避け|中へ|始末|落と|向か|移動|leave|evacuat|stay|go |move|protect|keep|check|prepare|avoid|take |alert|"
    r"safe|watch|drive|follow|expect|away|careful|ready"
    r"|にげ|はなれ|ちかづ|でない|みて|まもって|きをつけ|ちゅうい|じゅんび|たしかめ|から でて|でかける|いって|いく"
    r"|あたたかく|ゆっくり|なかへ|だめ"
    r"|避难|离开|远离|不要|避免|避开|立即|保护|确保|确认|留意|防备|进入|进坚固|小心|减速|求助"
    r"|피난|대피|떠나|가지 마|하세요|확인|지키|대비|피하|삼가|주의|조심|확보|보호|높은 곳|안으로|줄이고|떨어지",
    re.IGNORECASE,
)


_DANGER = (NoCheck.ORDER, NoCheck.DANGER)


class Stop(StrEnum):
    """The five things that stop a send."""

    AREA = "area"
    ACTION = "action"
    TIME = "time"
    LANE = "lane"
    BYTES = "bytes"


class Finding(StrEnum):
    """What was found; stable codes."""

    NO_AREA = "no-area"
    NO_ACTION = "no-action"
    NO_TIME = "no-time"
    DRILL_WORDS = "drill-words"
    NOT_SAID_TO_BE_A_DRILL = "drill-not-said-first"
    TOO_LONG = "too-many-bytes"
    EXPIRED = "expired"
    LONG_TITLE = "title-over-20"
    LATE_LEVEL = "level-after-40"
    LEVEL_DIFFERS = "level-differs-from-words"
    NO_SOURCE = "source-not-named"
    NO_HAZARD = "hazard-not-named"
    NO_PLACE = "place-not-named"
    LANGUAGE_MISSING = "language-missing"
    SOON_OVER = "expires-within-30-minutes"
    NO_HELP_LINE = "help-line-not-named"
    LOWER_THAN_LIVE = "lower-than-what-is-live"
    CHECK_IN_DANGER = "check-while-danger-is-live"


STOPS: Mapping[Finding, Stop] = {
    Finding.NO_AREA: Stop.AREA,
    Finding.NO_ACTION: Stop.ACTION,
    Finding.NO_TIME: Stop.TIME,
    # An end that is past is no time at which anything holds: every push of it would expire.
    Finding.EXPIRED: Stop.TIME,
    Finding.DRILL_WORDS: Stop.LANE,
    Finding.NOT_SAID_TO_BE_A_DRILL: Stop.LANE,
    # What asks for nothing has no way out while something else asks people to leave (R19).
    Finding.CHECK_IN_DANGER: Stop.LANE,
    Finding.TOO_LONG: Stop.BYTES,
}


@dataclass(frozen=True, slots=True)
class Found:
    """One finding, where it is, and what an officer can do about it."""

    finding: Finding
    where: str

    @property
    def stops(self) -> bool:
        """Say whether nothing may go out with it."""
        return self.finding in STOPS


def lint(notice: Notice, *, at: datetime, settings: DispatchSettings, live: Iterable[Notice] = ()) -> tuple[Found, ...]:
    """Return what is wrong with *notice*, the worst first; *live* is what holds now, by whomever."""
    live = tuple(live)
    found: list[Found] = [*_contradictions(notice, live)]
    if is_check(notice):
        threats = filter(None, (threat_after(None, one) for one in live))
        why = why_no_check(notice, threats, (), at)
        found += [Found(Finding.CHECK_IN_DANGER, why)] if why is not None and why in _DANGER else []
    if not notice.parts or any(not part.cells for part in notice.parts):
        found.append(Found(Finding.NO_AREA, ""))
    if notice.expires <= at:
        found.append(Found(Finding.EXPIRED, notice.expires.isoformat()))
    elif (notice.expires - at).total_seconds() < 1800:
        found.append(Found(Finding.SOON_OVER, notice.expires.isoformat()))
    messages = Messages(notice, settings)
    for number, part in enumerate(notice.parts):
        if notice.kind is not NoticeKind.GO_THERE:  # ways are worded in every language when they go out
            languages = {text.language for text in part.texts}
            found += [Found(Finding.LANGUAGE_MISSING, language) for language in LANGUAGES if language not in languages]
        for text in part.texts:
            where = f"{number + 1}/{text.language}"
            found += [Found(finding, where) for finding in _in_words(notice, text)]
            found += [Found(finding, where) for finding in _beside_facts(notice, part, text)]
            if part.level is not None and part.phase not in ENDS and str(int(part.level)) not in _start(text):
                name = order_name(part.level) if says_order(notice, part) else LEVEL_NAMES_JA[part.level]
                found.append(Found(Finding.LATE_LEVEL, f"{where} {name}"))
            try:
                # Each language by itself: the officer sees every one that is too long at once.
                messages.for_part(number, text.language, 1 if notice.kind is NoticeKind.GO_THERE else 0)
            except PayloadTooLarge as error:
                found.append(Found(Finding.TOO_LONG, f"{error.language}: {error.size_bytes} > {error.limit_bytes}"))
    return tuple(sorted(found, key=lambda one: not one.stops))


def time_in(text: str, fill: str) -> str:
    """Return *text* with *fill* wherever it says a time: a blank to practise on."""
    return _TIME.sub(fill, text)


def _start(text: Text) -> str:
    return (text.title + " " + text.body)[: LONGEST_TITLE + FIRST_CHARACTERS]


def _plain(text: Text) -> str:
    """Return all words of *text* in one writing: a full-width 21：30 is a time, too."""
    return _plainly(f"{text.title} {text.body}")


def _plainly(words: str) -> str:
    return unicodedata.normalize("NFKC", words)


def _is_japanese(text: Text) -> bool:
    return text.language.partition("-")[0] == "ja" and words_of(text.language) is None


def _reads(text: Text) -> Callable[[str], str] | None:
    """Return how names are written in *text*, None where it is not known: English may spell a Japanese name."""
    words = words_of(text.language)
    return words.names.shown if words is not None else str if _is_japanese(text) else None


def _in_words(notice: Notice, text: Text) -> Iterator[Finding]:
    """Yield what is wrong with *text* in itself."""
    ways = notice.kind is NoticeKind.GO_THERE
    judged = _is_japanese(text) or text.language in LANGUAGES
    if not text.body.strip() or (judged and not ways and not _ACTION.search(_plain(text))):
        yield Finding.NO_ACTION
    if not _TIME.search(_plain(text)):
        yield Finding.NO_TIME
    if notice.lane is not Lane.DRILL and drill_words((text.title, text.body)):
        yield Finding.DRILL_WORDS
    if notice.lane is Lane.DRILL and not says_drill_first(text):
        yield Finding.NOT_SAID_TO_BE_A_DRILL
    if len(text.title) > LONGEST_TITLE if _is_japanese(text) else width(text.title) > MAX_TITLE_WIDTH:
        yield Finding.LONG_TITLE


def _beside_facts(notice: Notice, part: NoticePart, text: Text) -> Iterator[Finding]:
    """Yield where *text* does not say what the notice is: who says it, what danger, where, at what level."""
    words = _plain(text)
    reads, kinds = _reads(text), _hazards(text)
    if not shown_name(notice.issuer) or (reads is not None and not _names(words, (notice.issuer,), reads)):
        yield Finding.NO_SOURCE
    if reads is not None and part.area_names and not _names(words, part.area_names, reads):
        yield Finding.NO_PLACE
    named = kinds is None or any(_plainly(kinds[one]) in words.lower() for one in part.hazards)
    if not named and not is_check(notice):
        yield Finding.NO_HAZARD
    if part.help_lines and not any(line.number in text.body for line in part.help_lines):
        yield Finding.NO_HELP_LINE
    if part.phase not in ENDS and not _says_level(words, part.level):
        yield Finding.LEVEL_DIFFERS


def _hazards(text: Text) -> Mapping[HazardKind, str] | None:
    table = words_of(text.language)
    if table is not None:
        return table.names.hazards
    return HAZARDS_JA if _is_japanese(text) else HAZARDS_EN if text.language == "en" else None


def _names(words: str, names: Iterable[str], reads: Callable[[str], str]) -> bool:
    return any(_plainly(reads(shown)) in words for name in names if (shown := shown_name(name)))


def _says_level(words: str, level: Level | None) -> bool:
    """Say whether the number and the name of the order in *words* are those of *level*, as far as there are any."""
    numbers = [int(number) for number in _LEVEL.findall(words)]
    if numbers and (level is None or numbers[0] != int(level)):
        return False
    for names in (ORDER_NAMES_JA, ORDER_NAMES_EN, *(table.names.orders for table in TABLES.values())):
        said = {one for one, name in names.items() if name in words.lower()}
        if said and level not in said:
            return False
    return True


def _contradictions(notice: Notice, live: Iterable[Notice]) -> Iterator[Found]:
    """Yield what holds at a higher level for the same hazard in the same cells: advice that turns round kills trust."""
    for one in live:
        if one.lineage == notice.lineage or (one.lane is Lane.DRILL) is not (notice.lane is Lane.DRILL):
            continue
        for said in one.parts:
            if said.level is None or said.phase in ENDS:
                continue
            for part in notice.parts:
                lower = part.phase not in ENDS and part.level is not None and part.level < said.level
                if lower and set(part.hazards) & set(said.hazards) and intersection(part.cells, said.cells):
                    title = next((text.title for text in said.texts if text.language == "ja"), "")
                    yield Found(Finding.LOWER_THAN_LIVE, f"{one.issuer} {title}")
                    break
            else:
                continue
            break
