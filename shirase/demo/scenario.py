"""Write the demo's rainy evening: documents in the real JMA and CAP formats, about a made-up river.

Rain spreads over nine wards, the 架空あおば川 rises, warnings of both generations and of both formats
cross ward borders, an update widens one, and in the end all is lifted. Among them is what must not
reach anybody: a drill, an earthquake early warning, a duplicate, a document that is no XML, and a
drill's words under an actual status. Each document says what is expected of it.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alerts.report import OutcomeKind
from shirase.demo import cap_writer, jma_writer
from shirase.demo.cap_writer import CapWarning
from shirase.demo.jma_writer import Header, RiverSay, WardKind
from shirase.demo.rivers import AOBA, strip
from shirase.demo.wards import WARDS

EAST = ("1310600", "1310700", "1310800", "1311800", "1312100", "1312200", "1312300")
FIRST_RAIN = (*EAST, "1310500")  # the eastern wards and 文京区
WIDER_RAIN = (*FIRST_RAIN, "1311700")  # and 北区
SLOPES = ("1310500", "1311700", "1311800")
RIVERSIDE = ("1312100", "1312200", "1310700", "1312300", "1310800")
CAP_SENDER = "warnings@river.kaku.example"
NARROW_KM, WIDE_KM = 1.2, 2.2


@dataclass(frozen=True, slots=True)
class ScenarioDocument:
    """One document of the evening. `at` is counted from its start; `expectation` is an outcome's value."""

    at: timedelta
    name: str
    raw: bytes
    expectation: str


def river_evening(start: datetime, seed: int, pace: float = 1.0) -> tuple[ScenarioDocument, ...]:
    """Return the documents of the evening that starts at *start*, in order of time.

    A *pace* of 1/60 turns its minutes into seconds (the times inside the documents too); slower than
    that two revisions could carry one time, and the newest of a JMA series is told by its time.
    """
    if pace < 1 / 60:
        raise ValueError("a pace below 1/60 would give two documents of a series the same second")
    return _Evening(start, seed, pace).documents()


def write_folder(documents: Iterable[ScenarioDocument], path: Path) -> tuple[Path, ...]:
    """Write each document into *path*, named so that the order of names is the order of time."""
    path.mkdir(parents=True, exist_ok=True)
    written = []
    for number, document in enumerate(documents, start=1):
        target = path / f"{number:02d}_{document.name}"
        target.write_bytes(document.raw)
        written.append(target)
    return tuple(written)


