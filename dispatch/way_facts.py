"""What a cell's text is written from, and what every language's writer of ways needs."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from alerts.help_line import HelpLine
from alerts.notice import NoticePart
from alerts.wording import width
from routing.plan import Answer, CellAdvice

MAX_NAME_WIDTH = 24
MAX_PLACE_WIDTH = 16
# A title begins with the 町丁目, and its number tells it from the next: 市谷砂土原町一丁目 is 18 columns. What is
# then cut of the end of a title stands whole in the body.
MAX_CHOME_WIDTH = 22
TURNS_TOLD = 3
# The same streets and shelters are named in thousands of cells and in every language.
_NAMES_KEPT = 16_384


@dataclass(frozen=True, slots=True)
class WayFacts:
    """What one cell's text is written from."""

    part: NoticePart
    entry: CellAdvice | None
    issuer: str
    sent: datetime
    facts_at: datetime
    help_lines: tuple[HelpLine, ...] = ()


@lru_cache(maxsize=_NAMES_KEPT)
def cut(text: str, most: int) -> str:
    """Return *text* without what could turn a line around, at most *most* columns wide."""
    plain = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    if width(plain) <= most:
        return plain
    kept = ""
    for letter in plain:
        if width(kept + letter) > most - 2:
            break
        kept += letter
    return f"{kept}…"


def minutes(seconds: int) -> int:
    """Return whole minutes, rounded up: nobody is told that it is nearer than it is."""
    return max(1, -(-seconds // 60))


def first_answers(entry: CellAdvice | None) -> tuple[Answer, Answer] | None:
    """Return the general and the step-free answer of the first part; None where there is nothing to do any more."""
    return (entry.parts[0].general, entry.parts[0].step_free) if entry is not None and entry.parts else None


def why_changed(part: NoticePart, words: Callable[[str], str], unnamed: str) -> str:
    """Return why the way changed, the reason that comes first, in the words of its cause; empty for a first one."""
    if part.way is None or not part.way.cause:
        return ""
    name = next((name for name in part.way.names if name), unnamed)
    return words(part.way.cause).format(name=cut(name, MAX_PLACE_WIDTH))


def same_way(left: Answer, right: Answer) -> bool:
    """Say whether two answers ask the same of a reader."""
    here = (left.advice, left.action, left.route.road_ids if left.route else None)
    return here == (right.advice, right.action, right.route.road_ids if right.route else None)
