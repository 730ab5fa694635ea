"""The 23 special wards as the scenario's data: JMA class20 codes, names, people and the group each is in.

Only the demo city and its documents use this table; the alert path knows wards as text alone.
"""

from dataclasses import dataclass

EAST = ("130012", "２３区東部")
WEST = ("130011", "２３区西部")
REGION = ("130010", "東京地方")
PREFECTURE = ("130000", "東京都")


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward: `code` is JMA class20 (7 digits), `group` the 市町村等をまとめた地域, `people` who live in it."""

    code: str
    name: str
    group: tuple[str, str]
    people: int


# People at the census of 2020 (令和2年国勢調査): where in its ward each lives is made up.
_NAMES_AND_PEOPLE = {
    "千代田": 66_680,
    "中央": 169_179,
    "港": 260_486,
    "新宿": 349_385,
    "文京": 240_069,
    "台東": 211_444,
    "墨田": 272_085,
    "江東": 524_310,
    "品川": 422_488,
    "目黒": 288_088,
    "大田": 748_081,
    "世田谷": 943_664,
    "渋谷": 243_883,
    "中野": 344_880,
    "杉並": 591_108,
    "豊島": 301_599,
    "北": 355_213,
    "荒川": 217_475,
    "板橋": 584_483,
    "練馬": 752_608,
    "足立": 695_043,
    "葛飾": 453_093,
    "江戸川": 697_932,
}
_EASTERN = frozenset({"台東", "墨田", "江東", "荒川", "足立", "葛飾", "江戸川"})

WARDS: tuple[Ward, ...] = tuple(
    Ward(f"131{number:02d}00", f"{name}区", EAST if name in _EASTERN else WEST, people)
    for number, (name, people) in enumerate(_NAMES_AND_PEOPLE.items(), start=1)
)
BY_CODE: dict[str, Ward] = {ward.code: ward for ward in WARDS}
CENTRAL: tuple[str, ...] = ("1310100", "1310200", "1310300", "1310400", "1311300")
