"""What residents read of their way: one text, true for everybody in the cell.

Written from the plan that the notice names, never by hand: place and reason first, level, action and
time within the first forty characters (R15), and complete in itself, because phones stack
notifications. It carries the general way and says what differs for people who cannot take steps; the
service worker shows the rest. It is no promise of safety: water or a barrier on the way means turning
back.
"""

from collections.abc import Callable, Mapping

from alerts.help_words import with_help
from alerts.languages.known import words_of
from alerts.languages.readings import in_latin
from alerts.level import Level
from alerts.notice import Phase, Text
from alerts.order_words import order_name
from alerts.wording import MAX_TITLE_WIDTH, clock
from dispatch.way_facts import (
    MAX_CHOME_WIDTH,
    MAX_NAME_WIDTH,
    MAX_PLACE_WIDTH,
    TURNS_TOLD,
    WayFacts,
    cut,
    first_answers,
    minutes,
    same_way,
    why_changed,
)
from dispatch.way_writing import write_way
from routing.change import Cause
from routing.go_up import row
from routing.plan import Advice, Answer, Route, Side, Turn
from routing.shelter import Offer


def way_text(facts: WayFacts, language: str) -> Text:
    """Return title and body in *language*; one not known reads English. The body ends in whom to telephone (R3)."""
    words = words_of(language)
    if words is not None:
        text = write_way(words, facts)
    else:
        text = _japanese(facts) if language.partition("-")[0].lower() == "ja" else _english(facts)
    return with_help(text, facts.help_lines)


def _says(level: Level | None, japanese: bool) -> str:
    if level is None:
        return ""
    return f"レベル{level.value} " if japanese else f"Level {level.value}, "


def _refuge(answer: Answer) -> str:
    return cut(answer.refuge, MAX_NAME_WIDTH)


# ----------------------------------------------------------------------------------------- Japanese

_WHY_JA: Mapping[Cause, str] = {
    Cause.FIRST: "",
    Cause.ENDED: "",
    Cause.WAY_CUT: "{name}が通行止め",
    Cause.SHELTER_LOST: "{name}が使えない",
    Cause.BETTER_WAY: "近い道に変更",
    Cause.ROOM_FOUND: "避難所に空きができた",
    Cause.WARD_FULL: "行き先の区の受入が上限",
    Cause.RESTORED: "{name}の件は取消・元の道",
    Cause.DANGER: "危険が近づいた",
}
_SIDES_JA: Mapping[Side, str] = {
    Side.STRAIGHT: "まっすぐ",
    Side.LEFT: "左へ",
    Side.RIGHT: "右へ",
    Side.BACK: "引き返す",
}


def _japanese(facts: WayFacts) -> Text:
    part, answers = facts.part, first_answers(facts.entry)
    place = cut(part.area_names[0] if part.area_names else "この場所", MAX_CHOME_WIDTH)
    level, now = _says(part.level, True), clock(facts.sent)
    if part.phase is Phase.LIFTED or answers is None:
        body = f"{level}{order_name(part.level)}の対象から外れました。{now}。前の道案内は終わりです。"
        body += "危険がなくなったという知らせではありません。区の避難情報を確認してください。"
        return Text("ja", cut(f"{place}：道案内の終わり", MAX_TITLE_WIDTH), body)
    general, step_free = answers
    changed = why_changed(part, lambda cause: _WHY_JA[Cause(cause)], "前の道")
    act, title = _ACTS_JA[general.advice](general)
    body = f"{level}{changed}→{act}。{now}。" if changed else f"{level}{act}。{now}。"
    if part.way is not None and part.way.replaces is not None:
        body += f"{clock(part.way.replaces)}の案内は使わないでください。"
    body += _details_ja(general)
    body += _step_free_ja(general, step_free)
    if len(facts.entry.parts if facts.entry else ()) > 1:
        body += "川や線路の向こう側の人は画面の案内を確認。"
    order = order_name(part.level)
    body += f"{cut(facts.issuer, MAX_NAME_WIDTH)}の{order}による案内。道の情報は{clock(facts.facts_at)}現在。"
    return Text("ja", cut(f"{place}：{title}", MAX_TITLE_WIDTH), body)


