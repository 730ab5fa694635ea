"""One approved revision, every form: the same bytes each time, its words, its numbers, its marks (R16)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from alerts.cap import MsgType, ResponseType, Severity, Status
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.lifecycle import SeriesState, accept
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.order_words import ORDER_NAMES_JA, compose_order
from alerts.place import Cell, LatLng
from alerts.report import OutcomeKind
from alerts.wording import PartFacts
from alerts.words import compose
from feeds.outgoing.forms import Form, Leaf, Municipality, leaves_of, why_not
from feeds.outgoing.notice_cap import alert_of
from feeds.outgoing.script import MOST_SECONDS, script_of, seconds_of
from feeds.read import read

NOON = datetime(2026, 9, 8, 3, 5, tzinfo=UTC)
SENDER = "alerts@shirase.example"
EDOGAWA = Municipality("13123", "江戸川区", {"江戸川区": "えどがわく", "平井一丁目": "ひらいいっちょうめ"})
RING = (LatLng(35.7, 139.87), LatLng(35.7, 139.88), LatLng(35.71, 139.88), LatLng(35.7, 139.87))
ORDERS = tuple(ORDER_NAMES_JA)


def order(
    level: Level = Level.ALL_LEAVE,
    phase: Phase = Phase.ISSUED,
    *,
    revision: int = 1,
    lane: Lane = Lane.LIFE_SAFETY,
    hazard: HazardKind = HazardKind.FLOOD,
    areas: tuple[str, ...] = ("江戸川区",),
    issuer: str = "江戸川区",
) -> Notice:
    sent = NOON + timedelta(minutes=10 * revision)
    expires = NOON + timedelta(hours=6)
    facts = PartFacts(phase, level, Severity.EXTREME, (hazard,), areas, issuer, sent, expires)
    texts = (compose_order(facts, "ja"), compose_order(facts, "en"))
    part = NoticePart(0, phase, Recipients.CELLS, level, Severity.EXTREME, (hazard,), areas, (Cell(1),), texts)
    return Notice(
        "order-7f", revision, NoticeKind.DANGER_IS_COMING, lane, "d" * 64, "console", issuer, sent, sent, expires,
        (part,), "a" * 64, "policy", sent,
    )  # fmt: skip


def of(form: Form, notice: Notice, **more: object) -> tuple[Leaf, ...]:
    return leaves_of(form, notice, EDOGAWA, sender=SENDER, outline=lambda _cells: (RING,), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", list(Form), ids=str)
def test_the_same_revision_is_the_same_bytes_and_another_is_others(form: Form) -> None:
    first, second = order(), order(phase=Phase.CHANGED, revision=2)
    assert of(form, first) == of(form, order())
    assert {leaf.body for leaf in of(form, first)}.isdisjoint(leaf.body for leaf in of(form, second))
    if form is not Form.SIGNAGE:  # a screen has one page, which changes
        assert {leaf.name for leaf in of(form, first)}.isdisjoint(leaf.name for leaf in of(form, second))


@pytest.mark.parametrize("level", ORDERS, ids=str)
@pytest.mark.parametrize("form", [Form.L_ALERT, Form.DIS], ids=str)
def test_an_order_is_read_back_by_our_own_reader_with_its_revision(form: Form, level: Level) -> None:
    (leaf, *_) = of(form, order(level, revision=3))
    report = read(leaf.body, name=leaf.name, received=NOON, feed="")
    (info,) = report.alert.infos
    assert (info.level, info.hazard, report.serial) == (level, HazardKind.FLOOD, 3)
    assert [area.description for area in info.areas] == ["江戸川区"] or "江戸川区" in info.areas[0].description
    assert report.alert.status is Status.ACTUAL
    assert ResponseType.EVACUATE in info.response_types


@pytest.mark.parametrize("form", [Form.L_ALERT, Form.DIS, Form.CAP], ids=str)
def test_a_drill_is_an_exercise_to_whoever_reads_it(form: Form) -> None:
    (leaf, *_) = of(form, order(lane=Lane.DRILL))
    assert read(leaf.body, name=leaf.name, received=NOON, feed="").alert.status is Status.EXERCISE


def test_a_drill_says_so_to_people_and_to_a_gateway() -> None:
    drill = order(lane=Lane.DRILL)
    assert json.loads(of(Form.WEBHOOK, drill)[0].body)["drill"] is True
    page = of(Form.SIGNAGE, drill)[0].body.decode()
    assert page.count("訓練") >= 3
    script = script_of(drill, "江戸川区", EDOGAWA.readings)
    assert script is not None
    assert script.text.count("これは、訓練です。") == 2
    live = script_of(order(), "江戸川区", EDOGAWA.readings)
    assert live is not None
    assert "訓練" not in live.text
    assert "訓練" not in of(Form.SIGNAGE, order())[0].body.decode()


def test_a_correction_says_that_it_is_one_in_each_form() -> None:
    first, mended = order(), order(phase=Phase.CORRECTED, revision=2, areas=("平井一丁目",))
    assert json.loads(of(Form.DIS, mended)[0].body)["type"] == "訂正"
    assert b"Errata" in of(Form.L_ALERT, mended)[0].body
    assert json.loads(of(Form.WEBHOOK, mended)[0].body)["correction"] is True
    script = script_of(mended, "江戸川区", EDOGAWA.readings)
    assert script is not None
    assert "訂正します。" in script.text
    alert = alert_of(mended, SENDER, earlier=[first])
    assert alert.msg_type is MsgType.UPDATE
    assert [one.identifier for one in alert.references] == ["order-7f.1"]
    withdrawn = order(phase=Phase.CANCELLED, revision=3)
    assert alert_of(withdrawn, SENDER, earlier=[first, mended]).msg_type is MsgType.CANCEL
    assert json.loads(of(Form.DIS, withdrawn)[0].body)["type"] == "取消"


def test_an_order_its_correction_and_its_withdrawal_are_one_l_alert_document_of_rising_revision() -> None:
    story = [
        order(areas=("平井一丁目", "平井二丁目")),
        order(phase=Phase.CORRECTED, revision=2, areas=("平井一丁目",)),
        order(phase=Phase.CANCELLED, revision=3, areas=("平井一丁目",)),
    ]
    raws = [of(Form.L_ALERT, notice)[0].body for notice in story]
    assert [len(of(Form.L_ALERT, notice)) for notice in story] == [1, 1, 1]
    found = [read(raw, name="x", received=NOON, feed="") for raw in raws]
    assert {report.thread for report in found} == {"shirase.order-7f-flood"}
    assert [report.serial for report in found] == [1, 2, 3]
    assert [report.alert.msg_type for report in found] == [MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL]
    assert [report.alert.note for report in found] == ["", "訂正", ""]
    assert [len(report.alert.infos) for report in found] == [1, 1, 0]
    for raw, kind in zip(raws, ("Report", "Update", "Cancel"), strict=True):
        tree = etree.fromstring(raw)
        said = {node.text for node in tree.iter() if str(node.tag).endswith("distributionType")}
        assert said == {kind}, "the wrapper and the inside say the same"
    # Who reads the body alone finds its end there too.
    assert ">解除<" in raws[2].decode()
    # The DIS form of a withdrawal names no orders: its type ends them.
    assert "orders" not in json.loads(of(Form.DIS, story[2])[0].body)


@pytest.mark.parametrize("turns", list(permutations(range(3))), ids=lambda turns: "".join(map(str, turns)))
def test_in_whatever_order_they_arrive_elsewhere_the_withdrawal_is_what_holds(turns: tuple[int, ...]) -> None:
    story = [order(), order(phase=Phase.CORRECTED, revision=2), order(phase=Phase.CANCELLED, revision=3)]
    state = SeriesState()
    for turn in turns:
        # As it would come from a neighbour's system: our own documents are known and are no news.
        raw = of(Form.L_ALERT, story[turn])[0].body.replace(b"shirase.order", b"edogawa.order")
        state = accept(state, read(raw, name="x", received=NOON, feed="l-alert")).state
    late = of(Form.L_ALERT, story[1])[0].body.replace(b"shirase.order", b"edogawa.order") + b"\n"
    after = accept(state, read(late, name="x", received=NOON, feed="l-alert"))
    assert after.outcome.kind not in (OutcomeKind.NOTICE, OutcomeKind.UPDATE), "a correction does not bring it back"


def test_a_withdrawal_of_two_dangers_ends_the_document_of_each() -> None:
    flood, surge = order(phase=Phase.CANCELLED, revision=2), order(phase=Phase.CANCELLED, hazard=HazardKind.STORM_SURGE)
    both = replace(flood, parts=(*flood.parts, *surge.parts))
    found = [read(leaf.body, name="x", received=NOON, feed="") for leaf in of(Form.L_ALERT, both)]
    assert [report.thread for report in found] == ["shirase.order-7f-flood", "shirase.order-7f-storm_surge"]
    assert {report.alert.msg_type for report in found} == {MsgType.CANCEL}


def test_a_lifted_order_ends_and_no_form_calls_it_safe() -> None:
    lifted = order(phase=Phase.LIFTED, revision=2)
    for form in (Form.L_ALERT, Form.DIS):
        (info,) = read(of(form, lifted)[0].body, name="x", received=NOON, feed="").alert.infos
        assert ResponseType.ALL_CLEAR in info.response_types
    script = script_of(lifted, "江戸川区", EDOGAWA.readings)
    assert script is not None
    for text in (script.text, of(Form.SIGNAGE, lifted)[0].body.decode()):
        assert "危険がなくなったという知らせではありません" in text
        assert "安全です" not in text


def test_cap_and_webhook_carry_the_approved_words_byte_for_byte() -> None:
    notice = order()
    texts = notice.parts[0].texts
    report = read(of(Form.CAP, notice)[0].body, name="x", received=NOON, feed="")
    assert [(info.headline, info.description) for info in report.alert.infos] == [(t.title, t.body) for t in texts]
    assert [info.level for info in report.alert.infos] == [Level.ALL_LEAVE] * 2
    assert {area.polygons for info in report.alert.infos for area in info.areas} == {(RING,)}
    placeless = replace(notice, parts=(replace(notice.parts[0], cells=()),))
    assert alert_of(placeless, SENDER).infos[0].areas[0].polygons == ()
    said = json.loads(of(Form.WEBHOOK, notice)[0].body)
    assert [(t["title"], t["body"]) for t in said["parts"][0]["texts"]] == [(t.title, t.body) for t in texts]
    assert said["approved"] == notice.digest


def test_a_screen_shows_all_that_holds_the_worst_first_and_nothing_of_it_is_markup() -> None:
    other = replace(order(Level.SECURE_LIFE), lineage="order-8a")
    evil = replace(order().parts[0], texts=(Text("ja", "<script>x</script>", 'a" onload="x'),))
    hostile = replace(order(Level.ELDERLY_LEAVE), lineage="order-9b", parts=(evil,))
    page = of(Form.SIGNAGE, order(), in_force=[hostile, order(), other])[0].body.decode()
    assert page.index("緊急安全確保") < page.index("避難指示") < page.index("&lt;script&gt;")
    tree = etree.fromstring(page.encode(), etree.HTMLParser())
    assert tree.findall(".//script") == []
    assert [node for node in tree.iter() if any(str(name).startswith("on") for name in node.attrib)] == []
    assert b"http" not in page.encode().replace(b"http-equiv", b"")


def test_a_screen_is_in_its_ward_s_languages_and_japanese_comes_first() -> None:
    said = order()
    texts = (*said.parts[0].texts, Text("ko", "레벨 4", "대피"))
    notice = replace(said, parts=(replace(said.parts[0], texts=texts),))

    def languages(*wanted: str) -> list[str]:
        ward = replace(EDOGAWA, languages=wanted)
        (leaf,) = leaves_of(Form.SIGNAGE, notice, ward, sender=SENDER)
        tree = etree.fromstring(leaf.body, etree.HTMLParser(encoding="utf-8"))
        return [str(node.get("lang")) for node in tree.iterfind(".//div")]

    assert languages("ko", "ja") == ["ja", "ko"]
    assert languages("vi") == ["ja"]
    (usual,) = of(Form.SIGNAGE, notice)
    assert b'lang="en"' in usual.body
    assert b'lang="ko"' not in usual.body


def test_what_is_no_order_of_the_municipality_s_own_is_not_sent_as_one() -> None:
    facts = PartFacts(
        Phase.ISSUED, Level.ALL_LEAVE, Severity.SEVERE, (HazardKind.FLOOD,), ("江戸川区",), "気象庁", NOON, NOON
    )
    warning = replace(order(issuer="気象庁"), parts=(replace(order().parts[0], texts=(compose(facts, "ja"),)),))
    for form in (Form.L_ALERT, Form.DIS):
        assert why_not(form, warning, EDOGAWA) == "no-order-of-its-own"
        assert of(form, warning) == ()
        assert why_not(form, order(issuer="葛飾区"), EDOGAWA) == "no-order-of-its-own"
    ways = replace(order(), kind=NoticeKind.GO_THERE)
    assert {why_not(form, ways, EDOGAWA) for form in Form} == {"ways-are-for-telephones"}
    assert why_not(Form.CAP, warning, EDOGAWA) == ""
    script = script_of(warning, "江戸川区", EDOGAWA.readings)
    assert script is not None
    assert "避難してください" not in script.text  # only an order tells people to go


@given(
    level=st.sampled_from([None, *Level]),
    phase=st.sampled_from(Phase),
    lane=st.sampled_from(Lane),
    hazard=st.sampled_from(HazardKind),
    areas=st.lists(st.text("亜伊宇江於一二三丁目町東西南北", min_size=1, max_size=24), max_size=40).map(tuple),
    known=st.booleans(),
    minute=st.integers(0, 24 * 60 - 1),
)
@settings(max_examples=60)
def test_a_script_fits_a_minute_and_its_kana_are_kana(
    level: Level | None,
    phase: Phase,
    lane: Lane,
    hazard: HazardKind,
    areas: tuple[str, ...],
    known: bool,
    minute: int,
) -> None:
    readings: Mapping[str, str] = {
        "江戸川区": "えどがわく",
        **({name: "あ" * 3 * len(name) for name in areas} if known else {}),
    }
    made = order(level or Level.ALL_LEAVE, phase, lane=lane, hazard=hazard, areas=areas)
    notice = replace(made, sent=NOON + timedelta(minutes=minute), parts=(replace(made.parts[0], level=level),))
    script = script_of(notice, "江戸川区", readings)
    assert script is not None
    assert script.seconds <= MOST_SECONDS
    assert script.seconds == seconds_of(script.kana)
    assert ("訓練" in script.text) == (lane is Lane.DRILL)
    spoken = script.kana
    for name in sorted(script.unread, key=len, reverse=True):
        spoken = spoken.replace(name, "")
    assert not [letter for letter in spoken if "\u4e00" <= letter <= "\u9fff" or letter.isdigit()]
    if known:
        assert script.unread == ()


def test_the_kana_of_a_script_are_what_an_announcer_would_say() -> None:
    notice = replace(order(areas=("江戸川区", "平井一丁目")), sent=datetime(2026, 9, 8, 10, 14, tzinfo=UTC))
    script = script_of(notice, "江戸川区", EDOGAWA.readings)
    assert script is not None
    assert script.text.startswith(
        "こちらは、防災江戸川区です。緊急放送、緊急放送。警戒レベル4。19時14分、江戸川区、平井一丁目に、洪水の避難指示を"
    )
    assert (
        "けいかいれべるよん。じゅうくじじゅうよんぷん、えどがわく、ひらいいっちょうめに、こうずいのひなんしじを"
        in script.kana
    )
    assert 20 < script.seconds < 45
    assert script.to_bytes().decode().startswith(script.text)
