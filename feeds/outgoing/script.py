"""What a voice reads over a ward's loudspeakers, with its kana: no longer than a minute, drill or not.

Written from level, danger and area names by fixed sentences, whose kana stand beside them; only names need a reading
from the ward's own table. A name without one is shown as it is written and listed: a person reads it right, a machine
must not guess. Areas are left out from the end until it fits a minute, and then the script says that there are more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticePart, Phase
from alerts.order_words import ORDER_NAMES_JA
from alerts.wording import JAPAN, shown_name
from alerts.words import HAZARDS_JA

MOST_SECONDS = 60.0
# Loudspeakers outdoors echo: read at about two thirds of a newsreader's pace, with a pause after each sentence.
MORAE_A_SECOND = 5.5
PAUSE_SECONDS = 0.8
# Few characters of place names are read with more than three morae.
_LONGEST_READING = 3
_SMALL = frozenset("ぁぃぅぇぉゃゅょゎァィゥェォャュョヮ")
_SILENT = frozenset("、。「」 ・\n")

Said = tuple[str, str]  # as it is written, and in kana

_HAZARD_KANA: Mapping[HazardKind, str] = {
    HazardKind.HEAVY_RAIN: "おおあめ", HazardKind.LANDSLIDE: "どしゃさいがい", HazardKind.FLOOD: "こうずい",
    HazardKind.STORM_SURGE: "たかしお", HazardKind.STORM: "ぼうふう", HazardKind.HEAVY_SNOW: "おおゆき",
    HazardKind.TSUNAMI: "つなみ", HazardKind.EARTHQUAKE: "じしん", HazardKind.FIRE: "かさい",
    HazardKind.VOLCANO: "かざん", HazardKind.RECORD_RAIN: "きろくてきおおあめ",
}  # fmt: skip
_LEVEL_KANA = ("", "いち", "に", "さん", "よん", "ご")
_ORDER_KANA = {
    Level.ELDERLY_LEAVE: "こうれいしゃとうひなん",
    Level.ALL_LEAVE: "ひなんしじ",
    Level.SECURE_LIFE: "きんきゅうあんぜんかくほ",
}
_ACTIONS: Mapping[Level, Said] = {
    Level.ELDERLY_LEAVE: (
        "高齢の方など、避難に時間のかかる方は、危険な場所から避難してください。",
        "こうれいのかたなど、ひなんにじかんのかかるかたは、きけんなばしょからひなんしてください。",
    ),
    Level.ALL_LEAVE: (
        "危険な場所から、全員、避難してください。外が危険なときは、建物の高い階へ移ってください。",
        "きけんなばしょから、ぜんいん、ひなんしてください。そとがきけんなときは、たてもののたかいかいへうつってください。",
    ),
    Level.SECURE_LIFE: (
        "命の危険が迫っています。今いる場所で、少しでも安全な所へ移ってください。",
        "いのちのきけんがせまっています。いまいるばしょで、すこしでもあんぜんなところへうつってください。",
    ),
}
_INFORM: Said = (
    "最新の情報を確かめ、危険な場所に近づかないでください。",
    "さいしんのじょうほうをたしかめ、きけんなばしょにちかづかないでください。",
)
_ENDED: Mapping[Phase, Said] = {
    Phase.LIFTED: ("を解除しました。", "をかいじょしました。"),
    Phase.CANCELLED: ("を取り消しました。", "をとりけしました。"),
}
_NOT_SAFE: Said = (
    "危険がなくなったという知らせではありません。周囲に注意してください。",
    "きけんがなくなったというしらせではありません。しゅういにちゅういしてください。",
)
_DRILL: Said = ("これは、訓練です。", "これは、くんれんです。")
_CORRECTED: Said = ("訂正します。", "ていせいします。")
_URGENT: Said = ("緊急放送、緊急放送。", "きんきゅうほうそう、きんきゅうほうそう。")
_AND_MORE: Said = ("など", "など")
_EVERYWHERE: Said = ("対象の地域", "たいしょうのちいき")


@dataclass(frozen=True, slots=True)
class Script:
    """What is read. `seconds` is reckoned from the kana; `unread` are names whose reading nobody gave."""

    text: str
    kana: str
    seconds: float
    unread: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """Return the sheet that an announcer is given."""
        lines = [self.text, "", self.kana, "", f"約{self.seconds:.0f}秒"]
        if self.unread:
            lines.append("読みを確かめる名前: " + "、".join(self.unread))
        return ("\n".join(lines) + "\n").encode()


def script_of(notice: Notice, ward: str, readings: Mapping[str, str]) -> Script | None:
    """Return what *ward* says of *notice*, None where it says nothing; *readings* are names and their kana."""
    parts = [part for part in notice.parts if part.texts]
    if not parts:
        return None
    part = min(parts, key=lambda one: one.rank)
    names = tuple(
        dict.fromkeys(name for one in parts if one.level == part.level for name in map(shown_name, one.area_names))
    )
    for shown in range(len(names), -1, -1):
        script = _script(notice, part, ward, names[:shown], len(names) > shown, readings)
        if script.seconds <= MOST_SECONDS or not shown:
            return script
    raise AssertionError("a script without a name fits a minute")


def seconds_of(kana: str) -> float:
    """Return how long *kana* takes to be read; what is still no kana counts as the longest that it may become."""
    morae = sum(
        _LONGEST_READING if letter >= "\u4e00" else 1
        for letter in kana
        if letter not in _SMALL and letter not in _SILENT
    )
    return morae / MORAE_A_SECOND + kana.count("。") * PAUSE_SECONDS


def _script(
    notice: Notice, part: NoticePart, ward: str, names: Sequence[str], more: bool, readings: Mapping[str, str]
) -> Script:
    unread = tuple(name for name in (ward, *names) if name not in readings)
    station: Said = (f"こちらは、防災{ward}です。", f"こちらは、ぼうさい{readings.get(ward, ward)}です。")
    where = _joined([(name, readings.get(name, name)) for name in names]) if names else _EVERYWHERE
    if names and more:
        where = _plus(where, _AND_MORE)
    drill = [_DRILL] if notice.lane is Lane.DRILL else []
    said = [station, *drill]
    if part.phase is Phase.CORRECTED:
        said.append(_CORRECTED)
    ended = _ENDED.get(part.phase)
    what = _what(part)
    at = _clock(notice.sent)
    if ended is not None:
        said += [_plus(at, ("、", "、"), where, ("の", "の"), what, ended), _NOT_SAFE]
    else:
        if (part.level or 0) >= Level.ALL_LEAVE:
            said.append(_URGENT)
        given = ("を出しました。", "をだしました。") if _is_order(part) else ("が出ています。", "がでています。")
        level = _level(part)
        action = _ACTIONS.get(part.level, _INFORM) if part.level is not None and _is_order(part) else _INFORM
        said += [_plus(level, at, ("、", "、"), where, ("に、", "に、"), what, given), action]
    said += [*drill, station]
    text, kana = _plus(*said)
    return Script(text, kana, seconds_of(kana), unread)


def _is_order(part: NoticePart) -> bool:
    return any(name in part.texts[0].title for name in ORDER_NAMES_JA.values())


def _level(part: NoticePart) -> Said:
    if part.level is None:
        return "", ""
    return f"警戒レベル{part.level.value}。", f"けいかいれべる{_LEVEL_KANA[part.level.value]}。"


def _what(part: NoticePart) -> Said:
    hazard = part.hazards[0] if part.hazards else HazardKind.OTHER
    name: Said = (HAZARDS_JA[hazard], _HAZARD_KANA[hazard]) if hazard in _HAZARD_KANA else ("災害", "さいがい")
    if part.level is not None and _is_order(part) and part.level in _ORDER_KANA:
        return _plus(name, ("の", "の"), (ORDER_NAMES_JA[part.level], _ORDER_KANA[part.level]))
    return _plus(name, ("の情報", "のじょうほう"))


def _clock(at: datetime) -> Said:
    local = at.astimezone(JAPAN)
    minute = f"{local.minute}分" if local.minute else ""
    return f"{local.hour}時{minute}", _hour_kana(local.hour) + _minute_kana(local.minute)


_ONES = ("", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
_MINUTES = ("じゅっ", "いっ", "に", "さん", "よん", "ご", "ろっ", "なな", "はっ", "きゅう")
_PUN = frozenset((0, 1, 3, 4, 6, 8))


def _tens(number: int) -> str:
    tens = number // 10
    return "" if not tens else ("" if tens == 1 else _ONES[tens]) + "じゅう"


def _hour_kana(hour: int) -> str:
    if hour == 0:
        return "れいじ"
    last = {4: "よ", 7: "しち", 9: "く"}.get(hour % 10, _ONES[hour % 10])
    return _tens(hour) + last + "じ"


def _minute_kana(minute: int) -> str:
    if not minute:
        return ""
    ones = minute % 10
    if not ones:
        tens = minute // 10
        return ("" if tens == 1 else _ONES[tens]) + _MINUTES[0] + "ぷん"
    return _tens(minute) + _MINUTES[ones] + ("ぷん" if ones in _PUN else "ふん")


def _joined(said: Sequence[Said]) -> Said:
    return "、".join(one for one, _ in said), "、".join(kana for _, kana in said)


def _plus(*said: Said) -> Said:
    return "".join(one for one, _ in said), "".join(kana for _, kana in said)
