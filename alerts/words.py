"""What residents read, in Japanese and English, built from codes and names only.

No foreign prose is pasted: a headline may hold anything, and nobody has reviewed it. The title and the first
forty characters of the body hold level, place, action and time (R15); each text is complete in itself, because
phones stack notifications. A kind 1 notice never orders an evacuation: it says what the agency said
and what to do now. An end never reads as safety (R10).
"""

from collections.abc import Mapping

from alerts.cap import Severity
from alerts.foremost import foremost_en, foremost_ja
from alerts.hazard import HazardKind
from alerts.languages.known import words_of
from alerts.languages.readings import in_latin
from alerts.languages.warning import write_warning
from alerts.level import LEVEL_NAMES_JA, Level
from alerts.notice import Phase, Text
from alerts.wording import (
    EDGE_JA,
    JAPAN,
    LEVELLED,
    MAX_TEXT_BYTES,
    MAX_TITLE_WIDTH,
    PartFacts,
    clock,
    names_of,
    shown_name,
    width,
)

_MAX_AREAS = 3


def compose(facts: PartFacts, language: str) -> Text:
    """Return title and body for *facts* in *language*; one that is not known reads English."""
    words = words_of(language)
    if words is not None:
        return write_warning(words, facts)
    japanese = language.partition("-")[0].lower() == "ja"
    write = _japanese if japanese else _english
    areas = names_of(facts.area_names)
    text = write(facts, areas, _MAX_AREAS)
    for shown in range(_MAX_AREAS - 1, -1, -1):
        if _bytes(text) <= MAX_TEXT_BYTES:
            break
        text = write(facts, areas, shown)
    return text


def level_action(level: Level | None, language: str) -> str:
    """Return what people of a flood or rain warning do at *level*, without a full stop; empty without a level."""
    if level is None:
        return ""
    words = words_of(language)
    if words is not None:
        return words.warnings.level_actions[level]
    return (_LEVEL_ACTIONS_JA if language == "ja" else _LEVEL_ACTIONS_EN)[level]


def _bytes(text: Text) -> int:
    return len(text.title.encode()) + len(text.body.encode())


# ----------------------------------------------------------------------------------------- Japanese

HAZARDS_JA: Mapping[HazardKind, str] = {
    HazardKind.HEAVY_RAIN: "大雨",
    HazardKind.LANDSLIDE: "土砂災害",
    HazardKind.FLOOD: "洪水",
    HazardKind.STORM_SURGE: "高潮",
    HazardKind.STORM: "暴風",
    HazardKind.SNOWSTORM: "暴風雪",
    HazardKind.HEAVY_SNOW: "大雪",
    HazardKind.WAVE: "高波",
    HazardKind.THUNDER: "雷",
    HazardKind.TORNADO: "竜巻",
    HazardKind.DENSE_FOG: "濃霧",
    HazardKind.DRY_AIR: "乾燥",
    HazardKind.AVALANCHE: "なだれ",
    HazardKind.COLD: "低温",
    HazardKind.FROST: "霜",
    HazardKind.ICING: "着氷",
    HazardKind.SNOW_ACCRETION: "着雪",
    HazardKind.SNOWMELT: "融雪",
    HazardKind.RECORD_RAIN: "記録的大雨",
    HazardKind.EARTHQUAKE: "地震",
    HazardKind.TSUNAMI: "津波",
    HazardKind.VOLCANO: "火山",
    HazardKind.FIRE: "火災",
    HazardKind.HEALTH: "健康被害",
    HazardKind.SECURITY: "治安",
    HazardKind.TRANSPORT: "交通",
    HazardKind.OTHER: "災害",
}

# The action of the level, for the hazards whose warnings name one (洪水, 大雨, 土砂災害, 高潮).
_LEVEL_ACTIONS_JA: Mapping[Level, str] = {
    Level.PREPARE_MIND: "最新の情報に注意",
    Level.CHECK_ACTION: "避難先と行き方を確認",
    Level.ELDERLY_LEAVE: "高齢者など時間のかかる人は早めに避難を",
    Level.ALL_LEAVE: "危険な場所の人は避難準備・避難情報を確認",
    Level.SECURE_LIFE: "命の危険。直ちに身の安全を確保",
}

