"""What somebody types, found among named things: by its name, its code, or a part of the name that only one has.

Errs towards asking again: of two things with one name neither is taken.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.http.errors import FormWrong

_MOST_NAMED = 5
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Named(Generic[_T]):
    """A thing with its name; `code` tells it from another of the same name."""

    name: str
    code: str
    value: _T

    @property
    def label(self) -> str:
        """Return the name with its code, which nothing else has."""
        return f"{self.name}（{self.code}）"


def found_by_name(word: str, listed: Iterable[Named[_T]], *, what: str, reason: str) -> Named[_T]:
    """Return the one of *listed* that *word* names; raises `FormWrong` with `REASON-unknown` or `REASON-ambiguous`."""
    wanted = _plain(word)
    known = tuple(listed)
    for same in (
        [one for one in known if wanted in (one.code, _plain(one.label))],
        [one for one in known if wanted == _plain(one.name)],
        [one for one in known if wanted in _plain(one.name)],
    ):
        if len(same) == 1:
            return same[0]
        if same:
            names = [one.name for one in same]
            said = [one.label if names.count(one.name) > 1 else one.name for one in same[:_MOST_NAMED]]
            more = f"など{len(same)}件" if len(same) > _MOST_NAMED else ""
            raise FormWrong(
                f"「{word}」に当たる{what}は1つではありません：{'、'.join(said)}{more}。どれか1つを書いてください。",
                f"{reason}-ambiguous",
            )
    raise FormWrong(f"「{word}」という{what}が見つかりません。", f"{reason}-unknown")


def _plain(word: str) -> str:
    # The brackets of a label, as a form's reading makes them of what a keyboard for Japanese wrote.
    return "".join(word.split()).replace("(", "（").replace(")", "）")
