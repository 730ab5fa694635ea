"""How a level looks: colour, number and word, never colour alone.

Colours of levels 2 to 5: the five-step palette that the Japanese government set for 警戒レベル
(Cabinet Office and JMA). Dangers without a level have another family of colours, so that nobody
reads a level into them.
"""

from dataclasses import dataclass
from enum import StrEnum

from alerts.cap import Severity
from alerts.level import LEVEL_NAMES_JA, Level
from alerts.notice import Notice, NoticePart
from alerts.order_words import order_name, says_order


class Look(StrEnum):
    """A class of the style sheet; one for each step that is told apart."""

    LEVEL_5 = "l5"
    LEVEL_4 = "l4"
    LEVEL_3 = "l3"
    LEVEL_2 = "l2"
    LEVEL_1 = "l1"
    GREATEST = "s4"
    GUARD = "s3"
    CARE = "s1"
    INFORMATION = "s0"


@dataclass(frozen=True, slots=True)
class Appearance:
    """What is drawn and written: `mark` fits into a badge, `word` stands beside it."""

    fill: str
    ink: str
    mark: str
    word: str
    word_en: str


APPEARANCES: dict[Look, Appearance] = {
    Look.LEVEL_5: Appearance("#0C000C", "#FFFFFF", "5", LEVEL_NAMES_JA[Level.SECURE_LIFE], "emergency warning"),
    Look.LEVEL_4: Appearance("#AA00AA", "#FFFFFF", "4", LEVEL_NAMES_JA[Level.ALL_LEAVE], "danger warning"),
    # White on this red has a contrast of 3.8; black has 5.6.
    Look.LEVEL_3: Appearance("#FF2800", "#000000", "3", LEVEL_NAMES_JA[Level.ELDERLY_LEAVE], "warning"),
    Look.LEVEL_2: Appearance("#F2E700", "#000000", "2", LEVEL_NAMES_JA[Level.CHECK_ACTION], "advisory"),
    Look.LEVEL_1: Appearance("#FFFFFF", "#000000", "1", LEVEL_NAMES_JA[Level.PREPARE_MIND], "early notice"),
    Look.GREATEST: Appearance("#16324F", "#FFFFFF", "特", "最大級の警戒", "greatest care"),
    Look.GUARD: Appearance("#2F6690", "#FFFFFF", "警", "警戒", "be on guard"),
    Look.CARE: Appearance("#8DB4D2", "#000000", "注", "注意", "take care"),
    Look.INFORMATION: Appearance("#D5E3EE", "#000000", "情", "情報", "information"),
}

# From the least to the worst, as the hazard map ranks them: what is painted later covers what is beneath.
PAINT_ORDER = (
    Look.INFORMATION, Look.LEVEL_1, Look.CARE, Look.LEVEL_2, Look.GUARD, Look.LEVEL_3, Look.GREATEST,
    Look.LEVEL_4, Look.LEVEL_5,
)  # fmt: skip

_LEVELS = {
    Level.SECURE_LIFE: Look.LEVEL_5,
    Level.ALL_LEAVE: Look.LEVEL_4,
    Level.ELDERLY_LEAVE: Look.LEVEL_3,
    Level.CHECK_ACTION: Look.LEVEL_2,
    Level.PREPARE_MIND: Look.LEVEL_1,
}

# The levels that a municipality orders; the two below them are the weather office's alone.
_ORDERS = {look: level for level, look in _LEVELS.items() if level >= Level.ELDERLY_LEAVE}

# Unknown severity asks to be on guard, as the notice's own title does: never the least for being unknown.
_SEVERITIES = {
    Severity.EXTREME: Look.GREATEST,
    Severity.SEVERE: Look.GUARD,
    Severity.UNKNOWN: Look.GUARD,
    Severity.MODERATE: Look.CARE,
    Severity.MINOR: Look.INFORMATION,
}


def look_of(level: Level | None, severity: Severity) -> Look:
    """Return the look of a danger: by its level where it has one, else by its severity."""
    return _LEVELS[level] if level is not None else _SEVERITIES[severity]


def word_of(notice: Notice, part: NoticePart) -> str:
    """Return what stands beside the level of *part*: an order's own name (避難指示), else the warning's.

    An order is known by its title, which is composed from that name: a level alone orders nobody to leave.
    """
    return look_word(look_of(part.level, part.severity), order=says_order(notice, part))


def look_word(look: Look, *, order: bool) -> str:
    """Return the word of *look*, which is another where the level is that of an order to leave."""
    level = _ORDERS.get(look) if order else None
    return APPEARANCES[look].word if level is None else order_name(level)
