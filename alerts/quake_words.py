"""What residents read of an earthquake and of a tsunami: how strong, how high, when, and what to do.

Built from codes and names like every other text, complete in itself. What it is, where, what to do and when stand in
the title and the first forty characters (R15). The limits are those of `alerts.words`; ends are told in its words.
"""

from collections.abc import Mapping

from alerts.foremost import foremost_en, foremost_ja
from alerts.languages.known import words_of
from alerts.languages.quake import write_quake, write_wave
from alerts.languages.readings import in_latin
from alerts.notice import Phase, Text
from alerts.shaking import INTENSITY_NAMES_JA, STRONG, Intensity
from alerts.wave import ADVISORY, Wave
from alerts.wording import EDGE_JA, PartFacts, clock, shown_name

_MOST_AREAS = 3
_PHASES_JA = {Phase.RAISED: "へ引上げ", Phase.LOWERED: "へ引下げ", Phase.CORRECTED: "の訂正", Phase.CHANGED: "の変更"}

INTENSITY_NAMES_EN: Mapping[Intensity, str] = {
    Intensity.LOWER_5: "5 lower",
    Intensity.UPPER_5: "5 upper",
    Intensity.LOWER_6: "6 lower",
    Intensity.UPPER_6: "6 upper",
    Intensity.SEVEN: "7",
}
WARNING_NAMES_EN: Mapping[str, str] = {
    "大津波警報": "Major tsunami warning",
    "津波警報": "Tsunami warning",
    "津波注意報": "Tsunami advisory",
}


def compose_quake(facts: PartFacts, intensity: Intensity, language: str) -> Text:
    """Return title and body of shaking of *intensity*; one that is not known reads English."""
    words = words_of(language)
    if words is not None:
        return write_quake(words, facts, intensity)
    if language.partition("-")[0].lower() != "ja":
        return _quake_en(facts, intensity)
    name = INTENSITY_NAMES_JA[intensity]
    body = f"{name}の揺れ。身を守り次の揺れに備える。{clock(facts.sent)}{foremost_ja(facts.area_names, facts.issuer)}。"
    body += "揺れがおさまったら、靴をはき、火を消し、出口を確保。エレベーターは使わない。"
    if intensity in STRONG:
        body += "傾いた建物・塀・崖から離れる。"
    body += "海や川の近くでは津波の情報を確認。"
    body += f"{shown_name(facts.issuer) or '発表機関'}が{_places_ja(facts)}の震度を発表しました。"
    body += _edge_ja(facts) + "この知らせの期限が過ぎても、余震がないという意味ではありません。"
    return Text("ja", f"地震 {name}{_PHASES_JA.get(facts.phase, '')}", body)


def compose_wave(facts: PartFacts, wave: Wave, language: str) -> Text:
    """Return title and body of a tsunami warning; one that is not known reads English."""
    words = words_of(language)
    if words is not None:
        return write_wave(words, facts, wave)
    if language.partition("-")[0].lower() != "ja":
        return _wave_en(facts, wave)
    advisory = wave.warning == ADVISORY
    action = "海から上がり、海岸から離れる" if advisory else "いますぐ高い所へ。海や川から離れる"
    body = f"{wave.warning} {action}。{clock(facts.sent)}{foremost_ja(facts.area_names, facts.issuer)}。"
    if wave.height:
        body += f"予想される高さは{shown_name(wave.height)}。"
    if wave.arriving:
        body += "もう届いているとみられます。"
    elif wave.arrives_at is not None:
        body += f"最初の波は{clock(wave.arrives_at)}ごろ。後の波がもっと高くなります。"
    body += f"{shown_name(facts.issuer) or '発表機関'}が{_places_ja(facts)}に発表しました。"
    body += _edge_ja(facts) + "解除の知らせがあるまで、戻らないでください。"
    return Text("ja", f"{wave.warning}{_PHASES_JA.get(facts.phase, '')}", body)


def _quake_en(facts: PartFacts, intensity: Intensity) -> Text:
    name = INTENSITY_NAMES_EN[intensity]
    body = f"{foremost_en(facts.area_names, facts.issuer)} {clock(facts.sent)}: Protect yourself. Expect more shaking."
    body += " When it stops: shoes on, fires out, a door open. Do not use lifts."
    if intensity in STRONG:
        body += " Keep away from leaning buildings, walls and slopes."
    body += " Near the sea or a river, check for a tsunami."
    issuer = in_latin(shown_name(facts.issuer)) or "The issuer"
    body += f" {issuer}: Japanese seismic intensity {name} in {_places_en(facts)}."
    body += _edge_en(facts) + " The end of this message does not mean that no aftershock comes."
    return Text("en", f"Earthquake: intensity {name}", body)


def _wave_en(facts: PartFacts, wave: Wave) -> Text:
    advisory = wave.warning == ADVISORY
    action = "Leave the water and shore" if advisory else "Go to high ground now"
    name = WARNING_NAMES_EN.get(wave.warning, "Tsunami")
    body = f"{foremost_en(facts.area_names, facts.issuer)} {clock(facts.sent)}: {action}. {name}."
    if wave.height_m is not None:
        body += f" {'More than' if wave.height.endswith('超') else 'Up to about'} {wave.height_m:g} m."
    elif wave.height and not advisory:
        body += " The height is not known yet; it may be very high."
    if wave.arriving:
        body += " It is thought to have arrived."
    elif wave.arrives_at is not None:
        body += f" First wave about {clock(wave.arrives_at)}; later waves are higher."
    body += f" {in_latin(shown_name(facts.issuer)) or 'The issuer'}: for {_places_en(facts)}."
    body += _edge_en(facts) + " Do not go back until you are told that it is lifted."
    return Text("en", name, body)


def _names(facts: PartFacts) -> tuple[tuple[str, ...], int]:
    names = tuple(dict.fromkeys(name for name in map(shown_name, facts.area_names) if name))
    return names[:_MOST_AREAS], max(0, len(names) - _MOST_AREAS)


def _places_ja(facts: PartFacts) -> str:
    names, more = _names(facts)
    return "、".join(names) + (f"ほか{more}か所" if more else "") if names else "対象の地域"


def _places_en(facts: PartFacts) -> str:
    names, more = _names(facts)
    return ", ".join(map(in_latin, names)) + (f" and {more} more" if more else "") if names else "the area concerned"


def _edge_ja(facts: PartFacts) -> str:
    return EDGE_JA if facts.partial else ""


def _edge_en(facts: PartFacts) -> str:
    return " Your place is near the edge of that area." if facts.partial else ""
