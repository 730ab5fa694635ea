"""The 23 special wards as the scenario's data: JMA class20 codes, names and the group each is in.

Only the demo city and its documents use this table; the alert path knows wards as text alone.
"""

from dataclasses import dataclass

EAST = ("130012", "２３区東部")
WEST = ("130011", "２３区西部")
REGION = ("130010", "東京地方")
PREFECTURE = ("130000", "東京都")


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward: `code` is JMA class20 (7 digits), `group` the 市町村等をまとめた地域."""

    code: str
    name: str
    group: tuple[str, str]


_NAMES = [
    "千代田",
    "中央",
    "港",
    "新宿",
    "文京",
    "台東",
    "墨田",
    "江東",
    "品川",
    "目黒",
    "大田",
    "世田谷",
    "渋谷",
    "中野",
    "杉並",
    "豊島",
    "北",
    "荒川",
    "板橋",
    "練馬",
    "足立",
    "葛飾",
    "江戸川",
]
_EASTERN = frozenset({"台東", "墨田", "江東", "荒川", "足立", "葛飾", "江戸川"})

WARDS: tuple[Ward, ...] = tuple(
    Ward(f"131{number:02d}00", f"{name}区", EAST if name in _EASTERN else WEST)
    for number, name in enumerate(_NAMES, start=1)
)
BY_CODE: dict[str, Ward] = {ward.code: ward for ward in WARDS}
CENTRAL: tuple[str, ...] = ("1310100", "1310200", "1310300", "1310400", "1311300")
