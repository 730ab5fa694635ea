"""Wide-area themes beyond nature: road damage, health, suspicious persons, ward information.

A theme is a group of CAP categories with one answer to the question who may be told of it, and whether
anybody is. Natural hazards are no theme: whoever is in danger is told. Fails closed: a category that no
theme lists, and a theme that is not on, are recorded and told to nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from alerts.alert import AlertInfo
from alerts.cap import Category, ResponseType
from alerts.errors import PolicyError
from alerts.hazard import HazardKind


class Audience(StrEnum):
    """The class of people that a notice is for; a subscription has one too."""

    PUBLIC = "public"
    STAFF = "staff"  # ward and metropolitan officers: nothing of it is shown or sent to residents


@dataclass(frozen=True, slots=True)
class Theme:
    """One row of the policy's `[[theme]]` table."""

    name: str
    categories: frozenset[Category]
    audience: Audience
    on: bool


NATURE = frozenset({Category.MET, Category.GEO, Category.FIRE, Category.ENV, Category.CBRNE})
# What these feeds say is about nature or about leaving it, whatever category it is given.
_FEEDS_OF_NATURE = frozenset({"jma", "gauge", "forecast", "dis", "l-alert", "qzss"})
_THEMED = frozenset({HazardKind.HEALTH, HazardKind.SECURITY, HazardKind.TRANSPORT, HazardKind.OTHER})
UNLISTED = Theme("unlisted", frozenset(), Audience.STAFF, on=False)
_FIELDS = frozenset(Theme.__slots__)


def theme_of(themes: tuple[Theme, ...], feed: str, info: AlertInfo) -> Theme | None:
    """Return the theme of *info*, None for a natural hazard.

    Errs towards nature: a level, a call to evacuate, one natural category or none at all is enough.
    """
    natural = (
        feed in _FEEDS_OF_NATURE
        or info.level is not None
        or info.hazard not in _THEMED
        or ResponseType.EVACUATE in info.response_types
        or not info.categories
        or not NATURE.isdisjoint(info.categories)
    )
    if natural:
        return None
    return next((theme for theme in themes if not theme.categories.isdisjoint(info.categories)), UNLISTED)


def strictest(audiences: set[Audience]) -> Audience:
    """Return the narrowest of *audiences*: a document goes to nobody for whom a part of it is not."""
    return Audience.STAFF if Audience.STAFF in audiences else Audience.PUBLIC


def themes_from_plain(rows: object) -> tuple[Theme, ...]:
    """Return the themes of a policy's `[[theme]]` table, or raise `PolicyError`."""
    if not isinstance(rows, list):
        raise PolicyError("theme is not a list of tables: write [[theme]]")
    themes = tuple(_theme(row, number) for number, row in enumerate(rows, start=1))
    seen: set[Category] = set()
    for theme in themes:
        twice = seen & theme.categories
        if twice:
            raise PolicyError(f"theme {theme.name!r}: {sorted(twice)[0].value} is in another theme already")
        seen |= theme.categories
    return themes


def _theme(row: object, number: int) -> Theme:
    if not isinstance(row, Mapping):
        raise PolicyError(f"theme {number} is not a table")
    place = f"theme {row.get('name', number)!r}"
    if set(row) != _FIELDS:
        raise PolicyError(f"{place}: it has the fields {', '.join(sorted(_FIELDS))} and no others")
    if not isinstance(row["on"], bool) or not isinstance(row["categories"], list):
        raise PolicyError(f"{place}: on is true or false, categories is a list")
    try:
        categories = frozenset(map(Category, row["categories"]))
        audience = Audience(row["audience"])
    except ValueError as error:
        raise PolicyError(f"{place}: {error}") from None
    if not categories or not NATURE.isdisjoint(categories):
        # Else a line of the policy could silence a storm.
        raise PolicyError(f"{place}: it lists at least one category, and none of nature")
    return Theme(str(row["name"]), categories, audience, row["on"])
