"""How deep water would stand: the six ranks of the flood maps, and what is not known.

Source: 洪水浸水想定区域図作成マニュアル and the code list of 国土数値情報 A31 (浸水深ランク, 1 to 6). `None` is
"not known": for a way it counts as the deepest, in a text it is said to be unknown, and never as dry.
"""

from collections.abc import Iterable
from enum import IntEnum

from alerts.languages.known import words_of
from alerts.languages.river import depth_words


class DepthRank(IntEnum):
    """A rank and its lower bound; the upper bound is the next one's."""

    UNDER_HALF_M = 1
    FROM_HALF_M = 2
    FROM_3_M = 3
    FROM_5_M = 4
    FROM_10_M = 5
    FROM_20_M = 6


DEEPEST = DepthRank.FROM_20_M

_TEXT = {
    DepthRank.UNDER_HALF_M: ("0.5m未満", "less than 0.5 m"),
    DepthRank.FROM_HALF_M: ("0.5m以上3m未満", "0.5 m to 3 m"),
    DepthRank.FROM_3_M: ("3m以上5m未満", "3 m to 5 m"),
    # Older maps end at "5 m and more": without an upper bound these texts are true of both.
    DepthRank.FROM_5_M: ("5m以上", "5 m or more"),
    DepthRank.FROM_10_M: ("10m以上", "10 m or more"),
    DepthRank.FROM_20_M: ("20m以上", "20 m or more"),
}

# A31-12 (2012), attribute A31_001: five steps 11-15 and seven steps 21-27. A step that spans two ranks
# takes the deeper one: 2-5 m may be 4.9 m.
_CODES_OF_2012 = {
    11: DepthRank.UNDER_HALF_M,
    12: DepthRank.FROM_HALF_M,
    13: DepthRank.FROM_HALF_M,
    14: DepthRank.FROM_3_M,
    15: DepthRank.FROM_5_M,
    21: DepthRank.UNDER_HALF_M,
    22: DepthRank.FROM_HALF_M,
    23: DepthRank.FROM_HALF_M,
    24: DepthRank.FROM_HALF_M,
    25: DepthRank.FROM_3_M,
    26: DepthRank.FROM_3_M,
    27: DepthRank.FROM_5_M,
}


def depth_of_code(code: object) -> DepthRank | None:
    """Return the rank of a map's depth code, 1-6 or of 2012; None for whatever is neither."""
    text = str(code).strip()
    if not text.isascii() or not text.removesuffix(".0").isdigit():
        return None
    number = int(text.removesuffix(".0"))
    return DepthRank(number) if 1 <= number <= len(DepthRank) else _CODES_OF_2012.get(number)


def deepest(ranks: Iterable[DepthRank | None]) -> DepthRank | None:
    """Return the deepest of *ranks*; None as soon as one of them is not known, and for none at all."""
    found = list(ranks)
    known = [rank for rank in found if rank is not None]
    return max(known) if found and len(known) == len(found) else None


def depth_to_avoid(rank: DepthRank | None) -> DepthRank:
    """Return the rank that a way must reckon with: not known is the deepest."""
    return DEEPEST if rank is None else rank


def depth_text(rank: DepthRank | None, language: str) -> str:
    """Return the depth in words; what is not known is said so, and a language that is not known reads English."""
    words = words_of(language)
    if words is not None:
        return depth_words(words, None if rank is None else int(rank))
    japanese = language.startswith("ja")
    if rank is None:
        return "深さ不明" if japanese else "depth unknown"
    return _TEXT[rank][0 if japanese else 1]
