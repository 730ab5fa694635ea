"""The languages that a notice is written in, and the table of each that has one."""

from collections.abc import Mapping

from alerts.languages import ja_hira, ko, zh_hans
from alerts.languages.table import Words

TABLES: Mapping[str, Words] = {one.language: one for one in (ja_hira.WORDS, zh_hans.WORDS, ko.WORDS)}
# Japanese is first: a version that knows no "ja-Hira" takes the first whose tag begins with "ja".
LANGUAGES = ("ja", "en", *TABLES)


def words_of(language: str) -> Words | None:
    """Return the table of *language*, None for Japanese, for English and for whoever reads one of these instead."""
    return TABLES.get(language)