def _go_ja(answer: Answer) -> tuple[str, str]:
    name = cut(answer.route.shelter_name if answer.route else "", MAX_NAME_WIDTH)
    return f"{name}へ歩いて避難", f"{name}へ"


def _leave_ja(answer: Answer) -> tuple[str, str]:
    by = clock(answer.leave_by) if answer.leave_by else "早め"
    return f"{by}までに区域の外へ避難", f"{by}までに区域の外へ"


_ACTS_JA: Mapping[Advice, Callable[[Answer], tuple[str, str]]] = {
    Advice.GO: _go_ja,
    Advice.LEAVE_EARLY: _leave_ja,
    Advice.GO_UP: lambda _answer: ("歩いて避難せず高い階へ", "高い階へ"),
    Advice.STAY: lambda _answer: ("今いる建物にとどまる", "建物にとどまる"),
}


def _details_ja(answer: Answer) -> str:
    if answer.route is not None:
        return _route_ja(answer.route)
    if answer.advice is Advice.GO_UP and answer.action:
        return row(answer.action, refuge=_refuge(answer), help_lines=None).ja
    if answer.advice is Advice.LEAVE_EARLY:
        if answer.refuge:
            return f"電車などが動くうちに、{_refuge(answer)}か、親族の家・宿へ。"
        return "電車などが動くうちに、親族の家・宿・区の広域避難先へ。"
    return "外の道は安全と言えません。"


def _route_ja(route: Route) -> str:
    text = f"徒歩約{minutes(route.walk_seconds)}分・ゆっくりで約{minutes(route.slow_seconds)}分。"
    text += "".join(f"{_turn_ja(turn)}、" for turn in route.turns[:TURNS_TOLD])
    text = f"{text[:-1]}。" if route.turns else text
    if route.offer is not Offer.OPEN:
        text += "開設はまだ確認できていません。" if route.offer is Offer.DESIGNATED else ""
    if route.unconfirmed:
        text += f"途中に未確認の通行止め情報（{clock(route.unconfirmed[0].reported_at)}）。"
    return f"{text}水や通行止めがあれば引き返す。"


def _turn_ja(turn: Turn) -> str:
    street = f"{cut(turn.street, MAX_PLACE_WIDTH)}を" if turn.street else ""
    at = f"{cut(turn.at, MAX_PLACE_WIDTH)}で" if turn.at else ""
    return f"{street}{turn.metres}m{at}{_SIDES_JA[turn.side]}"


def _step_free_ja(general: Answer, step_free: Answer) -> str:
    if same_way(general, step_free):
        return ""
    if step_free.route is not None:
        name = cut(step_free.route.shelter_name, MAX_NAME_WIDTH)
        return f"段差を避ける人は{name}へ（ゆっくりで約{minutes(step_free.route.slow_seconds)}分）。"
    if step_free.action:
        return f"段差を避ける人：{row(step_free.action, refuge=_refuge(step_free), help_lines=None).ja}"
    return "段差を避けて通れる道はありません。近所の人か119に助けを求めてください。"


# ------------------------------------------------------------------------------------------ English

_WHY_EN: Mapping[Cause, str] = {
    Cause.FIRST: "",
    Cause.ENDED: "",
    Cause.WAY_CUT: "{name} closed",
    Cause.SHELTER_LOST: "{name} unusable",
    Cause.BETTER_WAY: "Nearer way",
    Cause.ROOM_FOUND: "Room found",
    Cause.WARD_FULL: "That ward takes no more",
    Cause.RESTORED: "{name} is open after all",
    Cause.DANGER: "Danger is nearer",
}
_SIDES_EN: Mapping[Side, str] = {
    Side.STRAIGHT: "straight on",
    Side.LEFT: "then left",
    Side.RIGHT: "then right",
    Side.BACK: "then back",
}


