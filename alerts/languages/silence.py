"""Write that there is no order yet (R6), or that only another ward has ordered (R7), and its end, from a table."""

from collections.abc import Iterable
from datetime import datetime

from alerts.languages.fill import body_of, level_of
from alerts.languages.table import Words
from alerts.level import Level
from alerts.notice import Text
from alerts.silence_over import SilenceOver
from alerts.wording import clock


def write_silence(
    words: Words, level: Level, at: datetime, shelters: Iterable[str], neighbour: str = "", areas: str = ""
) -> Text:
    """Return title and body; *shelters* and the *neighbour* that has ordered are names as they are shown.

    *areas* names the place within the first forty characters.
    A neighbour begins the second sentence, where it is not taken for the place of the reader.
    """
    table, names = words.silences, words.names
    listed = names.comma.join(map(names.shown, shelters))
    across = table.across.format(
        ward=names.shown(neighbour), order=names.orders.get(level, names.orders[Level.ALL_LEAVE])
    )
    place = f" {areas}" if areas and not neighbour else ""
    sentences = (
        table.first.format(level=level_of(names, level), time=clock(at), place=place),
        across if neighbour else table.no_order,
        table.shelters.format(shelters=listed) if listed else table.no_shelters,
    )
    return Text(words.language, table.title_across if neighbour else table.title, body_of(names, sentences))


def write_silence_end(words: Words, why: SilenceOver, at: datetime, neighbour: str = "") -> Text:
    """Return title and body of the end of what `write_silence` said; it never reads as safety."""
    table, names = words.silences, words.names
    said = table.ends[why].format(time=clock(at), ward=names.shown(neighbour))
    return Text(words.language, table.titles_of_end[why], body_of(names, (said, names.not_gone)))
