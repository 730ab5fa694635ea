"""Write an order to leave, its end, or that it goes on, from a language's table.

Level, action and time come first, then the place.
"""

from alerts.hazard import HazardKind
from alerts.languages.fill import body_of, day_of, issuer_of, level_of, listed_of, near_of, title_of, within
from alerts.languages.table import Words
from alerts.level import Level
from alerts.notice import ENDS, Phase, Text
from alerts.wording import PartFacts, clock


def write_order(words: Words, facts: PartFacts, level: Level) -> Text:
    """Return title and body of an order of *level*."""
    table, names = words.orders, words.names
    said = _said(words, facts, level)
    title = title_of(table.titles_of_change if said["phase"] else table.titles, **said)
    edge = names.edge if facts.partial else ""

    def body(shown: int) -> str:
        listed = listed_of(names, facts.area_names, shown)
        if facts.phase in ENDS:
            lifted = facts.phase is Phase.LIFTED
            first, by = (table.lifted, table.lifted_by) if lifted else (table.cancelled, table.cancelled_by)
            return body_of(names, (first.format(**said), listed, by.format(**said), names.not_gone))
        first = table.first.format(action=table.actions[level], **said)
        return body_of(names, (first, table.more[level], listed, table.by.format(**said), edge, table.holds))

    return within(words, lambda shown: (title, body(shown)))


def write_extension(words: Words, facts: PartFacts, level: Level) -> Text:
    """Return title and body of an order of *level* that goes on, until `facts.expires` for now.

    The new end stands before the place, and is never more than three days off: its day of the month is enough.
    """
    table, names = words.orders, words.names
    said = {**_said(words, facts, level), "until": day_of(table.goes_on_until, facts.expires, facts.sent)}
    title = title_of(table.goes_on_titles, **said)
    first = table.goes_on.format(action=table.actions[level], **said)
    by = table.goes_on_by.format(**said)

    def body(shown: int) -> str:
        listed = listed_of(names, facts.area_names, shown)
        return body_of(names, (first, table.more[level], listed, by, table.holds))

    return within(words, lambda shown: (title, body(shown)))


def _said(words: Words, facts: PartFacts, level: Level) -> dict[str, str]:
    names = words.names
    return {
        "level": level_of(names, level),
        "order": names.orders[level],
        "phase": names.phases[facts.phase],
        "hazard": names.hazards[facts.hazards[0] if facts.hazards else HazardKind.OTHER],
        "issuer": issuer_of(names, facts.issuer, names.municipality),
        "time": clock(facts.sent),
        "place": near_of(names, facts.area_names, facts.issuer),
    }