def _english(facts: WayFacts) -> Text:
    part, answers = facts.part, first_answers(facts.entry)
    place = cut(in_latin(part.area_names[0]) if part.area_names else "Your place", MAX_CHOME_WIDTH)
    level, now = _says(part.level, False), clock(facts.sent)
    if part.phase is Phase.LIFTED or answers is None:
        body = f"{level}{now}: no longer ordered to leave. The way that you were shown ends here."
        body += " This does not say that the danger is gone. Check your ward's evacuation information."
        return Text("en", cut(f"{place}: end of guidance", MAX_TITLE_WIDTH), body)
    general, step_free = answers
    changed = why_changed(part, lambda cause: _WHY_EN[Cause(cause)], "Your way")
    act, title = _ACTS_EN[general.advice](general)
    body = f"{level}{now}: {changed}. {act}." if changed else f"{level}{now}: {act}."
    if part.way is not None and part.way.replaces is not None:
        body += f" Do not use the guidance of {clock(part.way.replaces)}."
    body += _details_en(general)
    body += _step_free_en(general, step_free)
    if len(facts.entry.parts if facts.entry else ()) > 1:
        body += " Across the river or railway, check the screen."
    issuer = cut(in_latin(facts.issuer), MAX_NAME_WIDTH)
    order = order_name(part.level, "en")
    body += f" Guidance under the {order} of {issuer}; roads as of {clock(facts.facts_at)}."
    return Text("en", cut(f"{place}: {title}", MAX_TITLE_WIDTH), body)


def _go_en(answer: Answer) -> tuple[str, str]:
    name = cut(in_latin(answer.route.shelter_name) if answer.route else "", MAX_NAME_WIDTH)
    return f"Walk to {name}", f"to {name}"


def _leave_en(answer: Answer) -> tuple[str, str]:
    by = clock(answer.leave_by) if answer.leave_by else "early"
    return f"Leave the area by {by}", f"leave by {by}"


_ACTS_EN: Mapping[Advice, Callable[[Answer], tuple[str, str]]] = {
    Advice.GO: _go_en,
    Advice.LEAVE_EARLY: _leave_en,
    Advice.GO_UP: lambda _answer: ("Go up, do not walk out", "go up"),
    Advice.STAY: lambda _answer: ("Stay in your building", "stay inside"),
}


def _details_en(answer: Answer) -> str:
    if answer.route is not None:
        return _route_en(answer.route)
    if answer.advice is Advice.GO_UP and answer.action:
        return f" {row(answer.action, refuge=_refuge(answer), help_lines=None).en}"
    if answer.advice is Advice.LEAVE_EARLY:
        if answer.refuge:
            return f" Go to {_refuge(answer)}, to relatives or a hotel while trains run."
        return " Go to relatives, a hotel or your ward's refuge while trains run."
    return " No way outside is known to be safe."


def _route_en(route: Route) -> str:
    text = f" About {minutes(route.walk_seconds)} min, slowly {minutes(route.slow_seconds)} min."
    turns = "; ".join(_turn_en(turn) for turn in route.turns[:TURNS_TOLD])
    text += f" {turns}." if turns else ""
    if route.offer is Offer.DESIGNATED:
        text += " Not yet confirmed open."
    if route.unconfirmed:
        text += f" Unconfirmed closure on the way ({clock(route.unconfirmed[0].reported_at)})."
    return f"{text} Turn back at water or a barrier."


def _turn_en(turn: Turn) -> str:
    street = f" along {cut(in_latin(turn.street), MAX_PLACE_WIDTH)}" if turn.street else ""
    at = f" to {cut(in_latin(turn.at), MAX_PLACE_WIDTH)}" if turn.at else ""
    return f"{turn.metres} m{street}{at}, {_SIDES_EN[turn.side]}"


def _step_free_en(general: Answer, step_free: Answer) -> str:
    if same_way(general, step_free):
        return ""
    if step_free.route is not None:
        name = cut(in_latin(step_free.route.shelter_name), MAX_NAME_WIDTH)
        return f" Step-free: {name}, slowly {minutes(step_free.route.slow_seconds)} min."
    if step_free.action:
        return f" Step-free: {row(step_free.action, refuge=_refuge(step_free), help_lines=None).en}"
    return " No step-free way is known: ask neighbours or 119 for help."
