"""What is wrong with a draft, before anybody approves it (R18).

Five things stop a send: no area, no action, no time, drill words or the wrong lane, too many bytes. All
else is a warning that an officer passes knowingly: at three in the morning a machine that argues is
switched off.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.claim import Lane
from alerts.drill import drill_words
from alerts.level import LEVEL_NAMES_JA
from alerts.notice import Notice, Phase
from alerts.order_words import order_name, says_order
from dispatch.errors import PayloadTooLarge
from dispatch.message import Messages
from dispatch.settings import DispatchSettings
from geo.cells import intersection
from streams.drill import says_drill_first

# R15: a title of 20 full-width characters; level, action and time within the first 40.
LONGEST_TITLE = 20
FIRST_CHARACTERS = 40
_TIME = re.compile(r"[0-2]?\d:[0-5]\d")
_ENDS = (Phase.LIFTED, Phase.CANCELLED)


class Finding(StrEnum):
    """What was found; stable codes. The first five stop a send."""

    NO_AREA = "no-area"
    NO_ACTION = "no-action"
    NO_TIME = "no-time"
    DRILL_WORDS = "drill-words"
    NOT_SAID_TO_BE_A_DRILL = "drill-not-said-first"
    TOO_LONG = "too-many-bytes"
    EXPIRED = "expired"
    LONG_TITLE = "title-over-20"
    LATE_LEVEL = "level-after-40"
    LANGUAGE_MISSING = "language-missing"
    SOON_OVER = "expires-within-30-minutes"
    LOWER_THAN_LIVE = "lower-than-what-is-live"


STOPS = frozenset(
    (
        Finding.NO_AREA,
        Finding.NO_ACTION,
        Finding.NO_TIME,
        Finding.DRILL_WORDS,
        Finding.NOT_SAID_TO_BE_A_DRILL,
        Finding.TOO_LONG,
        Finding.EXPIRED,
    )
)


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
    found: list[Found] = [*_contradictions(notice, live)]
    if not notice.parts or any(not part.cells for part in notice.parts):
        found.append(Found(Finding.NO_AREA, ""))
    if notice.expires <= at:
        found.append(Found(Finding.EXPIRED, notice.expires.isoformat()))
    elif (notice.expires - at).total_seconds() < 1800:
        found.append(Found(Finding.SOON_OVER, notice.expires.isoformat()))
    for number, part in enumerate(notice.parts):
        languages = {text.language for text in part.texts}
        found += [Found(Finding.LANGUAGE_MISSING, language) for language in ("ja", "en") if language not in languages]
        for text in part.texts:
            where = f"{number + 1}/{text.language}"
            start = (text.title + " " + text.body)[: LONGEST_TITLE + FIRST_CHARACTERS]
            if not text.body.strip():
                found.append(Found(Finding.NO_ACTION, where))
            if not _TIME.search(text.title + text.body):
                found.append(Found(Finding.NO_TIME, where))
            if notice.lane is not Lane.DRILL and drill_words((text.title, text.body)):
                found.append(Found(Finding.DRILL_WORDS, where))
            if notice.lane is Lane.DRILL and not says_drill_first(text):
                found.append(Found(Finding.NOT_SAID_TO_BE_A_DRILL, where))
            if text.language.startswith("ja") and len(text.title) > LONGEST_TITLE:
                found.append(Found(Finding.LONG_TITLE, where))
            if part.level is not None and part.phase not in _ENDS and str(int(part.level)) not in start:
                name = order_name(part.level) if says_order(notice, part) else LEVEL_NAMES_JA[part.level]
                found.append(Found(Finding.LATE_LEVEL, f"{where} {name}"))
    try:
        for _ in Messages(notice, settings).check():
            pass
    except PayloadTooLarge as error:
        found.append(Found(Finding.TOO_LONG, f"{error.language}: {error.size_bytes} > {error.limit_bytes}"))
    return tuple(sorted(found, key=lambda one: not one.stops))


def _contradictions(notice: Notice, live: Iterable[Notice]) -> Iterator[Found]:
    """Yield what holds at a higher level for the same hazard in the same cells: advice that turns round kills trust."""
    for one in live:
        if one.lineage == notice.lineage or (one.lane is Lane.DRILL) is not (notice.lane is Lane.DRILL):
            continue
        for said in one.parts:
            if said.level is None or said.phase in _ENDS:
                continue
            for part in notice.parts:
                lower = part.phase not in _ENDS and part.level is not None and part.level < said.level
                if lower and set(part.hazards) & set(said.hazards) and intersection(part.cells, said.cells):
                    title = next((text.title for text in said.texts if text.language == "ja"), "")
                    yield Found(Finding.LOWER_THAN_LIVE, f"{one.issuer} {title}")
                    break
            else:
                continue
            break
