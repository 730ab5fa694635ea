"""What is in force, on the console's first page: whoever comes on duty reads it before anything else."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape

from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import ENDS, Notice, NoticeKind, NoticePart
from alerts.order_words import says_order
from alerts.words import HAZARDS_JA
from api.drawing.clock import clock
from api.drawing.look import APPEARANCES, look_of, word_of
from feeds.console import FEED
from geo.seam import shown

HEADS = ("レベル", "災害", "地域", "発表元", "発表", "期限", "送れた数", "知らせ")
_MOST_NAMES = 6


def standing(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return those of *notices* that say what holds, the worst first and orders before warnings.

    A way is one cell's, and the order that it belongs to is on the list; how it is going is said by its page.
    """
    found = (one for one in notices if one.kind is not NoticeKind.GO_THERE and one.lane is not Lane.CANARY)
    return tuple(sorted(found, key=_worst_first))


def cells(notice: Notice, accepted: Mapping[tuple[str, int], int], now: datetime) -> tuple[str, ...]:
    """Return the row of *notice*; past its time it is still in force (R10). No count under 20 is shown."""
    worst = _worst(notice)
    look = look_of(worst.level, worst.severity)
    mark = f"{APPEARANCES[look].mark} " if worst.level is not None else ""
    drill = '<span class="chip exercise">訓練</span> ' if notice.lane is Lane.DRILL else ""
    names = tuple(dict.fromkeys(name for part in notice.parts if part.phase not in ENDS for name in part.area_names))
    more = f"ほか{len(names) - _MOST_NAMES}か所" if len(names) > _MOST_NAMES else ""
    until = clock(notice.expires, now=now)
    told = accepted.get((notice.lineage, notice.revision))
    title = next((text.title for text in worst.texts if text.language == "ja"), "")
    return (
        f'{drill}<span class="chip {look.value}">{mark}{word_of(notice, worst)}</span>',
        "・".join(HAZARDS_JA[hazard] for hazard in worst.hazards),
        escape("、".join(names[:_MOST_NAMES])) + more,
        escape(notice.issuer),
        f'<span class="at">{clock(notice.sent, now=now)}</span>',
        f'<span class="at">{until}</span>' if notice.expires > now else f"<strong>期限切れ・有効（{until}）</strong>",
        "" if told is None else escape(shown(told)),
        f'<a href="/sending/{escape(notice.lineage)}">{escape(title) or "状況"}</a>{_end(notice)}',
    )


def _end(notice: Notice) -> str:
    """Return the way to the form that ends *notice*, which is where its order was written; "" of what a source ends."""
    if notice.feed != FEED:
        return ""
    there = f"/sending/{escape(notice.lineage)}?stay=1#ending"
    return f'　<a href="{there}">終わらせる <small lang="en">End</small></a>'


def _worst(notice: Notice) -> NoticePart:
    return max((part for part in notice.parts if part.phase not in ENDS), key=lambda part: int(part.level or 0))


def _worst_first(notice: Notice) -> tuple[bool, int, bool, float]:
    worst = _worst(notice)
    level = int(worst.level) if worst.level is not None else int(Level.PREPARE_MIND)
    return notice.lane is Lane.DRILL, -level, not says_order(notice, worst), -notice.sent.timestamp()
