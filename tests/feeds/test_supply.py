"""What shelters ask for, and what they no longer do."""

import pytest

from alerts.report import Report
from alerts.shelter import ShelterState
from feeds.errors import FeedError
from feeds.read import read, series_of
from tests.feeds.municipal import RECEIVED

LIST = """\
市区町村コード,市区町村名,避難所ID,避難所名,品目,要請数量,単位,要請日時,状態
131237,江戸川区,E1312300001001,平井小学校,毛布,200,枚,令和8年7月1日12時00分,要請中
131237,江戸川区,E1312300001001,平井小学校,水,500,本,2026/7/1 12:30,手配中
131237,江戸川区,E1312300001001,平井小学校,おむつ,20,袋,2026/7/1 11:00,納品済
131237,江戸川区,,小松川第二中学校,毛布,80,枚,2026/7/1 10:00,取消
"""


def taken(text: str, feed: str = "supply", encoding: str = "cp932") -> Report:
    return read(text.encode(encoding), name="needs.csv", received=RECEIVED, feed=feed)


def test_requests_are_needs_of_the_shelter_model() -> None:
    report = taken(LIST)
    first, second = report.facts.shelters
    assert (first.id, first.needs) == ("E1312300001001", ("毛布 200枚", "水 500本"))
    assert (second.id, second.needs) == ("13123:小松川第二中学校", ())
    assert first.state is ShelterState.UNKNOWN, "the list says nothing about that"
    assert first.attribution.source == "supply:13123"
    assert first.attribution.fact_at == report.alert.sent
    assert (report.kind, report.informational, report.feed) == ("supply-needs", "facts-only", "supply")
    assert series_of(LIST.encode("cp932")) == report.series == "municipality:13123"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LIST.split("\n")[0] + "\n", "dis-nothing-said"),
        (LIST.replace("江戸川区,,", "江東区,,"), "dis-mixed-documents"),
        (LIST.replace("市区町村名", "区名"), "dis-issuer"),
        (LIST.replace("131237", "131238"), "dis-issuer"),
    ],
)
def test_a_list_that_is_nobody_s_is_refused(text: str, reason: str) -> None:
    with pytest.raises(FeedError) as error:
        taken(text)
    assert error.value.reason == reason


def test_it_is_believed_only_by_a_way_that_asks_for_a_key() -> None:
    with pytest.raises(FeedError, match="dis-by-another-feed"):
        taken(LIST, feed="crowd")


def test_a_request_without_a_time_never_looks_new() -> None:
    report = taken(LIST.replace("2026/7/1 10:00", "きょう"))
    assert report.facts.shelters[1].attribution.fact_at.year == 1970
