"""An evening in Kōtō on the residents' board: a flood, an order, ways, shelters, closures and a river, all just now."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import h3.api.basic_int as h3

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.fact import Attribution, Confidence
from alerts.gauge import GaugeStation, Thresholds
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Order, Phase, Picture, Recipients, Text
from alerts.place import Cell, LatLng
from alerts.river_stage import RiverStage, Trend
from alerts.river_stage import Stage as Water
from alerts.road import RoadCause, RoadPlace, RoadReport
from alerts.shelter import OccupancyBand, ShelterReport, ShelterState, SiteClass
from api.known.state import State
from api.live.board import LiveBoard
from api.live.facts import LiveFacts, shard_at
from api.live.here import HerePages
from geo.gauges.doubt import Stage
from routing.network import RoadNetwork
from routing.plan import Advice, Answer, CellAdvice, Part, Route, Side, Turn, Why, plan_of
from routing.shelter import Offer
from routing.site import Site, place_on
from streams.brokers.client import Record
from streams.evacuation.town import Town
from streams.evacuation.way_book import Tile, WayBook
from streams.gauges.record import GaugeRecord
from streams.ingest.facts import fact_key
from streams.topics import CLOSURES, GAUGES, HAZARDS, NOTICES, PLANS, SHELTERS
from streams.wire import encode
from tests.api.evening import KOTO, Evening, around, danger, provenance
from tests.streams.small_town import NETWORK, node_at, order_maps, order_notice

HERE = LatLng(*KOTO)
CELL = Cell(h3.latlng_to_cell(*KOTO, 9))
SHARD = shard_at(HERE)
# A cell of the same shard in which the way is up, not out, and one that no danger reaches.
UPSTAIRS = Cell(sorted(set(h3.grid_ring(CELL, 3)) & set(h3.cell_to_children(SHARD, 9)))[0])
CHOME = "北砂三丁目"
WARD = ("江東区", around(*KOTO, rings=8))
# What a feed may hold in any field; nothing of it may run.
HURT = "<img src=x onerror=\"window.hurt='{where}'\"><script>window.hurt='{where}'</script>"


def north_east(metres_north: float, metres_east: float) -> LatLng:
    """Return the point so far from HERE."""
    return LatLng(
        HERE.lat + metres_north / 111_320, HERE.lng + metres_east / (111_320 * math.cos(math.radians(HERE.lat)))
    )


def site(name: str, north: float, east: float, *, always_open: bool = False, step_free: bool | None = None) -> Site:
    kind = SiteClass.ALWAYS_OPEN if always_open else SiteClass.STAFFED
    fit = frozenset({HazardKind.FLOOD, HazardKind.EARTHQUAKE})
    return Site(name, name, north_east(north, east), fit, "1310800", site_class=kind, step_free=step_free)


SITES = (
    site("北砂小学校", 420, 380, step_free=True),
    site("第二中学校", -350, 300),
    site("木場公園", 60, -620, always_open=True),
    site("東陽区民館", -500, -250),
)


def streets() -> RoadNetwork:
    """Return the small town's streets, moved so that one of its corners is HERE."""
    corner = NETWORK.nodes[node_at(1, 2)]
    north, east = HERE.lat - corner.lat, HERE.lng - corner.lng
    moved = {node: LatLng(point.lat + north, point.lng + east) for node, point in NETWORK.nodes.items()}
    return RoadNetwork(moved, list(NETWORK.roads.values()))


