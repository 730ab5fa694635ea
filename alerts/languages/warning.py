"""Write a warning from a language's table: what it says is the table's, in which order is the same in each.

Level, action and time stand in the first forty characters, and the place begins there (R15).
"""

from alerts.hazard import HazardKind
from alerts.languages.fill import body_of, day_of, issuer_of, level_of, listed_of, near_of, title_of, within
from alerts.languages.table import Words
from alerts.level import Level
from alerts.notice import ENDS, Phase, Text
from alerts.wording import LEVELLED, PartFacts, clock

_MOST_KINDS = 4


def write_warning(words: Words, facts: PartFacts) -> Text:
    """Return title and body for *facts*."""
    return within(words, lambda shown: (_title(words, facts), _body(words, facts, shown)))


def _kinds(facts: PartFacts) -> tuple[HazardKind, ...]:
    return tuple(dict.fromkeys(facts.hazards)) or (HazardKind.OTHER,)


def _blanks(words: Words, facts: PartFacts) -> dict[str, str]:
    names, kinds = words.names, _kinds(facts)
    return {
        "level": level_of(names, facts.level),
        "hazard": names.hazards[kinds[0]],
        "more": names.more_hazards if len(kinds) > 1 else "",
        "warning": names.warnings[facts.level] if facts.level is not None else "",
        "phase": names.phases[facts.phase],
        "severity": words.warnings.severities[facts.severity],
    }


def _title(words: Words, facts: PartFacts) -> str:
    table, new = words.warnings, facts.phase is Phase.ISSUED
    if facts.level is not None:
        templates = table.titles if new else table.titles_of_change
    else:
        templates = (table.title_without_level if new else table.title_of_change_without_level,)
    return title_of(templates, **_blanks(words, facts))


def _body(words: Words, facts: PartFacts, shown: int) -> str:
    table, names, kinds, blanks = words.warnings, words.names, _kinds(facts), _blanks(words, facts)
    issuer = issuer_of(names, facts.issuer, names.issuer)
    said = {
        "level": f"{blanks['level']} " if blanks["level"] else "",
        "what": (table.what if facts.level is not None else table.what_without_level).format(**blanks),
        "time": clock(facts.sent),
        "place": near_of(names, facts.area_names, facts.issuer),
    }
    listed_areas = listed_of(names, facts.area_names, shown)
    if facts.phase in ENDS:
        lifted = facts.phase is Phase.LIFTED
        first, more = (table.lifted, table.lifted_more) if lifted else (table.cancelled, table.cancelled_more)
        edge = names.edge if facts.partial else ""
        return body_of(
            names,
            (
                first.format(**said),
                listed_areas,
                edge,
                more.format(issuer=issuer, what=said["what"], not_gone=names.not_gone),
            ),
        )
    by_level = facts.level is not None and (kinds[0] in LEVELLED or facts.level is Level.SECURE_LIFE)
    own = table.actions[kinds[0]]
    action = table.level_actions[facts.level] if by_level and facts.level is not None else own
    listed = names.comma.join(names.hazards[kind] for kind in kinds[:_MOST_KINDS])
    return body_of(
        names,
        (
            table.first.format(action=action, **said),
            table.also.format(action=own) if by_level else "",
            listed_areas,
            table.did[facts.phase].format(issuer=issuer, what=said["what"]),
            names.edge if facts.partial else "",
            table.kinds.format(kinds=listed) if len(kinds) > 1 else "",
            table.until.format(until=day_of(names.day, facts.expires, facts.sent)),
        ),
    )
