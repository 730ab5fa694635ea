"""Which 町丁目 an office means by one name: 「平井１～３丁目」「平井1丁目から3丁目」「平井一・三丁目」「江戸川区全域」.

Only what counts up is spelled out. A range that runs backwards, or further than any town has 丁目, stays as it is
written: nobody lists it, so a person looks. A town alone (平井, 平井全域) stands for all of it, as the lists have it.
"""

import re
import unicodedata

EVERYWHERE = "全域"
# The town with most 丁目 in Japan's lists has 42 (札幌市南); a typing error has hundreds.
MOST_CHOME = 50

_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
# 「ー」 and 「一」 look alike: a range sign stands between two numbers, so that a town's own long vowel is none.
_RANGE = r"\s*(?:~|〜|-|－|‐|−|―|–|ー|から|より|及び?至|乃至|ないし)\s*"
_LIST = r"\s*(?:・|、|,|及び|および|と)\s*"
_CHOME = r"(?:丁目)"
_COUNTED = re.compile(
    rf"(?P<town>.*?)(?P<numbers>{_NUMBER}{_CHOME}?(?:(?:{_RANGE}|{_LIST}).*{_CHOME})?|{_NUMBER}{_CHOME})"
)
_PIECE = re.compile(rf"(?P<first>{_NUMBER}){_CHOME}?(?:{_RANGE}(?P<last>{_NUMBER}){_CHOME}?(?:まで)?)?")
_BETWEEN = re.compile(_LIST)


def is_everywhere(name: str, municipality: str) -> bool:
    """Say whether *name* is the whole of *municipality*: 全域, 区内全域, 江戸川区全域, 江戸川区."""
    plain = _plain(name)
    within = ("", _plain(municipality), "区内", "市内", "町内", "村内", "管内")
    return plain == _plain(municipality) or any(plain == f"{start}{EVERYWHERE}" for start in within)


def names_meant(name: str) -> tuple[str, ...]:
    """Return the names of the 町丁目 that *name* stands for; the name itself where it is one already."""
    if EVERYWHERE in name:
        name = _plain(name).removesuffix(EVERYWHERE) or name
    plain = _plain(name)
    counted = _COUNTED.fullmatch(plain.removesuffix("まで"))
    if counted is None or not counted["numbers"].endswith("丁目"):
        return (name,)
    town = counted["town"]
    found: list[int] = []
    # 「平井1丁目から平井3丁目」 names its town twice.
    numbers = counted["numbers"].replace(town, "") if town else counted["numbers"]
    for piece in _BETWEEN.split(numbers):
        part = _PIECE.fullmatch(piece)
        if part is None:
            return (name,)
        first, last = _number(part["first"]), _number(part["last"] or part["first"])
        if first is None or last is None or not 0 < first <= last <= MOST_CHOME:
            return (name,)
        found += range(first, last + 1)
    # One is written as its office writes it: the lists are asked in any spelling.
    return tuple(f"{town}{number}丁目" for number in dict.fromkeys(found)) if len(set(found)) > 1 else (name,)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def _number(written: str) -> int | None:
    """Return 十二 as 12 and 23 as itself, None for what counts nothing (一二)."""
    if written.isdigit():
        return int(written)
    tens, ten, ones = written.partition("十")
    if not ten:
        return _DIGITS.get(written)
    if (tens and tens not in _DIGITS) or (ones and ones not in _DIGITS):
        return None
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
