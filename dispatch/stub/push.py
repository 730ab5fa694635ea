"""Be the push resource of RFC 8030: check a request, write it down, decide the answer."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from dispatch.stub.behaviour import Act, Behaviours
from dispatch.stub.bodies import BodyStore
from dispatch.stub.log import DIGEST_CHARACTERS, Entry, RequestLog
from dispatch.stub.vapid_check import VapidChecker

BODY_BYTES = 4096  # RFC 8030, 7.2: the size that every push service takes
PATH = re.compile(r"/push/([A-Za-z0-9_-]{1,500})")
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")  # RFC 8030, 5.4
TTL = re.compile(r"[0-9]{1,10}")
URGENCIES = frozenset({"very-low", "low", "normal", "high"})  # RFC 8030, 5.3
SALT_AND_SIZES = 21  # RFC 8188, 2.1: salt 16, record size 4, length of the key id 1
SENDER_KEY = 65  # RFC 8291, 4: an uncompressed point
SHORTEST_BODY = SALT_AND_SIZES + SENDER_KEY + 18  # one octet of padding delimiter, 16 of tag, and something to say
UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request as it arrived. Header names are lower case."""

    method: str
    authority: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    too_large: bool = False  # more than BODY_BYTES came, the rest was not kept


@dataclass(frozen=True, slots=True)
class Answer:
    """What the connection does with a request."""

    act: Act
    status: int
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_seconds: float = 0.0
    reply_bytes: int = 0


class PushService:
    """Answer pushes for a set of origins. Knows no sockets; clocks are given."""

    def __init__(
        self,
        log: RequestLog,
        bodies: BodyStore,
        behaviours: Behaviours,
        vapid: VapidChecker,
        wall_seconds: Callable[[], float],
        monotonic_ns: Callable[[], int],
    ) -> None:
        self.origins: frozenset[str] = frozenset()
        self.counts: Counter[tuple[int, str]] = Counter()
        self._log = log
        self._bodies = bodies
        self._behaviours = behaviours
        self._vapid = vapid
        self._wall_seconds = wall_seconds
        self._monotonic_ns = monotonic_ns
        self._messages = 0

    def receive(self, request: Request) -> Answer:
        """Return the answer to a request, after it was written down."""
        now = self._wall_seconds()
        origin = "https://" + request.authority
        refusal = self._refusal(request, origin, now)
        if refusal is None:
            token = request.path[6:]
            answer, reason = self._told(origin, token)
            if answer.status == 201:
                self._bodies.keep(token, request.headers.get("topic", ""), request.body)
        else:
            found = PATH.fullmatch(request.path)
            token = found.group(1) if found else UNKNOWN
            status, reason = refusal
            fields = (("www-authenticate", "vapid"),) if status == 401 else ()
            answer = Answer(Act.ANSWER, status, fields, json.dumps({"reason": reason}).encode())
        self._write_down(request, origin, token, answer, reason, now)
        return answer

    def note(self, reason: str) -> None:
        """Write down what is not a request: a broken connection, a stream that the peer gave up."""
        self.counts[0, reason] += 1
        self._log.write(
            Entry(round(self._wall_seconds() * 1000), self._monotonic_ns(), 0, "", UNKNOWN, "", "", "", "", 0, reason)
        )

    def _told(self, origin: str, token: str) -> tuple[Answer, str]:
        rule = self._behaviours.rule_for(origin, token)
        if rule is not None and rule.act is not Act.ANSWER:
            fields = (("location", rule.location or origin + "/elsewhere"),) if rule.act is Act.REDIRECT else ()
            answer = Answer(rule.act, rule.answered, fields, b"", rule.delay_seconds, rule.reply_bytes)
            return answer, rule.act.value
        status = 201 if rule is None else rule.answered
        fields = ()
        if status == 201:
            self._messages += 1
            fields = (("location", f"{origin}/m/{self._messages}"),)
        if rule is None:
            return Answer(Act.ANSWER, 201, fields), ""
        if rule.retry_after_seconds:
            fields = (*fields, ("retry-after", str(rule.retry_after_seconds)))
        return Answer(Act.ANSWER, status, fields, b"", rule.delay_seconds), "told"

    def _refusal(self, request: Request, origin: str, now: float) -> tuple[int, str] | None:
        if origin not in self.origins:
            return 421, "unknown-origin"
        if not PATH.fullmatch(request.path):
            return 404, "unknown-resource"
        if request.method != "POST":
            return 405, "method"
        if request.too_large:
            return 413, "body-too-large"
        headers = request.headers
        ttl = headers.get("ttl")
        if ttl is None:
            return 400, "ttl-missing"
        if not TTL.fullmatch(ttl):
            return 400, "ttl-malformed"
        if not TOPIC.fullmatch(headers.get("topic", "0")):
            return 400, "topic-malformed"
        if headers.get("urgency", "normal") not in URGENCIES:
            return 400, "urgency-unknown"
        refused = self._vapid.check(headers.get("authorization"), origin, now)
        if refused is not None:
            return refused.status, refused.reason
        # RFC 8030 allows an empty push, without a coding; ours always say something.
        if headers.get("content-encoding") != "aes128gcm":
            return 400, "encoding-not-aes128gcm"
        return _envelope_refusal(request.body)

    def _write_down(self, request: Request, origin: str, token: str, answer: Answer, reason: str, now: float) -> None:
        headers = request.headers
        topic, ttl, urgency = headers.get("topic", ""), headers.get("ttl", ""), headers.get("urgency", "")
        self.counts[answer.status, reason] += 1
        self._log.write(
            Entry(
                wall_ms=round(now * 1000),
                monotonic_ns=self._monotonic_ns(),
                status=answer.status,
                origin=origin if origin in self.origins else UNKNOWN,
                token=token,
                # What the peer wrote reaches the file only in the form that was checked.
                topic=topic if not topic or TOPIC.fullmatch(topic) else UNKNOWN,
                ttl=ttl if not ttl or TTL.fullmatch(ttl) else UNKNOWN,
                urgency=urgency if not urgency or urgency in URGENCIES else UNKNOWN,
                body_sha=sha256(request.body).hexdigest()[:DIGEST_CHARACTERS],
                body_bytes=len(request.body),
                reason=reason,
            )
        )


def _envelope_refusal(body: bytes) -> tuple[int, str] | None:
    if len(body) < SHORTEST_BODY:
        return 400, "envelope-too-short"
    if body[20] != SENDER_KEY or body[SALT_AND_SIZES] != 0x04:
        return 400, "envelope-key-id"
    record_bytes = int.from_bytes(body[16:20])
    if record_bytes < 18 or len(body) - SALT_AND_SIZES - SENDER_KEY > record_bytes:
        return 400, "envelope-not-one-record"  # RFC 8291, 4: exactly one record
    return None