_ACTIONS_JA: Mapping[HazardKind, str] = {
    HazardKind.HEAVY_RAIN: "低い土地や地下から離れる",
    HazardKind.LANDSLIDE: "崖や沢から離れる",
    HazardKind.FLOOD: "川や用水路に近づかない",
    HazardKind.STORM_SURGE: "海岸や河口に近づかない",
    HazardKind.STORM: "外出を控え、窓から離れる",
    HazardKind.SNOWSTORM: "外出を控え、車で出ない",
    HazardKind.HEAVY_SNOW: "不要な外出を控える",
    HazardKind.WAVE: "海岸に近づかない",
    HazardKind.THUNDER: "建物の中へ。木の下を避ける",
    HazardKind.TORNADO: "頑丈な建物の中へ。窓から離れる",
    HazardKind.DENSE_FOG: "車は速度を落とし灯火をつける",
    HazardKind.DRY_AIR: "火の始末を確かめる",
    HazardKind.AVALANCHE: "雪の斜面に近づかない",
    HazardKind.COLD: "水道の凍結と体調に気をつける",
    HazardKind.FROST: "農作物を霜から守る",
    HazardKind.ICING: "船や電線の着氷に気をつける",
    HazardKind.SNOW_ACCRETION: "電線や木の下を避ける",
    HazardKind.SNOWMELT: "川や斜面に近づかない",
    HazardKind.RECORD_RAIN: "崖や川、低い土地から離れる",
    HazardKind.EARTHQUAKE: "次の揺れに備え、落下物や崖から離れる",
    HazardKind.TSUNAMI: "海岸や川沿いから直ちに離れ、高い所へ",
    HazardKind.VOLCANO: "火口に近づかず、灰と噴石に備える",
    HazardKind.FIRE: "火と煙から離れる",
    HazardKind.HEALTH: "区の案内を確認",
    HazardKind.SECURITY: "建物の中で公的な案内を確認",
    HazardKind.TRANSPORT: "出かける前に運行を確認",
    HazardKind.OTHER: "区の案内を確認",
}

# Without a level the agencies' own words: 警報 asks to be on guard (警戒), 注意報 to take care (注意).
_SEVERITY_JA: Mapping[Severity, str] = {
    Severity.EXTREME: "に最大級の警戒",
    Severity.SEVERE: "に警戒",
    Severity.MODERATE: "に注意",
    Severity.MINOR: "の情報",
    Severity.UNKNOWN: "に警戒",
}

_PHASES_JA: Mapping[Phase, str] = {
    Phase.ISSUED: "",
    Phase.RAISED: "へ引上げ",
    Phase.LOWERED: "へ引下げ",
    Phase.EASED: "へ引下げ",
    Phase.CHANGED: "の変更",
    Phase.LIFTED: "の解除",
    Phase.CANCELLED: "の取消",
    Phase.CORRECTED: "の訂正",
}

_DID_JA: Mapping[Phase, str] = {
    Phase.ISSUED: "を発表しました",
    Phase.RAISED: "に引き上げました",
    Phase.LOWERED: "に引き下げました",
    Phase.EASED: "を続けています",
    Phase.CHANGED: "の内容を変更しました",
    Phase.LIFTED: "を解除しました",
    Phase.CANCELLED: "を取り消しました",
    Phase.CORRECTED: "を訂正しました",
}


def _japanese(facts: PartFacts, areas: tuple[str, ...], shown: int) -> Text:
    kinds = tuple(dict.fromkeys(facts.hazards))
    hazard = kinds[0] if kinds else HazardKind.OTHER
    more = "ほか" if len(kinds) > 1 else ""
    if facts.level is not None:
        # 「早期注意情報」 is the one name too long for a title; it loses its last word there.
        what = f"{HAZARDS_JA[hazard]}{more}{LEVEL_NAMES_JA[facts.level]}"
        title = f"レベル{facts.level.value} {what.removesuffix('情報')}{_PHASES_JA[facts.phase]}"
    elif facts.phase is Phase.ISSUED:
        what = f"{HAZARDS_JA[hazard]}{more}の情報"
        title = f"{HAZARDS_JA[hazard]}{more}{_SEVERITY_JA[facts.severity]}"
    else:
        what = f"{HAZARDS_JA[hazard]}{more}の情報"
        title = f"{what}{_PHASES_JA[facts.phase]}"
    level = f"レベル{facts.level.value} " if facts.level is not None else ""
    time = clock(facts.sent)
    issuer = shown_name(facts.issuer) or "発表機関"
    place = _areas_ja(areas, shown)
    where = f"{place}に出た" if facts.partial else f"{place}の"
    near = foremost_ja(facts.area_names, facts.issuer)
    if facts.phase is Phase.LIFTED:
        body = f"{level}{what}は{time}解除{near}。周囲の危険に引き続き注意。"
        body += f"{issuer}が{where}{what}{_DID_JA[facts.phase]}。危険がなくなったという知らせではありません。"
        body += "区の避難情報が続いていれば、それに従ってください。"
    elif facts.phase is Phase.CANCELLED:
        body = f"{level}{what}は{time}取消{near}。最新の情報を確認。"
        body += f"{issuer}が{where}{what}{_DID_JA[facts.phase]}。前の知らせは無効です。"
        body += "ほかの警報や避難情報は続いていることがあります。"
    else:
        action, also = _actions_ja(facts, hazard)
        body = f"{level}{action}。{time}{_PHASES_JA[facts.phase][1:]}{near}。"
        body += f"{also}。" if also else ""
        body += f"{issuer}が{where}{what}{_DID_JA[facts.phase]}。"
        if facts.partial:
            body += EDGE_JA
        if len(kinds) > 1:
            body += f"対象：{'、'.join(HAZARDS_JA[kind] for kind in kinds[:6])}。"
        body += f"この知らせは{_until_ja(facts)}まで。過ぎても解除ではありません。"
    return Text("ja", title, body)


