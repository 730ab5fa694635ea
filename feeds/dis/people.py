"""Numbers of people as offices write them: 「屋内480人／屋外3,350人(面積の1/2)」, １２０名, 約50人."""

import re
import unicodedata
from dataclasses import dataclass

# No site takes more: Tokyo's largest park is meant for some 200,000.
MAX_PEOPLE = 2_000_000

_COUNT = r"(\d{1,3}(?:[,，]\d{3})+|\d{1,7})"
_PEOPLE = re.compile(_COUNT + r"\s*(?:人|名)")
_INSIDE = re.compile(r"屋内\D{0,3}" + _COUNT)
_OUTSIDE = re.compile(r"屋外\D{0,3}" + _COUNT)
_TOTAL = re.compile(r"(?:合計|総数|計)\D{0,3}" + _COUNT)
_RANGE = re.compile(_COUNT + r"\s*(?:人|名)?\s*[~～〜\-－ー]\s*" + _COUNT)


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many a site takes under its roof and in the open; None where the text does not say."""

    inside: int | None
    outside: int | None

    @property
    def people(self) -> int | None:
        """Return how many a shelter takes: those inside, and where it is ground in the open, those there."""
        return self.inside or self.outside or self.inside


def capacity_of(text: str) -> Capacity:
    """Return the capacity in *text*.

    Errs towards fewer: of a range the lower end, of several rooms without a sum the largest alone. A site
    believed too small turns people to the next one, a site believed too large turns them away at its door.
    """
    said = unicodedata.normalize("NFKC", text)
    inside, outside = _INSIDE.search(said), _OUTSIDE.search(said)
    if inside or outside:
        return Capacity(_number(inside), _number(outside))
    return Capacity(people_of(said), None)


def people_of(text: str) -> int | None:
    """Return the number of people in *text*, None where there is none. "約50人" is 50, "なし" is nobody known."""
    said = unicodedata.normalize("NFKC", text).strip()
    if re.fullmatch(_COUNT + r"(?:\.0)?", said):
        return _within(said.removesuffix(".0"))
    total = _TOTAL.search(said) or _RANGE.search(said)
    if total:
        return _number(total)
    found = [_within(number) for number in _PEOPLE.findall(said)]
    known = [number for number in found if number is not None]
    return max(known) if known else None


def _number(found: re.Match[str] | None) -> int | None:
    return _within(found.group(1)) if found else None


def _within(digits: str) -> int | None:
    number = int(digits.replace(",", "").replace("，", ""))
    return number if number <= MAX_PEOPLE else None
