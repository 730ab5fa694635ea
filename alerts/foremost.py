"""How a push names its place where a lock screen still shows it: one name, and how many more there are (R15).

The whole list stands further down in the text. Whoever has places in two wards must see which one it is without
unlocking: so a list becomes its ward, and a name that is too long is cut, never left out. Cutting is the safe
direction: what to do stands in the same forty characters.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from alerts.languages.readings import WARDS, in_latin
from alerts.wording import names_of

# 千代田区神田佐久間町一丁目, the longest in the 23 wards; beside it an action and a time are still to be said.
MOST_CHARACTERS = 13
# The same areas are named in every language and revision.
_NAMES_KEPT = 16_384


@dataclass(frozen=True, slots=True)
class Foremost:
    """`name` and, where there are `others`, how many; `inside` says that all of them lie in the ward of that name."""

    name: str
    others: int = 0
    inside: bool = False


def foremost(area_names: Iterable[str], issuer: str = "") -> Foremost | None:
    """Return what stands for *area_names* as they are in Japanese, None without any.

    *issuer* is who orders: a ward orders for itself alone (R7), so that its 町丁目 are its own. Some names are of
    several wards (本町一丁目).
    """
    names = names_of(area_names)
    if not names:
        return None
    wards = tuple(dict.fromkeys(_ward(name) or (issuer if issuer in WARDS else "") for name in names))
    if len(names) == 1:
        bare = wards[0] and not _ward(names[0])
        return Foremost(_short(f"{wards[0]}{names[0]}" if bare else names[0]))
    if len(wards) == 1 and wards[0]:
        return Foremost(wards[0], len(names), inside=True)
    return Foremost(_short(wards[0] or names[0]), len(names) - 1)


def foremost_ja(area_names: Iterable[str], issuer: str = "") -> str:
    """Return it in Japanese, with the blank that parts it from the time before it; "" without any."""
    found = foremost(area_names, issuer)
    if found is None:
        return ""
    if found.inside:
        return f" {found.name}の{found.others}か所"
    return f" {found.name}ほか{found.others}か所" if found.others else f" {found.name}"


def foremost_en(area_names: Iterable[str], issuer: str = "") -> str:
    """Return it in English: it begins the sentence, because there is no room for it behind an action."""
    found = foremost(area_names, issuer)
    if found is None:
        return "Your area"
    name = in_latin(found.name)
    if found.inside:
        return f"{name} ({found.others} areas)"
    return f"{name} +{found.others}" if found.others else name


@lru_cache(maxsize=_NAMES_KEPT)
def _ward(name: str) -> str:
    return next((ward for ward in WARDS if name.startswith(ward)), "")


def _short(name: str) -> str:
    return name if len(name) <= MOST_CHARACTERS else f"{name[: MOST_CHARACTERS - 1]}…"
