"""What an office means by one name of an area: ranges, lists, everywhere; and nothing that it did not say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import GEOCODE_AREA_NAME, GEOCODE_CLASS20
from feeds.dis.area_names import MOST_CHOME, is_everywhere, names_meant
from feeds.lalert.write import write_orders
from feeds.read import read
from tests.feeds.municipal import RECEIVED, document, order, read_plain

ONE_TO_THREE = ("平井1丁目", "平井2丁目", "平井3丁目")


@pytest.mark.parametrize(
    "name",
    [
        *("平井１～３丁目", "平井1〜3丁目", "平井1-3丁目", "平井１－３丁目", "平井一ー三丁目", "平井1～3丁目まで"),
        *(
            "平井1丁目から3丁目",
            "平井１丁目から３丁目まで",
            "平井一丁目～三丁目",
            "平井1丁目から平井3丁目",
            "平井 1 ～ 3 丁目",
        ),
        *(
            "平井1・2・3丁目",
            "平井1、2、3丁目",
            "平井一丁目・二丁目・三丁目",
            "平井1丁目、2丁目及び3丁目",
            "平井1～2・3丁目",
        ),
    ],
)
def test_a_range_and_a_list_are_each_of_their_chome(name: str) -> None:
    assert names_meant(name) == ONE_TO_THREE


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("平井一丁目", ("平井一丁目",)),
        ("平井十～十二丁目", ("平井10丁目", "平井11丁目", "平井12丁目")),
        ("平井二十三丁目", ("平井二十三丁目",)),
        ("平井1・3丁目", ("平井1丁目", "平井3丁目")),
        ("一之江町1～2丁目", ("一之江町1丁目", "一之江町2丁目")),
        ("八丁堀1～2丁目", ("八丁堀1丁目", "八丁堀2丁目")),
        # A town alone is all of it.
        ("平井", ("平井",)),
        ("平井全域", ("平井",)),
        ("八丁堀", ("八丁堀",)),
        ("四谷三栄町", ("四谷三栄町",)),
        ("ニュータウン", ("ニュータウン",)),
        # Nothing is guessed.
        ("平井3～1丁目", ("平井3～1丁目",)),
        ("平井0～2丁目", ("平井0～2丁目",)),
        ("平井1～99丁目", ("平井1～99丁目",)),
        ("平井1丁目と小松川2丁目", ("平井1丁目と小松川2丁目",)),
        ("平井一二丁目", ("平井一二丁目",)),
    ],
)
def test_what_one_name_means(name: str, meant: tuple[str, ...]) -> None:
    assert names_meant(name) == meant


@given(st.text(max_size=40))
def test_any_name_means_something_and_never_more_than_a_town_has(name: str) -> None:
    meant = names_meant(name)
    assert meant
    assert len(meant) <= MOST_CHOME
    if name.strip():
        assert all(meant)


@pytest.mark.parametrize("name", ["全域", "江戸川区全域", "江戸川区", "区内全域", "江戸川区 全域"])
def test_everywhere_is_the_municipality(name: str) -> None:
    assert is_everywhere(name, "江戸川区")
    report = read_plain(document(orders=[order(areas=[{"name": name}])]))
    (area,) = report.alert.infos[0].areas
    assert [(one.value_name, one.value) for one in area.geocodes] == [(GEOCODE_CLASS20, "1312300")]


def test_a_part_of_it_is_never_the_whole() -> None:
    for name in ("平井全域", "江戸川全域", "江東区全域", ""):
        assert not is_everywhere(name, "江戸川区")


def test_an_order_for_a_range_is_one_area_by_its_own_name_with_a_code_for_each() -> None:
    report = read_plain(document(orders=[order(areas=[{"name": "平井１～３丁目"}, {"name": "小松川一丁目"}])]))
    areas = report.alert.infos[0].areas
    assert [area.description for area in areas] == ["平井１～３丁目", "小松川一丁目"]
    assert [[one.value for one in area.geocodes] for area in areas] == [
        [f"13123 {name}" for name in ONE_TO_THREE],
        ["13123 小松川一丁目"],
    ]
    assert {one.value_name for area in areas for one in area.geocodes} == {GEOCODE_AREA_NAME}


def test_l_alert_takes_the_same_names() -> None:
    plain = document(orders=[order(areas=[{"name": "平井１～３丁目"}], hazard="flood", level=4, state="issued")])
    (content,) = write_orders(plain)
    report = read(content, name="l", received=RECEIVED, feed="l-alert")
    assert [one.value for one in report.alert.infos[0].areas[0].geocodes] == [f"13123 {name}" for name in ONE_TO_THREE]
