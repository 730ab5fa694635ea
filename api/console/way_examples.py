"""What a draft of ways will say: one real example of each kind of advice, worded from the plan that it names (R14).

The words are those that a worker makes when it sends, but for the time of the approval in them.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from html import escape

from alerts.languages.known import LANGUAGES
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, PlanRef, Text
from alerts.notice_title import title_of
from alerts.place import Cell
from api.drawing.folded import folded, named
from dispatch.way_facts import WayFacts
from dispatch.way_words import way_text
from routing.plan import Advice, CellAdvice, EvacuationPlan

PlanNamed = Callable[[PlanRef], EvacuationPlan | None]

_FIRST = "ja"
_ENDED = "ended"
_KINDS = {
    Advice.GO.value: "避難所へ歩く",
    Advice.LEAVE_EARLY.value: "早めに区域の外へ",
    Advice.GO_UP.value: "高い階へ",
    Advice.STAY.value: "今いる建物にとどまる",
    _ENDED: "道案内の終わり",
}
_NOT_HERE = "この案が名指す計画がまだ届いていません。例を出せません。少し待って、読み直してください。"


def way_section(notice: Notice, plan_of: PlanNamed, at: datetime, mark: Callable[[str], str]) -> str:
    """Return what the ways of *notice* say if they are let go at *at*; "" of a notice of another kind.

    *mark* says something more of a language, as HTML.
    """
    if notice.kind is not NoticeKind.GO_THERE:
        return ""
    plans = {ref.shard: (ref, plan) for ref in notice.plans if (plan := plan_of(ref)) is not None}
    entries = {entry.cell: (ref, entry) for ref, plan in plans.values() for entry in plan.cells}
    groups: dict[str, list[NoticePart]] = {}
    for part in notice.parts:
        kind = part.way.advice if part.way is not None and part.phase is not Phase.LIFTED else _ENDED
        groups.setdefault(kind, []).append(part)
    shown = "".join(_group(kind, notice, groups[kind], entries, at, mark) for kind in _KINDS if kind in groups)
    return (
        f"<section><h2>{escape(title_of(notice, ''))}</h2>"
        "<p>文は区画ごとに、この案が名指す計画から作られます。下は、実際に送られる文の例です"
        "（時刻は承認したときのものになります）。 <small lang='en'>Real examples, one of each kind</small></p>"
        f"{shown}</section>"
    )


def _group(
    kind: str,
    notice: Notice,
    parts: list[NoticePart],
    entries: dict[Cell, tuple[PlanRef, CellAdvice]],
    at: datetime,
    mark: Callable[[str], str],
) -> str:
    names = tuple(dict.fromkeys(name for part in parts for name in part.area_names))
    where = "、".join(names[:6]) + (f"ほか{len(names) - 6}か所" if len(names) > 6 else "")
    texts = next(_worded(notice, parts, entries, at), None)
    words = f'<p class="alarm">{_NOT_HERE}</p>' if texts is None else _texts(texts, mark)
    return f"<h3>{_KINDS[kind]}：{len(parts):,}区画</h3><p>{escape(where)}</p>{words}"


def _worded(
    notice: Notice, parts: list[NoticePart], entries: dict[Cell, tuple[PlanRef, CellAdvice]], at: datetime
) -> Iterator[tuple[Text, ...]]:
    lines = () if notice.order is None else notice.order.help_lines
    for part in parts:
        ref, entry = entries.get(part.cells[0], (None, None))
        if entry is None and part.phase is not Phase.LIFTED:
            continue
        facts_at = notice.sent if ref is None else ref.facts_at
        facts = WayFacts(part, entry if part.phase is not Phase.LIFTED else None, notice.issuer, at, facts_at, lines)
        yield tuple(way_text(facts, language) for language in LANGUAGES)


def _texts(texts: tuple[Text, ...], mark: Callable[[str], str]) -> str:
    first = "".join(
        f'<div class="text" lang="{escape(text.language)}"><small>例：{named(text.language)}</small>'
        f"<strong>{escape(text.title)}</strong><p>{escape(text.body)}</p></div>"
        for text in texts
        if text.language == _FIRST
    )
    return first + folded(texts, (_FIRST,), mark)
