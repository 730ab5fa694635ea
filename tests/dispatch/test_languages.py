"""A subscriber's push carries her language and no other, from the selection to what her browser opens."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import http_ece
import numpy as np
import pytest

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import Notice, Phase, Text
from alerts.order_words import compose_order
from alerts.wording import PartFacts
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.pushes import Pushes, Rows, Sealing
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.settings import DispatchSettings
from dispatch.told import freeze
from dispatch.vapid import Vapid, VapidKey
from streams.digest import approval_digest
from streams.notices.drill import as_drill
from tests.dispatch.people import NOON, notice, part, point_of, receiver_key, resident

SETTINGS = DispatchSettings()
KEY = VapidKey.generate()
EXPIRES = datetime.now(UTC) + timedelta(hours=2)
FACTS = PartFacts(
    Phase.ISSUED, Level.ALL_LEAVE, Severity.EXTREME, (HazardKind.FLOOD,), ("江東区",), "江東区", NOON, EXPIRES
)
# Also tags of browsers that are none of ours, and one of an older snapshot.
READ = {**{one: one for one in LANGUAGES}, "zh": "zh-Hans", "fr": "en", "ja-JP": "ja"}
# A notice that an older version wrote.
BEFORE = {"ja": "ja", "ja-Hira": "ja", "en": "en", "zh-Hans": "en", "ko": "en", "zh": "en", "fr": "en", "ja-JP": "ja"}


def opened(texts: tuple[Text, ...], spoken: tuple[str, ...]) -> Mapping[str, dict[str, str]]:
    """Return, for a subscriber of each language in *spoken*, the notification that her browser shows."""
    rng = random.Random(7)
    keys = {language: receiver_key() for language in spoken}
    people = [resident(rng, language=one, p256dh=point_of(key)) for one, key in keys.items()]
    who = People(Registry.of(columns_of(people)))
    what = notice(part(texts=texts), expires=EXPIRES)
    messages = Messages(what, SETTINGS)
    told = freeze(who, 1, select(who, what, at=NOON), generation=b"", said=messages.digest)
    pushes = Pushes(
        who, messages, EXPIRES.timestamp(), Vapid({0: KEY}, "mailto:a@b.example"), SETTINGS, b"s" * 32,
        languages=told.languages, sealings=(Sealing(b""),),
    )  # fmt: skip
    rows = who.rows_of(told.rows)
    none = np.zeros(len(rows), dtype=np.uint8)
    wanted = Rows(rows.tolist(), rows, told.parts, told.language, told.places, none, np.zeros(len(rows), np.int64))
    batches, refused = pushes.batches(wanted, 0.0)
    assert refused == []
    bodies = {key: body for batch in batches for key, body in zip(batch.keys, batch.bodies, strict=True)}
    found = {}
    for row, person in enumerate(people):
        assert len(bodies[row]) <= 3_993
        plain = http_ece.decrypt(
            bodies[row], private_key=keys[person.language], auth_secret=person.auth, version="aes128gcm"
        )
        shown = json.loads(plain)
        assert sum(text.body in plain.decode() for text in texts) == 1, "another language's words in it"
        found[person.language] = shown["notification"]
    return found


@pytest.mark.parametrize(
    ("languages", "read"), [(LANGUAGES, READ), (("ja", "en"), BEFORE)], ids=["five", "of-an-older-version"]
)
def test_each_subscriber_opens_her_language(languages: tuple[str, ...], read: dict[str, str]) -> None:
    texts = {language: compose_order(FACTS, language) for language in languages}
    shown = opened(tuple(texts.values()), tuple(read))
    for language, expected in read.items():
        got = shown[language]
        assert (got["lang"], got["title"], got["body"]) == (
            expected,
            texts[expected].title,
            texts[expected].body,
        ), language


def test_the_approved_hash_covers_every_language() -> None:
    texts = tuple(compose_order(FACTS, language) for language in LANGUAGES)
    approved = notice(part(texts=texts))
    digests = {approval_digest(approved)}
    for number, text in enumerate(texts):
        other = (*texts[:number], replace(text, body=f"{text.body} "), *texts[number + 1 :])
        digests.add(approval_digest(replace(approved, parts=(part(texts=other),))))
    assert len(digests) == 1 + len(LANGUAGES)


@pytest.mark.parametrize("lane", [Lane.LIFE_SAFETY, Lane.DRILL])
def test_every_language_fits_into_the_smallest_push_and_into_its_short_form(lane: Lane) -> None:
    longest = replace(
        FACTS, area_names=("小笠原諸島父島母島及び周辺の島々", "神津島村及び式根島周辺") * 2, partial=True
    )
    texts = tuple(compose_order(longest, language) for language in LANGUAGES)
    if lane is Lane.DRILL:
        texts = tuple(map(as_drill, texts))
    worded: Notice = notice(part(texts=texts), lane=lane)
    messages = Messages(worded, SETTINGS)
    for text in texts:
        assert len(messages.for_part(0, text.language).plaintext) <= 2_600
        short = json.loads(messages.short(0, text.language).plaintext)
        assert len(messages.short(0, text.language).plaintext) <= 768
        assert short["notification"]["lang"] == text.language
        assert text.body.startswith(short["notification"]["body"])
