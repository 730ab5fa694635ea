"""How Japanese names are read: in kana, in hangul for a reader of Korean, in Latin letters for one of English.

Only names whose reading is known here are written otherwise; any other stays as it is written, because a wrong reading
sends people to another place. Hangul follows the rules for Japanese names of the National Institute of Korean Language
(외래어 표기법, 표 4): a voiceless sound at the beginning of a word is written softly, long vowels are not written.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

# The wards, the prefectures around them, and who speaks. The readings are those that they use of themselves.
READINGS: Mapping[str, str] = {
    "千代田区": "ちよだく", "中央区": "ちゅうおうく", "港区": "みなとく", "新宿区": "しんじゅくく",
    "文京区": "ぶんきょうく",
    "台東区": "たいとうく", "墨田区": "すみだく", "江東区": "こうとうく", "品川区": "しながわく", "目黒区": "めぐろく",
    "大田区": "おおたく", "世田谷区": "せたがやく", "渋谷区": "しぶやく", "中野区": "なかのく", "杉並区": "すぎなみく",
    "豊島区": "としまく", "北区": "きたく", "荒川区": "あらかわく", "板橋区": "いたばしく", "練馬区": "ねりまく",
    "足立区": "あだちく", "葛飾区": "かつしかく", "江戸川区": "えどがわく", "東京都": "とうきょうと",
    "神奈川県": "かながわけん", "埼玉県": "さいたまけん", "千葉県": "ちばけん",
    "荒川": "あらかわ", "隅田川": "すみだがわ",
    "江戸川": "えどがわ", "中川": "なかがわ", "多摩川": "たまがわ", "神田川": "かんだがわ", "目黒川": "めぐろがわ",
    "石神井川": "しゃくじいがわ", "新河岸川": "しんがしがわ", "綾瀬川": "あやせがわ", "善福寺川": "ぜんぷくじがわ",
    "妙正寺川": "みょうしょうじがわ", "渋谷川・古川": "しぶやがわ・ふるかわ", "野川": "のがわ", "仙川": "せんがわ",
    "東京湾内湾": "とうきょうわん ないわん",
}  # fmt: skip
WARDS = tuple(name for name in READINGS if name.endswith("区"))
# As the wards and the agencies write themselves in English, without the marks of long vowels.
LATIN: Mapping[str, str] = {
    "千代田区": "Chiyoda", "中央区": "Chuo", "港区": "Minato", "新宿区": "Shinjuku", "文京区": "Bunkyo",
    "台東区": "Taito", "墨田区": "Sumida", "江東区": "Koto", "品川区": "Shinagawa", "目黒区": "Meguro", "大田区": "Ota",
    "世田谷区": "Setagaya", "渋谷区": "Shibuya", "中野区": "Nakano", "杉並区": "Suginami", "豊島区": "Toshima",
    "北区": "Kita", "荒川区": "Arakawa", "板橋区": "Itabashi", "練馬区": "Nerima", "足立区": "Adachi",
    "葛飾区": "Katsushika", "江戸川区": "Edogawa", "東京都": "Tokyo", "神奈川県": "Kanagawa", "埼玉県": "Saitama",
    "千葉県": "Chiba", "荒川": "Arakawa River", "隅田川": "Sumida River", "江戸川": "Edogawa River",
    "中川": "Nakagawa River", "多摩川": "Tamagawa River", "神田川": "Kanda River", "目黒川": "Meguro River",
    "石神井川": "Shakujii River", "新河岸川": "Shingashi River", "綾瀬川": "Ayase River",
    "善福寺川": "Zempukuji River", "妙正寺川": "Myoshoji River", "渋谷川・古川": "Shibuya River",
    "野川": "Nogawa River", "仙川": "Sengawa River", "東京湾内湾": "Inner Tokyo Bay",
    "東京都２３区": "Tokyo's 23 wards", "東京都23区": "Tokyo's 23 wards",
    "２３区西部": "Western 23 wards", "２３区東部": "Eastern 23 wards",
    "23区西部": "Western 23 wards", "23区東部": "Eastern 23 wards", "東京地方": "Tokyo mainland",
    "伊豆諸島": "Izu Islands", "小笠原諸島": "Ogasawara Islands", "気象庁": "JMA", "国土交通省": "MLIT",
    "国土交通省関東地方整備局": "MLIT Kanto",
    "消防庁": "FDMA", "内閣府": "Cabinet Office",
}  # fmt: skip
# Offices have names in Korean of their own: what they do, not how they sound.
_OFFICES_KO: Mapping[str, str] = {
    "気象庁": "일본 기상청", "国土交通省": "국토교통성", "東京都": "도쿄도", "消防庁": "소방청", "内閣府": "내각부",
    "東京湾内湾": "도쿄만 내만",
}  # fmt: skip
_OFFICES_ZH: Mapping[str, str] = {
    "気象庁": "日本气象厅", "国土交通省": "国土交通省", "消防庁": "消防厅", "内閣府": "内阁府", "東京都": "东京都",
}  # fmt: skip
_OFFICES_HIRA: Mapping[str, str] = {
    "気象庁": "きしょうちょう", "国土交通省": "こくどこうつうしょう", "消防庁": "しょうぼうちょう",
    "内閣府": "ないかくふ",
}  # fmt: skip
# What a place is, is translated: 江東区 is 고토구 and 荒川 is 아라카와강.
_KINDS_KO = (("区", "く", "구"), ("県", "けん", "현"), ("川", "わ", "강"))
# Streets and shelters are read for every cell of an order.
_NAMES_KEPT = 16_384
_BETWEEN = re.compile("([・、 ])")
_BETWEEN_LATIN = re.compile("(?<=[A-Za-z])・(?=[A-Za-z])")
# What an area along a river is called where nobody named one (`geo.claims`).
_ZONE = "の浸水想定区域"
# What follows a ward in the name of an office or a school, which is one name: 江東区立, 中央区民, 北区役所.
_OF_A_WARD = "立民役長議"

_INITIALS = {"k": (0, 15), "t": (3, 16), "s": (9, 9), "n": (2, 2), "h": (18, 18), "m": (6, 6), "r": (5, 5), "g": (0, 0),
             "z": (12, 12), "d": (3, 3), "b": (7, 7), "p": (17, 17), "": (11, 11), "j": (12, 12), "c": (12, 14),
             "ts": (10, 10)}  # fmt: skip
_VOWELS = {"a": 0, "i": 20, "u": 13, "e": 5, "o": 8, "ya": 2, "yu": 17, "yo": 12, "wa": 9, "eu": 18}
_SYLLABLES = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ", "h": "ハヒフヘホ",
    "m": "マミムメモ", "r": "ラリルレロ", "g": "ガギグゲゴ", "z": "ザジズゼゾ", "d": "ダヂヅデド", "b": "バビブベボ",
    "p": "パピプペポ",
}  # fmt: skip
_FINAL_N, _FINAL_S = 4, 19
_FIRST_LETTER, _LAST_LETTER = "ァ", "ヶ"


@lru_cache(maxsize=_NAMES_KEPT)
def in_kana(name: str) -> str:
    """Return *name* in kana as far as its reading is known, else as it is written."""
    return _read(name, _KANA)


@lru_cache(maxsize=_NAMES_KEPT)
def in_hangul(name: str) -> str:
    """Return *name* in hangul as far as its reading is known, else as it is written."""
    return _read(name, _HANGUL)


@lru_cache(maxsize=_NAMES_KEPT)
def in_latin(name: str) -> str:
    """Return *name* in Latin letters as far as they are known, else as it is written: never a ward in characters."""
    zone = name.removesuffix(_ZONE)
    if zone != name and zone in LATIN:
        return f"{LATIN[zone]} flood zone"
    return _BETWEEN_LATIN.sub("/", _read(name, LATIN))


@lru_cache(maxsize=_NAMES_KEPT)
def in_chinese(name: str) -> str:
    """Return *name* as it is written, which is how it stands on signs; what offices are called is translated."""
    return "".join(_OFFICES_ZH.get(part, part) for part in _BETWEEN.split(name))


def hangul(kana: str) -> str:
    """Return hiragana in hangul, word by word."""
    return re.sub(r"[ぁ-ゖー]+", lambda word: _word(word.group()), kana)


def _read(name: str, known: Mapping[str, str]) -> str:
    if name in known:
        return known[name]
    parts = _BETWEEN.split(name)
    if len(parts) > 1:
        return "".join(part if _BETWEEN.fullmatch(part) else _read(part, known) for part in parts)
    # 江東区豊洲一丁目: the ward is read, the rest is as it stands on signs. 江東区立小学校 is one name, and not cut.
    before = next((first for first in known if first[-1] in "区都" and name.startswith(first)), "")
    rest = name.removeprefix(before)
    apart = rest in known or rest.endswith(("丁目", "町")) or (before in WARDS and rest[:1] not in _OF_A_WARD)
    return f"{known[before]} {_read(rest, known)}" if before and apart else name


def _place(name: str, kana: str) -> str:
    for written, read, kind in _KINDS_KO:
        if name.endswith(written) and kana.endswith(read):
            # The last sound belongs to the name, so that it is not written as the beginning of a word.
            return hangul(kana) + "강" if written == "川" else hangul(kana.removesuffix(read)) + kind
    return hangul(kana)


def _word(kana: str) -> str:
    letters = "".join(chr(ord(letter) + 0x60) if "ぁ" <= letter <= "ゖ" else letter for letter in kana)
    found: list[tuple[int, int, int]] = []  # initial, vowel and final of each block
    vowel_before = ""
    at = 0
    while at < len(letters):
        letter, small = letters[at], letters[at + 1 : at + 2]
        if letter in "ンッ":
            if found:
                found[-1] = (*found[-1][:2], _FINAL_N if letter == "ン" else _FINAL_S)
            at += 1
            continue
        if (
            letter == "ー"
            or (letter == "ウ" and vowel_before in ("o", "yo", "yu", "u"))
            or (letter == "オ" and vowel_before == "o")
        ):
            at += 1  # a long vowel is not written
            continue
        initial, vowel = _sound(letter, small)
        at += 2 if small in "ャュョ" and small else 1
        vowel_before = vowel if vowel != "eu" else "u"
        found.append((_INITIALS[initial][1 if found else 0], _VOWELS[vowel], 0))
    return "".join(chr(0xAC00 + (initial * 21 + vowel) * 28 + final) for initial, vowel, final in found)


def _sound(letter: str, small: str) -> tuple[str, str]:
    """Return initial and vowel of one kana, with the small one behind it."""
    for fixed, sound in (("ヤ", "ya"), ("ユ", "yu"), ("ヨ", "yo"), ("ワ", "wa"), ("ヲ", "o")):
        if letter == fixed:
            return "", sound
    initial, row = next((initial, row) for initial, row in _SYLLABLES.items() if letter in row)
    vowel = "aiueo"[row.index(letter)]
    if small in "ャュョ" and small:
        vowel = {"ャ": "ya", "ュ": "yu", "ョ": "yo"}[small]
    if letter in "チツ":
        initial = "c" if letter == "チ" else "ts"
    elif letter in "ジヂヅ":
        initial = "j"
    if initial in ("c", "j", "z") and vowel in ("ya", "yu", "yo"):
        vowel = vowel[1:]  # 쟈 is written 자
    if vowel == "u" and letter in "スズツヅ":
        vowel = "eu"
    return initial, vowel


_KANA: Mapping[str, str] = {**READINGS, **_OFFICES_HIRA}
_HANGUL: Mapping[str, str] = {**{name: _place(name, kana) for name, kana in READINGS.items()}, **_OFFICES_KO}
