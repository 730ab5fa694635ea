"""The header of a telegram: status and type first, times with their offsets, unknown titles."""

import random
import re
from pathlib import Path

import pytest
from lxml import etree

from alerts.cap import MsgType, Status
from alerts.report import Linkage
from feeds.errors import JmaError
from feeds.jma.kinds import UNKNOWN, kind_of
from feeds.jma.telegram import DRILL_WORDS
from tests.feeds.telegrams import all_read, changed, raw_sample, read_bytes

TOKYO = "15_14_01_170216_VPWW54"


@pytest.mark.parametrize(("written", "status"), [("訓練", Status.EXERCISE), ("試験", Status.TEST)])
def test_status_comes_before_everything_even_a_body_that_cannot_be_read(
    shared_data: Path, written: str, status: Status
) -> None:
    raw = changed(
        raw_sample(shared_data, TOKYO), ("<Status>通常", f"<Status>{written}"), ("気象警報・注意報（市町村等", "何か（")
    )
    raw = changed(raw, ("（一次細分区域等）", ""), ("（府県予報区等）", ""))
    assert read_bytes(raw).alert.status is status


def test_a_status_or_type_that_nobody_knows_is_refused(shared_data: Path) -> None:
    raw = raw_sample(shared_data, TOKYO)
    with pytest.raises(JmaError) as status:
        read_bytes(changed(raw, ("<Status>通常", "<Status>演習")))
    with pytest.raises(JmaError) as kind:
        read_bytes(changed(raw, ("<InfoType>発表", "<InfoType>再送")))
    assert (status.value.reason, kind.value.reason) == ("jma-status", "jma-info-type")


def test_a_time_without_an_offset_is_refused(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, TOKYO), ("2017-01-26T08:20:47Z", "2017-01-26T08:20:47"))
    with pytest.raises(JmaError) as error:
        read_bytes(raw)
    assert error.value.reason == "jma-time"


def test_a_title_that_nobody_knows_is_recorded(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, TOKYO), ("<Title>気象警報・注意報（Ｈ２７）", "<Title>宇宙天気警報"))
    report = read_bytes(raw)
    assert (report.kind, report.informational, report.alert.infos) == (UNKNOWN, "kind-unknown", ())
    assert kind_of("気象警報・注意報（Ｒ０６）（別の何か）") == UNKNOWN


def test_drill_words_under_an_actual_status_hold_the_telegram(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, TOKYO), ("<Headline>\n      <Text>", "<Headline>\n      <Text>【訓練】"))
    assert read_bytes(raw).hold == DRILL_WORDS


def test_a_cancel_is_read_without_its_body(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, TOKYO), ("<InfoType>発表", "<InfoType>取消"))
    text = raw.decode()
    start, end = text.index("<Body"), text.index("</Body>")
    raw = (text[:start] + "<Body>" + text[end:]).encode()
    alert = read_bytes(raw).alert
    assert (alert.msg_type, alert.infos, alert.note) == (MsgType.CANCEL, (), "取消")


def test_two_telegrams_of_one_series_differ_in_name_by_their_time(shared_data: Path) -> None:
    one = read_bytes(raw_sample(shared_data, TOKYO))
    two = read_bytes(changed(raw_sample(shared_data, TOKYO), ("2017-01-26T08:20:47Z", "2017-01-26T08:20:48Z")))
    assert one.linkage is Linkage.SERIES
    assert one.series == two.series
    assert one.alert.identifier != two.alert.identifier


@pytest.mark.parametrize(
    ("name", "pattern", "reason"),
    [
        (TOKYO, r"<Warning type=\"気象警報・注意報（市町村等）\">.*?</Warning>", "jma-no-kind"),
        ("17_04_01_250630_VXWW50", r"<Warning type=\"土砂災害警戒情報\">.*?</Warning>", "jma-no-kind"),
        ("32-39_11_02_250206_VTSE41", r"<Forecast>.*?</Forecast>", "jma-no-area"),
        (
            "16_02_01_220728_VXKOii",
            r"<Information type=\"指定河川洪水予報（予報区域）\">.*?</Information>",
            "jma-river-kind",
        ),
    ],
)
def test_a_section_that_lost_its_content_is_refused_and_never_an_all_clear(
    shared_data: Path, name: str, pattern: str, reason: str
) -> None:
    def emptied(section: re.Match[str]) -> str:
        opening = section.group().partition(">")[0] + ">"
        return f"{opening}</{opening[1:].split()[0].strip('>')}>"

    raw = re.sub(pattern, emptied, raw_sample(shared_data, name).decode(), flags=re.DOTALL).encode()
    with pytest.raises(JmaError) as error:
        read_bytes(raw)
    assert error.value.reason == reason


def test_damaged_telegrams_are_read_or_refused_and_nothing_else(shared_data: Path) -> None:
    chance = random.Random(20261122)
    texts = ("", "xx", "-1", "2020-13-01T00:00:00+09:00", "９", "00", "1" * 50, "NaN")
    told = [path for path, _raw, report in all_read(shared_data) if report.alert.infos and len(_raw) < 40_000]
    refused = 0
    for _ in range(300):
        root = etree.fromstring(chance.choice(told).read_bytes())
        elements = list(root.iter("{*}*"))[1:]
        for element in chance.sample(elements, 3):
            parent = element.getparent()
            if parent is not None and chance.random() < 0.5:
                parent.remove(element)
            else:
                element.text = chance.choice(texts)
        try:
            read_bytes(etree.tostring(root, encoding="utf-8"))
        except JmaError:
            refused += 1
    assert refused > 0
