"""What a push carries: one payload per part and language, the same bytes for everybody.

The form is Declarative Web Push, so that Safari shows title and body even when the service worker
does not run; what our worker needs stands beside it.
"""

import base64
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from alerts.claim import Lane
from alerts.information_words import inform
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, Picture, Text
from alerts.order_words import says_order
from alerts.reception_check import is_check
from alerts.river_stage import thresholds_of
from dispatch.envelope import record_of
from dispatch.errors import PayloadTooLarge
from dispatch.settings import DispatchSettings
from dispatch.terms import Manner, manner_of, number_of
from dispatch.ways import Ways

# Only these sizes leave us, so that a length tells little about who is told what.
PADDED_SIZES = (1024, 1536, 2048, 2600)
# What a push service gets that calls the message too large: less than the smallest of the others.
SHORT_BYTES = 768
# RFC 8030 sets no limit; FCM refuses more than four weeks.
LONGEST_TTL_SECONDS = 28 * 24 * 3600
# Up to a full stop of either script, or a line's end, with the blanks behind it.
_SENTENCE = re.compile(r".*?(?:[。！？]|[.!?](?=\s|$)|\n|$)\s*", re.DOTALL)
_FALLBACK_LANGUAGE = "en"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Message:
    """One payload, and the headers that belong to it. `record` is what is encrypted: the text, padded."""

    part: int
    language: str
    plaintext: bytes
    padded_bytes: int
    topic: str
    urgency: str
    record: bytes


class Messages:
    """The payloads of one notice, each written once. Of kind 3, *ways* go with the words as finely as they fit."""

    def __init__(self, notice: Notice, settings: DispatchSettings, ways: Ways | None = None) -> None:
        self._notice = notice
        self._settings = settings
        self._ways = ways
        self._by_place = notice.kind is NoticeKind.GO_THERE
        self._cache: dict[tuple[int, str, int], Message] = {}
        self._short: dict[tuple[int, str, int], Message] = {}
        self._digests: dict[tuple[str, int], bytes] = {}

    @property
    def lane(self) -> Lane:
        """Return the lane of the notice."""
        return self._notice.lane

    def for_part(self, part: int, language: str, place: int = 0) -> Message:
        """Return what a reader of *language* in *part* is sent; *place* is a number and a manner (`dispatch.terms`).

        The number is 0 but in kind 3, which is about one place.
        """
        message = self._cache.get((part, language, place))
        if message is None:
            text = self._text(part, language, place)
            message = self._cache.get((part, text.language, place)) or self._write(part, text, place)
            self._cache[part, language, place] = self._cache[part, text.language, place] = message
        return message

    def short(self, part: int, language: str, place: int = 0) -> Message:
        """Return the same in fewer words, for a push service that answered 413: the title, and of the body what fits.

        Whole sentences from the front, where the action stands; the page behind it says the rest.
        """
        message = self._short.get((part, language, place))
        if message is None:
            text = self._text(part, language, place)
            sentences = sentences_of(text.body)
            for count in range(len(sentences), -1, -1):
                words = replace(text, body="".join(sentences[:count]).strip())
                message = self._written(part, words, place, SHORT_BYTES, (SHORT_BYTES,))
                if len(message.plaintext) <= SHORT_BYTES:
                    break
            assert message is not None
            self._short[part, language, place] = message
        return message

    def _text(self, part: int, language: str, place: int) -> Text:
        of = self._notice.parts[part]
        text = text_for(of.texts, language)
        # A check says the same to everybody: it asks nobody for anything.
        informed = manner_of(place) & Manner.INFORM and not is_check(self._notice)
        return inform(self._notice, of, text.language) if informed else text

    def digest(self, languages: Iterable[str], places: Collection[int]) -> bytes:
        """Return a SHA-256 over all that a reader of one of *languages* may be sent about places of these codes.

        What a take-over compares before it uses keys that were promised to these words alone.
        """
        said = hashlib.sha256()
        for language in languages:
            for place in sorted(places):
                said.update(b"%d " % place + self._said_about(language, place))
            said.update(language.encode() + b"\n")
        return said.digest()

    def _said_about(self, language: str, place: int) -> bytes:
        # Kept apart: buckets differ in which places they have, and hashing each combination anew takes seconds.
        known = self._digests.get((language, place))
        if known is None:
            said = hashlib.sha256()
            for part in range(len(self._notice.parts)):
                message = self.for_part(part, language, place)
                said.update(b"%d %d " % (part, message.padded_bytes) + hashlib.sha256(message.plaintext).digest())
            known = self._digests[language, place] = said.digest()
        return known

    def check(self) -> Iterator[Message]:
        """Write every payload: raises PayloadTooLarge before anybody was told anything."""
        for number, part in enumerate(self._notice.parts):
            for text in part.texts:
                yield self.for_part(number, text.language, 1 if self._by_place else 0)

    def _write(self, number: int, text: Text, place: int) -> Message:
        limit = min(self._settings.payload_limit_bytes, PADDED_SIZES[-1])
        sizes = tuple(size for size in PADDED_SIZES if size >= self._settings.pad_to_bytes) or PADDED_SIZES[-1:]
        message = self._written(number, text, place, limit, sizes)
        if len(message.plaintext) > limit:
            raise PayloadTooLarge(text.language, len(message.plaintext), limit)
        return message

    def _written(self, number: int, text: Text, place: int, limit: int, sizes: tuple[int, ...]) -> Message:
        notice, part, manner = self._notice, self._notice.parts[number], manner_of(place)
        topic = topic_and_tag(notice.lineage, number_of(place), kind3=self._by_place)
        plain = {
            "web_push": 8030,
            "notification": {
                "title": text.title,
                "body": text.body,
                "lang": text.language,
                "navigate": f"{self._settings.site_url}n/{topic}?r={notice.revision}",
                "tag": topic,
                "timestamp": round(notice.sent.timestamp() * 1000),
                # Shown without a sound: outside the hours of a place, or about somebody else's below level 4 (R5).
                **({"silent": True} if manner & Manner.SILENT else {}),
            },
            "shirase": {
                "v": _VERSION,
                "kind": int(notice.kind),
                "lineage": notice.lineage,
                "revision": notice.revision,
                "level": None if part.level is None else int(part.level),
                # Of a warning it is left out: the phone calls a level by another name when it is an order's.
                **({"is_order": True} if says_order(notice, part) else {}),
                **({"check": True} if is_check(notice) else {}),
                "phase": part.phase.value,
                "lane": notice.lane.value,
                "sent": round(notice.sent.timestamp()),
                "expires": round(notice.expires.timestamp()),
            },
        }
        if part.picture is not None:
            drawn = _json({**plain, "picture": picture_of(part.picture)})
            # The words say it too: a picture that does not fit is left to the page.
            plain = {**plain, "picture": picture_of(part.picture)} if len(drawn) <= limit else plain
        plaintext = _json(plain)
        # To somebody who is not there a way is no help, and an order.
        told_the_way = self._ways is not None and not manner & Manner.INFORM
        for way in self._ways.payloads(number) if self._ways is not None and told_the_way else ():
            carried = _json({**plain, "way": way})
            if len(carried) <= limit:
                plaintext = carried
                break
        padded = next((size for size in sizes if size >= len(plaintext)), len(plaintext))
        urgency = urgency_of(notice.lane, part.level)
        return Message(number, text.language, plaintext, padded, topic, urgency, record_of(plaintext, padded))