class _Evening:
    def __init__(self, start: datetime, seed: int, pace: float) -> None:
        self._start = start
        self._pace = pace
        self._random = random.Random(seed)
        self._number = f"{self._random.randrange(16**8):08x}"

    def documents(self) -> tuple[ScenarioDocument, ...]:
        forecast = self._river(35, 1, "氾濫警戒情報", "30", "洪水警報（発表）", 3, RIVERSIDE[:4], 0.92)
        # The same level, more water: what notice 2 is for.
        rising = self._river(42, 2, "氾濫警戒情報", "30", "洪水警報（継続）", 3, RIVERSIDE[:4], 0.97, rise_m=0.2)
        alert = self._cap(70, "Alert", NARROW_KM, ())
        update = self._cap(100, "Update", WIDE_KM, (70,))
        cancel = self._cap(190, "Cancel", WIDE_KM, (70, 100))
        alike = self._cap(120, "Alert", NARROW_KM, (), words="【訓練】", suffix="x")
        plan = (
            (0, "VPWW55_advisory.xml", self._rain(0, _kinds(FIRST_RAIN, _L2)), OutcomeKind.NOTICE),
            (15, "VPWW54_warning.xml", self._old(15, _kinds(FIRST_RAIN, *_OLD)), OutcomeKind.NOTICE),
            (35, "VXKO_warning.xml", forecast, OutcomeKind.NOTICE),
            (38, "VXKO_warning_again.xml", forecast, OutcomeKind.DUPLICATE),
            (42, "VXKO_rising.xml", rising, OutcomeKind.UPDATE),
            (45, "VPWW55_drill.xml", self._drill(45), OutcomeKind.DRILL),
            (55, "VPWW55_warning.xml", self._rain(55, _kinds(WIDER_RAIN, _L3)), OutcomeKind.UPDATE),
            (62, "VPWW56_landslide.xml", self._slope(62, _kinds(SLOPES, _SLOPE3)), OutcomeKind.NOTICE),
            (70, "CAP_river.xml", alert, OutcomeKind.NOTICE),
            (75, "broken.xml", alert[: len(alert) * 2 // 3], OutcomeKind.DEAD_LETTER),
            (
                85,
                "VXKO_danger.xml",
                self._river(85, 3, "氾濫危険情報", "40", "洪水警報（継続）", 4, RIVERSIDE, 1.03),
                OutcomeKind.UPDATE,
            ),
            (100, "CAP_river_wider.xml", update, OutcomeKind.UPDATE),
            (108, "VXSE43_quake.xml", self._quake(108), OutcomeKind.INFORMATIONAL),
            (115, "VXWW50_landslide.xml", self._landslide(115, 1, "発表"), OutcomeKind.NOTICE),
            (120, "CAP_words_of_a_drill.xml", alike, OutcomeKind.HELD),
            (170, "VXWW50_lifted.xml", self._landslide(170, 2, "解除"), OutcomeKind.UPDATE),
            (190, "CAP_river_cancel.xml", cancel, OutcomeKind.CANCEL),
            (
                200,
                "VXKO_lifted.xml",
                self._river(200, 4, "氾濫注意情報解除", "10", "洪水注意報（警報解除）", 1, RIVERSIDE, 0.7),
                OutcomeKind.UPDATE,
            ),
            (210, "VPWW56_lifted.xml", self._slope(210, _lifted(SLOPES, _SLOPE3)), OutcomeKind.UPDATE),
            (220, "VPWW55_lifted.xml", self._rain(220, _lifted(WIDER_RAIN, _L3)), OutcomeKind.UPDATE),
            (230, "VPWW54_lifted.xml", self._old(230, _lifted(FIRST_RAIN, *_OLD)), OutcomeKind.UPDATE),
        )
        return tuple(
            ScenarioDocument(self._offset(minute), name, raw, expected.value) for minute, name, raw, expected in plan
        )

    def _offset(self, minute: int) -> timedelta:
        return timedelta(minutes=minute) * self._pace

    def _at(self, minute: int) -> datetime:
        return self._start + self._offset(minute)

    def _rain(self, minute: int, kinds: dict[str, tuple[WardKind, ...]], status: str = "通常") -> bytes:
        headline = f"【架空】１時間に{self._random.randrange(40, 70)}ミリの雨。低い土地の浸水に注意。"
        return jma_writer.warnings(
            Header(
                title="気象警報・注意報（Ｒ０６）（大雨）",
                head_title="東京都大雨警報・注意報",
                info_kind="気象警報・注意報",
                version="1.5_0",
                at=self._at(minute),
                headline=headline,
                status=status,
            ),
            kinds,
        )

    def _drill(self, minute: int) -> bytes:
        return self._rain(minute, _kinds([ward.code for ward in WARDS], _L5), status="訓練")

    def _slope(self, minute: int, kinds: dict[str, tuple[WardKind, ...]]) -> bytes:
        return jma_writer.warnings(
            Header(
                title="気象警報・注意報（Ｒ０６）（土砂災害）",
                head_title="東京都土砂災害警報・注意報",
                info_kind="気象警報・注意報",
                version="1.5_0",
                at=self._at(minute),
                headline="【架空】崖の近くでは土砂災害に警戒。",
            ),
            kinds,
        )

    def _old(self, minute: int, kinds: dict[str, tuple[WardKind, ...]]) -> bytes:
        return jma_writer.warnings(
            Header(
                title="気象警報・注意報（Ｈ２７）",
                head_title="東京都気象警報・注意報",
                info_kind="気象警報・注意報",
                version="1.2_2",
                at=self._at(minute),
                headline="【架空】２３区東部では、浸水と河川の増水に警戒。",
            ),
            kinds,
        )

    def _landslide(self, minute: int, serial: int, status: str) -> bytes:
        header = Header(
            title="土砂災害警戒情報",
            head_title="東京都土砂災害警戒情報",
            info_kind="土砂災害警戒情報",
            version="1.0_0",
            at=self._at(minute),
            headline="【架空】崖や谷の出口の近くでは、いつ崩れてもおかしくない。",
            event_id="東京都土砂災害警戒情報",
            serial=str(serial),
        )
        return jma_writer.landslide(header, dict.fromkeys(SLOPES[:2], status))

    def _river(
        self,
        minute: int,
        serial: int,
        kind: str,
        code: str,
        condition: str,
        level: int,
        wards: Sequence[str],
        of_danger: float,
        rise_m: float = 0.0,
    ) -> bytes:
        header = Header(
            title="指定河川洪水予報",
            head_title=f"{AOBA.name}{kind}",
            info_kind="指定河川洪水予報",
            version="1.1_1",
            at=self._at(minute),
            headline=f"【警戒レベル{level}相当】{AOBA.name}の水位は危険水位の{of_danger:.0%}。",
            event_id=AOBA.code,
            serial=str(serial),
        )
        stages = tuple(
            round(gauge.danger_m * (of_danger + self._random.uniform(-0.02, 0.02)), 2) for gauge in AOBA.gauges
        )
        text = f"{AOBA.name}の{AOBA.gauges[0].name}では水位が{stages[0]:.2f}メートルです。川から離れてください。"
        return jma_writer.river_forecast(
            header, AOBA, RiverSay(kind, code, condition, text, stages, level, tuple(wards), rise_m)
        )

    def _quake(self, minute: int) -> bytes:
        at = self._at(minute)
        return jma_writer.quake_early_warning(
            Header(
                title="緊急地震速報（警報）",
                head_title="緊急地震速報（警報）",
                info_kind="緊急地震速報",
                version="1.2_0",
                at=at,
                headline="架空湾で地震　関東で強い揺れ",
                event_id=at.astimezone(jma_writer.JST).strftime("%Y%m%d%H%M%S"),
                serial="1",
            )
        )

    def _cap(
        self,
        minute: int,
        msg_type: str,
        half_width_km: float,
        replaces: Sequence[int],
        words: str = "",
        suffix: str = "",
    ) -> bytes:
        ends = msg_type == "Cancel"
        said = "水位は下がりました。" if ends else "まもなく水があふれるおそれがあります。"
        return cap_writer.write(
            CapWarning(
                identifier=self._identifier(minute) + suffix,
                sender=CAP_SENDER,
                at=self._at(minute),
                msg_type=msg_type,
                headline=f"{words}{AOBA.name}：{said}",
                description=f"{words}{AOBA.name}の両岸およそ{half_width_km:.1f}キロメートル（架空の川です）。",
                instruction="浸水のおそれはなくなりました。" if ends else "川から離れ、高い所へ移ってください。",
                # A river office warns and never orders: "Evacuate" would be an order, and held (R9).
                response="AllClear" if ends else "Avoid",
                expires=self._at(minute) + timedelta(hours=6),
                polygon=strip(AOBA.line, half_width_km),
                area_name=f"{AOBA.name}の両岸",
                level=4,
                references=tuple((CAP_SENDER, self._identifier(old), self._at(old)) for old in replaces),
            )
        )

    def _identifier(self, minute: int) -> str:
        return f"kaku-{self._number}-{minute:03d}"


_L2 = WardKind("10", "レベル２大雨注意報")
_L3 = WardKind("03", "レベル３大雨警報")
_L5 = WardKind("33", "レベル５大雨特別警報")
_SLOPE3 = WardKind("09", "レベル３土砂災害警報")
_OLD = (WardKind("03", "大雨警報", condition="浸水害"), WardKind("18", "洪水注意報"), WardKind("14", "雷注意報"))


def _kinds(codes: Iterable[str], *kinds: WardKind) -> dict[str, tuple[WardKind, ...]]:
    return dict.fromkeys(codes, kinds)


def _lifted(codes: Iterable[str], *kinds: WardKind) -> dict[str, tuple[WardKind, ...]]:
    ended = tuple(WardKind(kind.code, kind.name, "解除", last_code=kind.code, last_name=kind.name) for kind in kinds)
    return dict.fromkeys(codes, ended)
