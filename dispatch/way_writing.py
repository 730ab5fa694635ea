"""Write a way from a language's table: place first in the title, then level, what to do and when (R15).

The same facts in the same order as in Japanese; names of shelters, streets and landmarks as their readers
read them.
"""

from alerts.languages.fill import level_of
from alerts.languages.table import Words
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
from routing.go_up_words import go_up_text
from routing.plan import Advice, Answer, Route, Turn
from routing.shelter import Offer


def write_way(words: Words, facts: WayFacts) -> Text:
    """Return title and body of *facts*."""
    table, names, part = words.ways, words.names, facts.part
    answers = first_answers(facts.entry)
    place = cut(names.shown(part.area_names[0]) if part.area_names else table.here, MAX_CHOME_WIDTH)
    said = {
        "level": f"{level_of(names, part.level)} " if part.level is not None else "",
        "order": order_name(part.level, words.language),
        "time": clock(facts.sent),
    }
    if part.phase is Phase.LIFTED or answers is None:
        title = cut(table.title_end.format(place=place), MAX_TITLE_WIDTH)
        return Text(words.language, title, names.gap.join((table.end.format(**said), names.not_gone, table.check)))
    general, step_free = answers
    act, short = _act(words, general)
    why = why_changed(part, lambda cause: table.why.get(cause, ""), table.unnamed)
    first = table.first_changed if why else table.first
    replaced = part.way.replaces if part.way is not None else None
    issuer = cut(names.shown(facts.issuer), MAX_NAME_WIDTH)
    sentences = (
        first.format(why=why, act=act, **said),
        table.replaces.format(time=clock(replaced)) if replaced is not None else "",
        _details(words, general),
        "" if same_way(general, step_free) else _step_free(words, step_free),
        table.other_side if facts.entry is not None and len(facts.entry.parts) > 1 else "",
        table.by.format(issuer=issuer, order=said["order"], time=clock(facts.facts_at)),
    )
    title = cut(table.title.format(place=place, act=short), MAX_TITLE_WIDTH)
    return Text(words.language, title, names.gap.join(sentence for sentence in sentences if sentence))


def _name(words: Words, name: str, most: int = MAX_NAME_WIDTH) -> str:
    return cut(words.names.shown(name), most)


def _act(words: Words, answer: Answer) -> tuple[str, str]:
    table = words.ways
    blanks = {
        "name": _name(words, answer.route.shelter_name) if answer.route else "",
        "by": table.by_time.format(time=clock(answer.leave_by)) if answer.leave_by else table.early,
    }
    return table.acts[answer.advice].format(**blanks), table.act_titles[answer.advice].format(**blanks)


def _details(words: Words, answer: Answer) -> str:
    table = words.ways
    if answer.route is not None:
        return _route(words, answer.route)
    if answer.advice is Advice.GO_UP and answer.action:
        return go_up_text(answer.action, words, refuge=_refuge(words, answer))
    if answer.advice is Advice.LEAVE_EARLY:
        return table.leave_to.format(name=_refuge(words, answer)) if answer.refuge else table.leave_how
    return table.no_way


def _route(words: Words, route: Route) -> str:
    table, names = words.ways, words.names
    turns = names.comma.join(_turn(words, turn) for turn in route.turns[:TURNS_TOLD])
    sentences = (
        table.walk.format(minutes=minutes(route.walk_seconds), slow=minutes(route.slow_seconds)),
        table.turns.format(turns=turns) if turns else "",
        table.designated if route.offer is Offer.DESIGNATED else "",
        table.unconfirmed.format(time=clock(route.unconfirmed[0].reported_at)) if route.unconfirmed else "",
        table.turn_back,
    )
    return names.gap.join(sentence for sentence in sentences if sentence)


def _turn(words: Words, turn: Turn) -> str:
    table = words.ways
    street, at = (_name(words, name, MAX_PLACE_WIDTH) if name else "" for name in (turn.street, turn.at))
    template = (table.turn_street_at if at else table.turn_street) if street else table.turn_at if at else table.turn
    return template.format(street=street, metres=turn.metres, at=at, side=table.sides[turn.side])


def _step_free(words: Words, answer: Answer) -> str:
    table = words.ways
    if answer.route is not None:
        name = _name(words, answer.route.shelter_name)
        return table.step_free_way.format(name=name, slow=minutes(answer.route.slow_seconds))
    if answer.action:
        return table.step_free_act.format(act=go_up_text(answer.action, words, refuge=_refuge(words, answer)))
    return table.step_free_none


def _refuge(words: Words, answer: Answer) -> str:
    return _name(words, answer.refuge) if answer.refuge else ""