def picture_of(picture: Picture) -> dict[str, object]:
    """Return *picture* as the phone draws it: heights in metres, times in seconds since 1970.

    Of a river, of shaking (`intensity`) or of a tsunami (`wave`), told apart by what is there.

    `levels` are pairs of level and height; `water` begins with what is observed, the rest is the agency's forecast.
    """
    if picture.intensity is not None:
        return {"intensity": picture.intensity.value}
    if picture.wave is not None:
        wave = picture.wave
        arrives = None if wave.arrives_at is None else round(wave.arrives_at.timestamp())
        said = {"wave": wave.warning, "height": wave.height, "height_m": wave.height_m}
        return {**said, "arrives": arrives, "arriving": wave.arriving}
    river = picture.river
    assert river is not None
    return {
        "river": river.river,
        "station": river.name,
        "trend": river.trend.value if river.trend is not None else "",
        "levels": [[level, height] for level, height in thresholds_of(river.thresholds)],
        "water": [[round(stage.at.timestamp()), stage.stage_m] for stage in (river.now, *river.forecast)],
        "depth": picture.depth_rank,
    }


def _json(plain: Mapping[str, object]) -> bytes:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def sentences_of(text: str) -> list[str]:
    """Return *text* cut after each of its sentences and lines; together they are *text* again."""
    return [sentence for sentence in _SENTENCE.findall(text) if sentence]


def text_for(texts: tuple[Text, ...], language: str) -> Text:
    """Return the words in *language*, else in English, else the first: never nothing."""
    for wanted in (language, language.partition("-")[0], _FALLBACK_LANGUAGE):
        for text in texts:
            if wanted in (text.language, text.language.partition("-")[0]):
                return text
    return texts[0]


def topic_and_tag(lineage: str, place_number: int = 0, *, kind3: bool = False) -> str:
    """Return the Topic of the push and the tag of the notification: 16 base64url characters.

    Kinds 1 and 2 share one (place number 0), so that an update replaces what it updates; a river
    picture never replaces an order that is still on its way, because kind 3 has its own.
    """
    name = f"{'3' if kind3 else '12'}\x00{place_number}\x00{lineage}".encode()
    return base64.urlsafe_b64encode(hashlib.sha256(name).digest()[:12]).decode()


def ttl_seconds(expires_at: float, now: float) -> int:
    """Return for how long a push service may keep a message; 0 means: do not send it at all.

    Rounded down: TTL never exceeds what is left.
    """
    return max(0, min(LONGEST_TTL_SECONDS, int(expires_at - now)))


def urgency_of(lane: Lane, level: Level | None) -> str:
    """Return the Urgency header (RFC 8030, 5.3): `high` wakes a phone that saves its battery."""
    if lane is Lane.CANARY:
        return "normal"
    if lane is Lane.LIFE_SAFETY or (level is not None and level >= Level.ELDERLY_LEAVE):
        return "high"
    return "low" if level is Level.PREPARE_MIND else "normal"