def _actions_ja(facts: PartFacts, hazard: HazardKind) -> tuple[str, str]:
    own = _ACTIONS_JA[hazard]
    if facts.level is not None and (hazard in LEVELLED or facts.level is Level.SECURE_LIFE):
        return _LEVEL_ACTIONS_JA[facts.level], own
    return own, ""


def _areas_ja(areas: tuple[str, ...], shown: int) -> str:
    if not areas or shown == 0:
        return "対象の地域"
    rest = len(areas) - shown
    return "、".join(areas[:shown]) + (f"ほか{rest}か所" if rest > 0 else "")


def _until_ja(facts: PartFacts) -> str:
    until = facts.expires.astimezone(JAPAN)
    if until.date() == facts.sent.astimezone(JAPAN).date():
        return until.strftime("%H:%M")
    return f"{until.month}月{until.day}日{until.strftime('%H:%M')}"


# ------------------------------------------------------------------------------------------ English

HAZARDS_EN: Mapping[HazardKind, str] = {
    HazardKind.HEAVY_RAIN: "heavy rain",
    HazardKind.LANDSLIDE: "landslide",
    HazardKind.FLOOD: "flood",
    HazardKind.STORM_SURGE: "storm surge",
    HazardKind.STORM: "storm",
    HazardKind.SNOWSTORM: "snowstorm",
    HazardKind.HEAVY_SNOW: "heavy snow",
    HazardKind.WAVE: "high waves",
    HazardKind.THUNDER: "lightning",
    HazardKind.TORNADO: "tornado",
    HazardKind.DENSE_FOG: "dense fog",
    HazardKind.DRY_AIR: "dry air",
    HazardKind.AVALANCHE: "avalanche",
    HazardKind.COLD: "cold",
    HazardKind.FROST: "frost",
    HazardKind.ICING: "icing",
    HazardKind.SNOW_ACCRETION: "wet snow",
    HazardKind.SNOWMELT: "snowmelt",
    HazardKind.RECORD_RAIN: "record rain",
    HazardKind.EARTHQUAKE: "earthquake",
    HazardKind.TSUNAMI: "tsunami",
    HazardKind.VOLCANO: "volcano",
    HazardKind.FIRE: "fire",
    HazardKind.HEALTH: "health risk",
    HazardKind.SECURITY: "security",
    HazardKind.TRANSPORT: "transport",
    HazardKind.OTHER: "danger",
}

LEVEL_NAMES_EN: Mapping[Level, str] = {
    Level.PREPARE_MIND: "early notice",
    Level.CHECK_ACTION: "advisory",
    Level.ELDERLY_LEAVE: "warning",
    Level.ALL_LEAVE: "danger warning",
    Level.SECURE_LIFE: "emergency warning",
}

# At most 22 characters: "Katsushika 12:30: " comes first, and forty are all that a lock screen shows. The level stands
# in the title, which it shows whole.
_LEVEL_ACTIONS_EN: Mapping[Level, str] = {
    Level.PREPARE_MIND: "Follow the forecast",
    Level.CHECK_ACTION: "Check where to go",
    Level.ELDERLY_LEAVE: "Elderly: leave early",
    Level.ALL_LEAVE: "Prepare, check orders",
    Level.SECURE_LIFE: "Protect your life now",
}

_LEVEL_DETAILS_EN: Mapping[Level, str] = {
    Level.PREPARE_MIND: "",
    Level.CHECK_ACTION: "Know your shelter and the way to it.",
    Level.ELDERLY_LEAVE: "Older people and anyone who needs time should leave dangerous places early.",
    Level.ALL_LEAVE: "In a dangerous place, get ready to leave and check your ward's evacuation information.",
    Level.SECURE_LIFE: "Lives are in danger. Move at once to the safest place within reach.",
}