class Dusk:
    """Board and ways of one shard, and what was put to them; times are those of the machine, a few minutes ago."""

    def __init__(self, *, hostile: bool = False) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        self._hostile = hostile
        self._offset = 0
        here = HerePages(lambda cell: CHOME if cell == CELL else "", [WARD], takes_reports=True)
        self.board = LiveBoard(State(), LiveFacts(sites={one.id: one for one in SITES}), (SHARD,), here)
        network = streets()
        self.ways = WayBook(Town(network, place_on(network, SITES[:1])[0], {CELL: 100}))
        self._warning()
        self._order()
        self._ways()
        self._ground()
        self.board.refresh(self.now)

    def name(self, plain: str, where: str) -> str:
        """Return *plain*, or on a hostile evening what would run if it were ever taken for markup."""
        return HURT.format(where=where) if self._hostile else plain

    def said(
        self, minutes_ago: int, confidence: Confidence = Confidence.CONFIRMED, source: str = "console"
    ) -> Attribution:
        at = self.now - timedelta(minutes=minutes_ago)
        return Attribution(source, at, at, confidence)

    def hear(self, topic: str, key: bytes, value: object) -> None:
        self._offset += 1
        at = round(self.now.timestamp() * 1000)
        record = Record(topic, 0, self._offset, key, encode(value), timestamp_ms=at)
        self.board.apply(record)
        self.ways.apply(record)

    def tile(self) -> bytes:
        """Return the ways of the shard as routing writes them."""
        found = self.ways.tile(Cell(SHARD), self.now)
        assert isinstance(found, Tile), found
        return found.data

    def tell(self, notice: Notice) -> None:
        self.hear(NOTICES.name, notice.lineage.encode(), notice)

    def full(self, name: str) -> None:
        """Let a shelter say that it is full."""
        self.hear_shelter(ShelterReport(name, "", self.said(0), ShelterState.FULL))

    def hear_shelter(self, report: ShelterReport) -> None:
        self.hear(SHELTERS.name, fact_key(report), report)

    def _warning(self) -> None:
        evening = Evening()
        source = provenance(sent=self.now - timedelta(minutes=12), issuer=self.name("気象庁", "issuer"))
        area = self.name("江東区", "area")
        evening.say(source, [danger(around(*KOTO, rings=4), level=Level.ALL_LEAVE, area_name=area)])
        rain = provenance("rain", sent=self.now - timedelta(minutes=70))
        wider = danger(around(*KOTO, rings=9), level=Level.CHECK_ACTION, hazard=HazardKind.HEAVY_RAIN)
        evening.say(rain, [wider])
        for record in evening.records:
            self.board.apply(record)

    def _order(self) -> None:
        """Put an order in force for the ways alone: the board has it from the notice with which they were told."""
        map_ = order_maps()[0]
        standing = map_.standings[0]
        cells = tuple(sorted(Cell(cell) for cell in h3.grid_disk(CELL, 4)))
        ordered = replace(standing, shards=1, dangers=(replace(standing.dangers[0], cells=cells),))
        for topic, value in (
            (HAZARDS, replace(map_, shard=SHARD, standings=(ordered,))),
            (NOTICES, order_notice()),
        ):
            self.ways.apply(Record(topic.name, 0, 0, b"order", encode(value)))

    def notice(self, kind: NoticeKind, lineage: str, text: Text, picture: Picture | None = None) -> Notice:
        """Return a notice for CELL and its neighbours."""
        cells = tuple(sorted(h3.grid_disk(CELL, 4)))
        level = Level.ALL_LEAVE
        part = NoticePart(
            0, Phase.ISSUED, Recipients.CELLS, level, Severity.SEVERE, (HazardKind.FLOOD,), ("江東区",), cells, (text,),
            picture=picture,
        )  # fmt: skip
        sent = self.now - timedelta(minutes=9)
        order = Order("order-1", "d", "江東区", cells, "t", "r", sent + timedelta(hours=6))
        issuer = self.name("江東区", "issuer of kind 3")
        return Notice(
            lineage, 1, kind, Lane.LIFE_SAFETY, "d" * 64, "console", issuer, sent, sent,
            sent + timedelta(hours=6), (part,), "0" * 64, "officer", sent,
            order if kind is NoticeKind.GO_THERE else None,
        )  # fmt: skip

    def _ways(self) -> None:
        self.tell(self.notice(NoticeKind.GO_THERE, "ways-1", Text("ja", "避難", "")))
        station, name = self.name("亀島川", "station"), self.name("隅田川", "river")
        river = RiverStage(
            "1", station, name, Water(self.now - timedelta(minutes=5), 3.62, 3),
            Trend.RISING, (Water(self.now + timedelta(hours=2), 4.35, 4), Water(self.now + timedelta(hours=1), 3.9, 3)),
            Thresholds(2.0, 2.6, 3.4, 4.1),
        )  # fmt: skip
        words = Text("ja", "レベル4 川の水位のいま", "レベル4 全員避難。隅田川の亀島川は3.62m（上昇中）。")
        english = Text("en", "Level 4: the river now", "Level 4. Sumida at Kamejima: 3.62 m, rising.")
        told = self.notice(NoticeKind.HOW_IT_IS_GOING, "river-1", words, Picture(river, 3))
        part = replace(told.parts[0], texts=(words, english))
        self.tell(replace(told, parts=(part,)))
        cells = tuple(self._advice(cell) for cell in sorted(h3.cell_to_children(SHARD, 9)))
        self.hear(PLANS.name, f"{SHARD:x}".encode(), plan_of(SHARD, 1, (HazardKind.FLOOD,), self.now, cells))

    def _advice(self, cell: int) -> CellAdvice:
        lat, lng = h3.cell_to_latlng(cell)
        if cell == UPSTAIRS:
            general = Answer(Advice.GO_UP, Why.WATER_COMES_FIRST, action="from-3-m/stands/days/general")
            free = Answer(Advice.GO_UP, Why.WATER_COMES_FIRST, action="from-3-m/stands/days/step-free")
            return CellAdvice(Cell(cell), "1310800", (Part((), LatLng(lat, lng), general, free),))
        to = SITES[0]
        corners = [
            (lat, lng),
            (lat + 0.0011, lng + 0.0002),
            (lat + 0.0013, to.point.lng - 0.001),
            (to.point.lat, to.point.lng),
        ]
        line = tuple(LatLng(*corner) for corner in corners)
        turns = (
            Turn(120, self.name("永代通り", "street"), Side.LEFT, self.name("門前仲町駅", "landmark")),
            Turn(340, "葛西橋通り", Side.RIGHT, "福富川橋"),
        )
        shelter = self.name(to.name, "shelter of the way")
        route = Route(to.id, shelter, Offer.OPEN, 781, 1953, 781, line, turns, ("r1",))
        up = Answer(Advice.GO_UP, Why.CUT_BY_CLOSURES, action="from-3-m/stands/days/step-free")
        return CellAdvice(
            Cell(cell), "1310800", (Part((), LatLng(lat, lng), Answer(Advice.GO, Why.WALKABLE, route), up),)
        )

    def _ground(self) -> None:
        first = self.name("北砂小学校", "shelter")
        self.hear_shelter(
            ShelterReport(SITES[0].id, first, self.said(8), ShelterState.OPEN, band=OccupancyBand.FILLING)
        )
        self.hear_shelter(ShelterReport(SITES[1].id, "", self.said(75), ShelterState.OPEN, band=OccupancyBand.CROWDED))
        self.full(SITES[3].id)
        for name, place, cause, said in (
            ("福富橋", RoadPlace(line=(north_east(150, -60), north_east(150, 160)), name=self.name("福富橋", "bridge")),
             RoadCause.FLOODED, self.said(6)),
            ("倒木", RoadPlace(point=north_east(-220, 120), name=self.name("親水公園前", "report")), RoadCause.DEBRIS,
             self.said(22, Confidence.REPORTED, "crowd")),
        ):  # fmt: skip
            report = RoadReport(name, place, cause, said, said.fact_at)
            self.hear(CLOSURES.name, fact_key(report), report)
        gauge = GaugeStation(
            "mlit:1",
            self.name("小名木川", "gauge"),
            north_east(900, 200),
            "小名木川",
            thresholds=Thresholds(1.2, 1.8, 2.4, 2.9),
        )
        record = GaugeRecord(
            "mlit:1", gauge, 2, self.now, Stage(self.now - timedelta(minutes=4), 2.1), self.now, None, "", (), ()
        )
        self.hear(GAUGES.name, b"mlit:1", record)
