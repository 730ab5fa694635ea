"""What goes out is read back by our own reader, whatever the form (R16)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from alerts.cap import MsgType, Status
from alerts.report import Facts, Report
from alerts.returned import Verdict, judge, orders_of, said_of
from feeds.dis.write import plain_document, to_json, to_table
from feeds.lalert.names import EDXL
from feeds.lalert.write import write_orders, write_shelters
from feeds.read import read, series_of
from tests.feeds.municipal import RECEIVED, document, incident, order, raw, read_plain, road, shelter

NOON = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)
WORDS = st.sampled_from(("", "平井大橋", "水が出ています", "A/B 100%", "川「中川」沿い"))
TIMES = st.integers(0, 600).map(lambda minutes: (NOON + timedelta(minutes=minutes)).isoformat())
PLACES = st.fixed_dictionaries({"lat": st.floats(35.0, 36.0), "lng": st.floats(139.0, 140.0)})
AREAS = st.lists(
    st.sampled_from(({"name": "江戸川区", "code": "13123"}, {"name": "平井一丁目"}, {"name": "葛西"})),
    min_size=1,
    max_size=3,
    unique_by=lambda area: area["name"],
)
ORDERS = st.builds(
    lambda level, state, hazard, areas, at, text: order(
        level=level, state=state, hazard=hazard, areas=areas, issued_at=at, text=text
    ),
    st.sampled_from((3, 4, 5)),
    st.sampled_from(("発令", "解除")),
    st.sampled_from(("洪水", "高潮", "土砂災害", "津波", "大雨", "地震", "火災")),
    AREAS,
    TIMES,
    WORDS,
)
SHELTERS = st.builds(
    lambda number, place, state, band, capacity, occupants, at: shelter(
        id=f"S-{number}", name=f"学校{number}", state=state, band=band, capacity=capacity, occupants=occupants,
        as_of=at, needs=["水", "毛布"], fit_for=["洪水", "地震"], step_free=number % 2 == 0, **place,
    ),
    st.integers(1, 50),
    PLACES,
    st.sampled_from(("開設", "満員", "閉鎖", "不明")),
    st.sampled_from(("空き", "やや混雑", "混雑", "満員")),
    st.sampled_from(("屋内480人／屋外3,350人(面積の1/2)", 120)),
    st.integers(0, 500),
    TIMES,
)  # fmt: skip
ROADS = st.builds(
    lambda number, place, state, cause, sure, at, text: road(
        id=f"r{number}", state=state, cause=cause, confidence=sure, as_of=at, text=text, **place
    ),
    st.integers(1, 50),
    PLACES,
    st.sampled_from(("通行止め", "解除")),
    st.sampled_from(("冠水", "落橋", "その他")),
    st.sampled_from(("未確認", "確認済")),
    TIMES,
    WORDS,
)
INCIDENTS = st.builds(
    lambda number, kind, ended, at, text: incident(
        id=f"i{number}", kind=kind, ended=ended, as_of=at, text=text, area_codes=["13123"]
    ),
    st.integers(1, 50),
    st.sampled_from(("停電", "孤立", "住家被害", "浸水")),
    st.booleans(),
    TIMES,
    WORDS,
)
DOCUMENTS = st.builds(
    lambda orders, shelters, roads, incidents: document(
        orders=orders, shelters=shelters, roads=roads, incidents=incidents
    ),
    st.lists(ORDERS, max_size=3),
    st.lists(SHELTERS, min_size=1, max_size=3, unique_by=lambda row: row["id"]),
    st.lists(ROADS, max_size=3, unique_by=lambda row: row["id"]),
    st.lists(INCIDENTS, max_size=3, unique_by=lambda row: row["id"]),
)


def written(report: Report, **changes: Any) -> dict[str, Any]:
    """Return the plain document that says what *report* says."""
    values: dict[str, Any] = {
        "document": report.thread,
        "revision": report.serial,
        "issuer": report.alert.sender,
        "issuer_name": report.alert.source,
        "sent": report.alert.sent,
        "infos": report.alert.infos,
        "facts": report.facts,
    }
    return plain_document(**(values | changes))


def again(content: bytes, feed: str = "dis") -> Report:
    report = read(content, name="again", received=RECEIVED, feed=feed)
    assert series_of(content, feed) == report.series
    return report


@settings(deadline=None, derandomize=True, max_examples=60)
@given(DOCUMENTS)
def test_what_is_written_as_json_is_read_as_it_was(plain: dict[str, Any]) -> None:
    first = read_plain(plain)
    second = again(to_json(written(first)))
    assert second.facts == first.facts
    assert [told(info) for info in second.alert.infos] == [told(info) for info in first.alert.infos]
    assert orders_of(second) == orders_of(first)


def told(info: Any) -> Any:
    """Return an order without the word that its danger was written with."""
    return replace(info, headline="")


@settings(deadline=None, derandomize=True, max_examples=40)
@given(DOCUMENTS, st.sampled_from(("utf-8", "utf-8-sig", "cp932")))
def test_each_part_of_it_is_a_table_that_is_read_as_it_was(plain: dict[str, Any], encoding: str) -> None:
    first = read_plain(plain)
    out = written(first)
    parts = {part for part in ("orders", "shelters", "roads", "incidents") if out.get(part)}
    read_back = {part: again(to_table(out, part, encoding)) for part in parts}
    if "orders" in parts:
        assert orders_of(read_back["orders"]) == orders_of(first)
        assert {info.effective for info in read_back["orders"].alert.infos} == {
            info.effective for info in first.alert.infos
        }
    for part in parts - {"orders"}:
        assert getattr(read_back[part].facts, part) == getattr(first.facts, part)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(DOCUMENTS)
def test_the_orders_as_l_alert_are_the_same_orders_and_return_as_such(plain: dict[str, Any]) -> None:
    first = read_plain(plain)
    if not first.alert.infos:
        return
    known = said_of(first, first.thread, "lineage")
    returned = [again(content, "l-alert") for content in write_orders(written(first))]
    together: dict[Any, frozenset[str]] = {}
    for report in returned:
        together |= orders_of(report)
        assert (report.feed, report.hold, report.serial) == ("l-alert", "", first.serial)
        found = judge((known,), {}, report, at=known.received)
        assert (found.verdict, found.lineage) == (Verdict.RETURNED, "lineage")
    assert together == orders_of(first)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.lists(SHELTERS, min_size=1, max_size=4, unique_by=lambda row: row["id"]))
def test_the_shelters_as_l_alert_say_what_l_alert_has_elements_for(rows: list[dict[str, Any]]) -> None:
    first = read_plain(document(shelters=rows))
    second = again(write_shelters(written(first)), "l-alert")
    for before, after in zip(first.facts.shelters, second.facts.shelters, strict=True):
        assert (after.name, after.point, after.capacity, after.occupants, after.band) == (
            before.name,
            before.point,
            before.capacity,
            before.occupants,
            before.band,
        )
        assert after.attribution.fact_at == before.attribution.fact_at
        assert after.state.value == {"full": "open"}.get(before.state.value, before.state.value)


def test_a_cancel_and_a_drill_go_out_as_such() -> None:
    first = read_plain(document())
    cancel = again(to_json(written(first, msg_type=MsgType.CANCEL, infos=(), facts=Facts(), revision=2)))
    assert (cancel.alert.msg_type, cancel.serial, cancel.thread) == (MsgType.CANCEL, 2, first.thread)
    drill = written(first, status=Status.EXERCISE)
    for content in (to_json(drill), *write_orders(drill)):
        assert again(content, "l-alert").alert.status is Status.EXERCISE


def test_the_wrapper_is_edxl(shared_data: Path) -> None:
    schema = etree.XMLSchema(file=str(shared_data / "06_cap" / "schema" / "edxlde-1_0.xsd"))
    (content,) = write_orders(written(read_plain(document())))
    wrapper = etree.fromstring(content)
    for child in list(wrapper):
        # What 公共情報コモンズ added to the wrapper is in a namespace of its own, beside EDXL's elements.
        if not str(child.tag).startswith(f"{{{EDXL}}}"):
            wrapper.remove(child)
    schema.assertValid(wrapper)


@pytest.mark.parametrize("part", ["orders", "shelters", "roads", "incidents"])
def test_a_name_that_cp932_cannot_write_costs_a_letter_and_no_row(part: str) -> None:
    plain = read_plain(document(shelters=[shelter(name="𠮷田小学校")], roads=[road(name="𠮷田橋")]))
    table = to_table(written(plain), part, "cp932")
    assert again(table).facts.refused == ()
    assert raw(document())