_ACTIONS_EN: Mapping[HazardKind, str] = {
    HazardKind.HEAVY_RAIN: "Avoid low ground",
    HazardKind.LANDSLIDE: "Keep off steep slopes",
    HazardKind.FLOOD: "Keep away from rivers",
    HazardKind.STORM_SURGE: "Keep away from the sea",
    HazardKind.STORM: "Stay in, off windows",
    HazardKind.SNOWSTORM: "Stay in, do not drive",
    HazardKind.HEAVY_SNOW: "Avoid going out",
    HazardKind.WAVE: "Keep away from the sea",
    HazardKind.THUNDER: "Go inside a building",
    HazardKind.TORNADO: "Go in, off windows",
    HazardKind.DENSE_FOG: "Drive slow, lights on",
    HazardKind.DRY_AIR: "Take care with fire",
    HazardKind.AVALANCHE: "Keep off snow slopes",
    HazardKind.COLD: "Keep warm, guard pipes",
    HazardKind.FROST: "Protect your crops",
    HazardKind.ICING: "Watch for falling ice",
    HazardKind.SNOW_ACCRETION: "Avoid lines and trees",
    HazardKind.SNOWMELT: "Keep away from rivers",
    HazardKind.RECORD_RAIN: "Avoid slopes, rivers",
    HazardKind.EARTHQUAKE: "Expect more shaking",
    HazardKind.TSUNAMI: "Leave the coast, go up",
    HazardKind.VOLCANO: "Keep off the crater",
    HazardKind.FIRE: "Keep away from smoke",
    HazardKind.HEALTH: "Check official advice",
    HazardKind.SECURITY: "Stay in, check advice",
    HazardKind.TRANSPORT: "Check before you go",
    HazardKind.OTHER: "Check official advice",
}

_TITLES_EN: Mapping[Phase, tuple[str, str]] = {
    Phase.ISSUED: ("Level {}: ", "Warning: "),
    Phase.RAISED: ("Raised to level {}: ", "Raised: "),
    Phase.LOWERED: ("Lowered to level {}: ", "Lowered: "),
    Phase.EASED: ("Lowered to level {}: ", "Lowered: "),
    Phase.CHANGED: ("Changed, level {}: ", "Changed: "),
    Phase.LIFTED: ("Lifted, level {}: ", "Lifted: "),
    Phase.CANCELLED: ("Cancelled, level {}: ", "Cancelled: "),
    Phase.CORRECTED: ("Corrected, level {}: ", "Corrected: "),
}


def _english(facts: PartFacts, areas: tuple[str, ...], shown: int) -> Text:
    kinds = tuple(dict.fromkeys(facts.hazards))
    hazard = kinds[0] if kinds else HazardKind.OTHER
    levelled, plain = _TITLES_EN[facts.phase]
    more = " and more" if len(kinds) > 1 else ""
    head = levelled.format(facts.level.value) if facts.level is not None else plain
    title = f"{head}{HAZARDS_EN[hazard]}{more}"
    if width(title) > MAX_TITLE_WIDTH:
        title = f"{head}{HAZARDS_EN[hazard]}"
    what = f"{HAZARDS_EN[hazard]} {LEVEL_NAMES_EN[facts.level] if facts.level is not None else 'information'}"
    time = clock(facts.sent)
    issuer = in_latin(shown_name(facts.issuer)) or "the issuer"
    place, near = _areas_en(areas, shown), foremost_en(facts.area_names, facts.issuer)
    if facts.phase is Phase.LIFTED:
        body = f"{near} {time}: lifted. Stay alert."
        body += f" {issuer} lifted the {what} for {place}. This does not say that the danger is gone."
        body += " Follow your ward's evacuation information where it is still in force."
    elif facts.phase is Phase.CANCELLED:
        body = f"{near} {time}: cancelled. Check news."
        body += f" {issuer} cancelled the {what} for {place}. The earlier message is void."
        body += " Other warnings or evacuation information may still be in force."
    else:
        by_level = facts.level is not None and (hazard in LEVELLED or facts.level is Level.SECURE_LIFE)
        action = _LEVEL_ACTIONS_EN[facts.level] if by_level and facts.level is not None else _ACTIONS_EN[hazard]
        body = f"{near} {time}: {action}."
        if by_level and facts.level is not None:
            details = (_LEVEL_DETAILS_EN[facts.level], f"{_ACTIONS_EN[hazard]}.")
            body += "".join(f" {detail}" for detail in details if detail)
        body += f" {issuer}: {what}, {facts.phase.value}, for {place}."
        if facts.partial:
            body += " Your place is near the edge of that area."
        if len(kinds) > 1:
            body += f" Dangers: {', '.join(HAZARDS_EN[kind] for kind in kinds[:6])}."
        until = facts.expires.astimezone(JAPAN).strftime("%d %b %H:%M")
        body += f" This message is valid until {until} (Japan); its end is not an all-clear."
    return Text("en", title, body)


def _areas_en(areas: tuple[str, ...], shown: int) -> str:
    if not areas or shown == 0:
        return "the area concerned"
    rest = len(areas) - shown
    return ", ".join(map(in_latin, areas[:shown])) + (f" and {rest} more" if rest > 0 else "")
