"""What a push carries and for how long."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import NoticeKind, Text
from dispatch.errors import PayloadTooLarge
from dispatch.message import (
    PADDED_SIZES,
    SHORT_BYTES,
    Messages,
    sentences_of,
    text_for,
    topic_and_tag,
    ttl_seconds,
    urgency_of,
)
from dispatch.settings import DispatchSettings
from tests.dispatch.people import NOON, WORDS, notice, part

SETTINGS = DispatchSettings()


def test_a_payload_is_declarative_web_push_with_our_own_words_beside_it() -> None:
    message = Messages(notice(revision=3), SETTINGS).for_part(0, "ja")
    plain = json.loads(message.plaintext)
    assert plain["web_push"] == 8030
    tag = topic_and_tag("lineage-1")
    assert plain["notification"] == {
        "title": WORDS[0].title,
        "body": WORDS[0].body,
        "lang": "ja",
        "navigate": f"https://shirase.example/n/{tag}?r=3",
        "tag": tag,
        "timestamp": NOON.timestamp() * 1000,
    }
    assert plain["shirase"] == {
        "v": 1,
        "kind": 1,
        "lineage": "lineage-1",
        "revision": 3,
        "level": 4,
        "phase": "issued",
        "lane": "life-safety",
        "sent": NOON.timestamp(),
        "expires": NOON.timestamp() + 7200,
    }
    assert message.topic == tag
    assert message.padded_bytes in PADDED_SIZES


@pytest.mark.parametrize(("least", "sizes"), [(0, {1024}), (1536, {1536}), (2600, {2600}), (9999, {2600})])
def test_no_payload_is_padded_to_less_than_a_deployment_wishes(least: int, sizes: set[int]) -> None:
    messages = Messages(notice(), replace(SETTINGS, pad_to_bytes=least))
    assert {message.padded_bytes for message in messages.check()} == sizes


def test_one_payload_per_part_and_language_whatever_the_spelling() -> None:
    messages = Messages(notice(part(), part(rank=1)), SETTINGS)
    assert messages.for_part(0, "ja-JP") is messages.for_part(0, "ja")
    assert messages.for_part(0, "ko") is messages.for_part(0, "en")
    assert messages.for_part(1, "ja") is not messages.for_part(0, "ja")
    assert len(list(messages.check())) == 4


def test_a_reader_of_a_language_we_lack_gets_english_and_never_nothing() -> None:
    assert text_for(WORDS, "ja-JP").language == "ja"
    assert text_for(WORDS, "ko").language == "en"
    assert text_for(WORDS[:1], "ko").language == "ja"
    assert text_for((Text("en-US", "t", "b"),), "en").language == "en-US"


def test_a_text_too_long_for_the_smallest_phone_is_an_error_that_says_by_how_much() -> None:
    long = (Text("ja", "洪水", "逃" * 900),)
    with pytest.raises(PayloadTooLarge) as raised:
        list(Messages(notice(part(texts=long)), SETTINGS).check())
    assert raised.value.language == "ja"
    assert raised.value.size_bytes > raised.value.limit_bytes == 2600


@given(st.text(st.characters(codec="utf-8"), max_size=600))
def test_every_payload_that_is_written_fits_and_reads_back(body: str) -> None:
    try:
        message = Messages(notice(part(texts=(Text("ja", "題", body),))), SETTINGS).for_part(0, "ja")
    except PayloadTooLarge:
        return
    assert len(message.plaintext) <= message.padded_bytes <= 2600
    assert json.loads(message.plaintext)["notification"]["body"] == body


def test_topics_are_short_stable_and_apart_for_kind_3_and_places() -> None:
    topics = {
        topic_and_tag(f"l{n}", place, kind3=kind3) for n in range(50) for place in range(6) for kind3 in (False, True)
    }
    assert len(topics) == 600
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{16}", topic) for topic in topics)
    picture = Messages(notice(kind=NoticeKind.HOW_IT_IS_GOING), SETTINGS).for_part(0, "ja").topic
    order = Messages(notice(kind=NoticeKind.GO_THERE), SETTINGS).for_part(0, "ja").topic
    assert picture == topic_and_tag("lineage-1") != order


@given(st.floats(0, 4e9), st.floats(0, 4e9))
def test_the_ttl_never_exceeds_what_is_left(expires_at: float, now: float) -> None:
    ttl = ttl_seconds(expires_at, now)
    assert 0 <= ttl <= max(0.0, expires_at - now)
    assert (ttl == 0) == (expires_at - now < 1)


def test_life_safety_wakes_a_phone_and_the_canary_does_not() -> None:
    assert urgency_of(Lane.LIFE_SAFETY, None) == urgency_of(Lane.ROUTINE, Level.ELDERLY_LEAVE) == "high"
    assert urgency_of(Lane.ROUTINE, Level.CHECK_ACTION) == urgency_of(Lane.CANARY, Level.SECURE_LIFE) == "normal"
    assert urgency_of(Lane.ROUTINE, Level.PREPARE_MIND) == "low"


def test_the_short_form_keeps_the_title_and_whole_sentences_from_the_front() -> None:
    body = "隅田川が氾濫するおそれ。今すぐ高台へ。\n" + "川から離れてください。" * 40
    words = (Text("ja", "避難指示", body),)
    messages = Messages(notice(part(texts=words)), SETTINGS)
    short, long = messages.short(0, "ja"), messages.for_part(0, "ja")
    said = json.loads(short.plaintext)["notification"]
    assert said["title"] == "避難指示"
    assert said["body"].startswith("隅田川が氾濫するおそれ。今すぐ高台へ。\n川から離れてください。")
    assert said["body"].endswith("。")
    assert body.startswith(said["body"])
    assert len(short.plaintext) <= short.padded_bytes == SHORT_BYTES < long.padded_bytes
    assert (short.topic, short.urgency) == (long.topic, long.urgency)
    assert messages.short(0, "ja") is short


def test_a_body_of_one_long_sentence_leaves_the_title() -> None:
    words = (Text("ja", "避難指示", "川" * 400),)
    said = json.loads(Messages(notice(part(texts=words)), SETTINGS).short(0, "ja").plaintext)
    assert (said["notification"]["title"], said["notification"]["body"]) == ("避難指示", "")


@given(st.text(max_size=200))
def test_sentences_together_are_the_text(text: str) -> None:
    assert "".join(sentences_of(text)) == text


def test_the_phone_is_told_whether_a_level_is_an_orders() -> None:
    order = Text("ja", "レベル4 避難指示", "レベル4 危険な場所から全員避難。21:00。")
    assert "is_order" not in json.loads(Messages(notice(part()), SETTINGS).for_part(0, "ja").plaintext)["shirase"]
    for told in (notice(part(texts=(order,))), notice(kind=NoticeKind.GO_THERE)):
        assert json.loads(Messages(told, SETTINGS).for_part(0, "ja").plaintext)["shirase"]["is_order"] is True
