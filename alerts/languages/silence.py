"""Write that there is no order yet from a language's table (R6)."""

from collections.abc import Iterable
from datetime import datetime

from alerts.languages.fill import body_of, level_of
from alerts.languages.table import Words
from alerts.level import Level
from alerts.notice import Text
from alerts.wording import clock


def write_silence(words: Words, level: Level, at: datetime, shelters: Iterable[str]) -> Text:
    """Return title and body; *shelters* are names as they are shown."""
    table, names = words.silences, words.names
    listed = names.comma.join(map(names.shown, shelters))
    sentences = (
        table.first.format(level=level_of(names, level), time=clock(at)),
        table.no_order,
        table.shelters.format(shelters=listed) if listed else table.no_shelters,
    )
    return Text(words.language, table.title, body_of(names, sentences))
