"""Write of somebody else's place from a language's table: what was said there, and nothing to do (R5)."""

from alerts.hazard import HazardKind
from alerts.languages.fill import body_of, issuer_of, level_of, listed_of, near_of, title_of, within
from alerts.languages.table import Words
from alerts.notice import ENDS, SAID_OVER, Notice, NoticePart, Phase, Text
from alerts.wording import clock


def write_information(words: Words, notice: Notice, part: NoticePart, *, order: bool, warning: bool = True) -> Text:
    """Return title and body; *order* says that the level of *part* is an order's, *warning* that it is a warning's."""
    table, names = words.informations, words.names
    hazard = names.hazards[part.hazards[0] if part.hazards else HazardKind.OTHER]
    # Where nobody has warned, what ends was said of orders: the danger that is named did not end.
    ended = part.phase in ENDS and not warning
    level, phase = level_of(names, part.level), names.phases[Phase.CHANGED if ended else part.phase]
    if part.level is not None and order and part.level in names.orders:
        what = table.order.format(order=names.orders[part.level], hazard=hazard)
    elif part.level is not None and warning and not order:
        what = table.warning.format(hazard=hazard, warning=names.warnings[part.level])
    else:
        what = table.information.format(hazard=hazard)
    title = title_of(table.titles_of_change if phase else (table.title,), hazard=hazard, phase=phase)

    def body(shown: int) -> str:
        said = {
            "issuer": issuer_of(names, notice.issuer, names.issuer),
            "place": near_of(names, part.area_names, notice.issuer),
            "what": what,
            "phase": phase,
        }
        first = table.first if level else table.first_without_level
        return body_of(
            names,
            (
                first.format(level=level, time=clock(notice.sent), place=said["place"]),
                (table.changed if phase else table.issued).format(**said),
                listed_of(names, part.area_names, shown),
                table.not_for_you,
                names.not_gone if part.phase in SAID_OVER else "",
            ),
        )

    return within(words, lambda shown: (title, body(shown)))
