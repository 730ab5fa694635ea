"""R3: "go up" is a table, not a phrase.

A row is found by depth rank, collapse zone, how long the water stays, and need; it names the floor
and the action. Safe in the stated direction: what is not known counts as the worse row, and nobody
who may not be able to climb is ever told only to climb.

Floors: a storey is taken as 3 m, and the floor named lies at or above the upper bound of the rank.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import product

from alerts.hazard import HazardKind
from alerts.help_line import HelpLine
from alerts.help_words import help_sentence
from geo.depth import DepthRank, depth_text
from routing.ground import Ground

# Lowest floor whose height above ground is at least the rank's upper bound. None: no usual house has it.
FLOORS: dict[DepthRank | None, int | None] = {
    DepthRank.UNDER_HALF_M: 2,
    DepthRank.FROM_HALF_M: 2,
    DepthRank.FROM_3_M: 3,
    DepthRank.FROM_5_M: 5,
    DepthRank.FROM_10_M: 8,
    DepthRank.FROM_20_M: None,
    None: None,
}
TWO_STOREYS = 2
SLOPE = "slope"
# Dangers above which a floor can lie, and whose zone the flood maps draw.
WATER = frozenset({HazardKind.FLOOD, HazardKind.HEAVY_RAIN, HazardKind.STORM_SURGE, HazardKind.TSUNAMI})


class Need(StrEnum):
    """What decides whether somebody can go up. The server never knows whose it is (R2)."""

    GENERAL = "general"
    STEP_FREE = "step-free"  # wheelchair, frame, pram; also whoever did not say
    BED_BOUND = "bed-bound"
    UNDERGROUND = "underground"  # a station, a mall, a basement flat


class Duration(StrEnum):
    """How long the water stays (浸水継続時間)."""

    HOURS = "hours"  # under half a day
    DAYS = "days"  # under three days: what a household keeps in store
    WEEK = "week"  # longer; also where nobody knows


class Do(StrEnum):
    """What the row tells people to do."""

    OWN_UPPER_FLOOR = "own-upper-floor"
    STRONG_BUILDING = "strong-building"  # 堅牢な建物の上階: the own house may be washed away or go under
    CALL_FOR_HELP = "call-for-help"  # cannot climb alone: neighbours, help line, 119
    OUT_AND_UP = "out-and-up"  # leave the underground first


@dataclass(frozen=True, slots=True)
class GoUp:
    """One row. `floor` is the lowest floor that is named; None is "the highest there is"."""

    key: str
    do: Do
    floor: int | None
    ja: str
    en: str


def key_of(ground: Ground, need: Need, hazards: Collection[HazardKind]) -> str:
    """Return the key of the row for *ground* and *need*; empty where going up helps against none of *hazards*."""
    if not WATER & set(hazards):
        return f"{SLOPE}/{need}" if HazardKind.LANDSLIDE in hazards else ""
    return _key(ground.depth, ground.collapse_zone is not False, duration_of(ground.water_stays), need)


def duration_of(water_stays: timedelta | None) -> Duration:
    """Return the class of a duration; not known is the longest."""
    if water_stays is None or water_stays >= timedelta(days=3):
        return Duration.WEEK
    return Duration.HOURS if water_stays < timedelta(hours=12) else Duration.DAYS


def row(key: str, *, refuge: str = "", help_lines: tuple[HelpLine, ...] | None = (), no_lift: bool = False) -> GoUp:
    """Return the row of *key* with the ward's names in it.

    *refuge* is the ward's own, *help_lines* those whom people there may telephone; None where the text around the
    row ends in them. *no_lift* for an earthquake or a power cut. Raises KeyError for a key that is no row's.
    """
    found = TABLE[key]
    ja, en = found.ja, found.en
    # Not of a slope that may come down: who is out of doors then is under it.
    if refuge and found.do is not Do.OWN_UPPER_FLOOR and not key.startswith(SLOPE):
        ja, en = f"{ja}区の待避先：{refuge}。", f"{en} Your ward's refuge: {refuge}."
    if no_lift:
        ja, en = f"{ja}エレベーターは使わない。", f"{en} Do not use lifts."
    if help_lines is not None:
        ja, en = f"{ja}{help_sentence(help_lines, 'ja')}", f"{en}{help_sentence(help_lines, 'en')}"
    return GoUp(found.key, found.do, found.floor, ja, en)


def _key(depth: DepthRank | None, collapse: bool, duration: Duration, need: Need) -> str:
    rank = "unknown" if depth is None else depth.name.lower().replace("_", "-")
    return f"{rank}/{'collapse' if collapse else 'stands'}/{duration}/{need}"


def _slope_row(need: Need) -> GoUp:
    """Return the row for a slope that may come down: up, and away from it."""
    ja, en = "2階以上の、崖から一番遠い部屋へ。", "Go to floor 2 or higher, to the room furthest from the slope."
    do = Do.OWN_UPPER_FLOOR
    match need:
        case Need.STEP_FREE | Need.BED_BOUND:
            do = Do.CALL_FOR_HELP
            ja = "すぐ近所の人か119に助けを求める。待つ間は崖から一番遠い部屋で。"
            en = "Ask neighbours or 119 for help now; wait in the room furthest from the slope."
        case Need.UNDERGROUND:
            do, ja, en = Do.OUT_AND_UP, f"すぐ地上へ出る。{ja}", f"Get above ground now. {en}"
        case Need.GENERAL:
            pass
    return GoUp(f"{SLOPE}/{need}", do, None if do is Do.CALL_FOR_HELP else 2, ja, en)


def _row(depth: DepthRank | None, collapse: bool, duration: Duration, need: Need) -> GoUp:
    floor = FLOORS[depth]
    under = floor is None or floor > TWO_STOREYS
    floor_ja = f"{floor}階以上" if floor else "できるだけ高い階"
    floor_en = f"floor {floor} or higher" if floor else "the highest floor there is"
    # The floor is counted as in Japan: the ground floor is the first.
    strong_ja, strong_en = f"近くの頑丈な建物の{floor_ja}へ。", f"Go to {floor_en} of a strong building nearby."
    if collapse:
        ja, en = "木造の家は流されるおそれ。", "Wooden houses may be washed away. "
        do, act_ja, act_en = Do.STRONG_BUILDING, strong_ja, strong_en
    elif under:
        ja, en = (
            f"{'浸水' if depth else ''}{depth_text(depth, 'ja')}：2階建ては水没のおそれ。",
            "A two-storey house may go under. ",
        )
        do, act_ja, act_en = Do.STRONG_BUILDING, strong_ja, strong_en
    else:
        ja, en = "", ""
        do, act_ja, act_en = Do.OWN_UPPER_FLOOR, f"今いる建物の{floor_ja}へ。", f"Go to {floor_en} of your building."
    match need:
        case Need.STEP_FREE:
            do = Do.CALL_FOR_HELP
            act_ja = f"すぐ近所の人か119に助けを求め、一緒に{floor_ja}へ。待つ間は一番高い安全な所で。"
            act_en = f"Ask neighbours or 119 for help now, to reach {floor_en} together; wait at the safest high spot."
        case Need.BED_BOUND:
            do = Do.CALL_FOR_HELP
            act_ja = f"一人で動かさない。すぐ119か近所に助けを求め、担架や布団ごと{floor_ja}へ。"
            act_en = f"Do not move them alone. Call 119 or neighbours now, to be carried to {floor_en}."
        case Need.UNDERGROUND:
            do = Do.OUT_AND_UP
            act_ja = f"すぐ地上へ出る。その後、頑丈な建物の{floor_ja}へ。地下に戻らない。"
            act_en = f"Get above ground now, then to {floor_en} of a strong building. Do not go back down."
        case Need.GENERAL:
            pass
    stays_ja, stays_en = {
        Duration.HOURS: ("", ""),
        Duration.DAYS: (
            "水は数日引かない：水・食料・薬を持つ。",
            " Water stays for days: take water, food and medicine.",
        ),
        Duration.WEEK: (
            "水は3日以上引かないおそれ：水・食料・薬・簡易トイレを持つ。",
            " Water may stay for over 3 days: take water, food, medicine and a portable toilet.",
        ),
    }[duration]
    return GoUp(_key(depth, collapse, duration, need), do, floor, ja + act_ja + stays_ja, en + act_en + stays_en)


TABLE: dict[str, GoUp] = {
    found.key: found
    for found in (
        *(_row(*parts) for parts in product((*DepthRank, None), (True, False), Duration, Need)),
        *(_slope_row(need) for need in Need),
    )
}
