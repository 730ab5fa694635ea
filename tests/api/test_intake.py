"""A report that is pushed: whose key, what of it is refused to its sender's face, and when it counts as accepted."""

import hashlib
import json
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from api.intake.app import IntakeKey, KeysError, intake_app, key_of, keys_at
from streams.brokers.client import Stored
from streams.brokers.errors import SendError
from tests.feeds.municipal import document, raw
from tests.feeds.test_supply import LIST

KEY, OTHER = "k" * 43, "o" * 43
NOW = datetime(2026, 7, 1, 3, 5, tzinfo=UTC)


def key(secret: str = KEY, feed: str = "dis", *codes: str) -> IntakeKey:
    return IntakeKey(
        f"office-{secret[0]}", hashlib.sha256(secret.encode()).digest(), feed, frozenset(codes or ("13123",))
    )


@dataclass
class Topic:
    """`telegrams`, in memory."""

    away: bool = False
    sent: list[tuple[str, bytes, bytes | None, Any]] = field(default_factory=list)

    def send(self, topic: str, key: bytes, value: bytes | None, headers: Any = None) -> "Future[Stored]":
        stored: Future[Stored] = Future()
        if self.away:
            stored.set_exception(SendError("not stored"))
        else:
            self.sent.append((topic, key, value, headers))
            stored.set_result(Stored(topic, 0, len(self.sent)))
        return stored


async def push(
    content: bytes,
    *,
    topic: Topic | None = None,
    bearer: str = f"Bearer {KEY}",
    content_type: str = "application/json",
    keys: tuple[IntakeKey, ...] | None = None,
    times: int = 1,
) -> httpx.Response:
    app = intake_app(
        keys or (key(), key(OTHER, "supply")),
        topic or Topic(),
        CollectorRegistry(),
        now=lambda: NOW,
        monotonic=lambda: 0.0,
    )
    headers = {"authorization": bearer, "content-type": content_type}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://intake.example") as client:
        for _ in range(times):
            answer = await client.post("/reports", content=content, headers=headers)
    return answer


@pytest.mark.asyncio
async def test_a_report_is_accepted_when_it_is_stored_and_by_its_own_way() -> None:
    topic = Topic()
    answer = await push(raw(document()), topic=topic)
    assert answer.status_code == 202
    ((name, series, value, headers),) = topic.sent
    assert (name, series, value) == ("telegrams", b"municipality:13123", raw(document()))
    assert headers["feed"] == b"dis"
    assert headers["receipt"].decode() == json.loads(answer.content)["receipt"]


@pytest.mark.asyncio
async def test_what_the_broker_did_not_store_is_not_accepted_and_safe_to_repeat() -> None:
    answer = await push(raw(document()), topic=Topic(away=True))
    assert (answer.status_code, answer.json()["code"]) == (503, "not-stored")
    assert "retry-after" in answer.headers


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("content", "more", "status", "code"),
    [
        (raw(document()), {"bearer": ""}, 401, "key-unknown"),
        (raw(document()), {"bearer": f"Bearer {'x' * 43}"}, 401, "key-unknown"),
        (raw(document()), {"bearer": f"Basic {KEY}"}, 401, "key-unknown"),
        (raw(document()), {"bearer": f"Bearer {KEY}x"}, 401, "key-unknown"),
        (raw(document()), {"content_type": "text/html"}, 415, "content-type"),
        (raw(document()), {"content_type": ""}, 415, "content-type"),
        (b" " * 1_100_000, {}, 413, "too-large"),
        (b"", {}, 422, "empty"),
        (b"[" * 100_000, {}, 422, "json-too-deep"),
        (b'{"format": "shirase-dis", "a": NaN}', {}, 422, "json-number"),
        (b'{"a": 1, "a": 2}', {}, 422, "json-duplicate-key"),
        (raw(document(type="perhaps")), {}, 422, "dis-schema"),
        (raw(document(issuer={"code": "131083", "name": "江東区"}, orders=None)), {}, 403, "issuer-not-yours"),
        (LIST.encode(), {"content_type": "text/csv"}, 403, "issuer-not-yours"),  # a list by the key for orders
        (b"<alert/>", {"content_type": "text/xml"}, 422, "not-cap-or-jma"),
    ],
)
async def test_a_refusal_has_a_stable_code_and_leaves_no_trace(
    content: bytes, more: dict[str, Any], status: int, code: str
) -> None:
    topic = Topic()
    answer = await push(content, topic=topic, **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert topic.sent == []
    assert KEY not in answer.text


@pytest.mark.asyncio
async def test_another_kind_of_document_is_none_of_a_key_s_business(shared_data: Path) -> None:
    warning = (shared_data / "04_jma_xml" / "samples" / "15_14_01_170216_VPWW54.xml").read_bytes()
    answer = await push(warning, content_type="application/xml")
    assert (answer.status_code, answer.json()["code"]) == (403, "issuer-not-yours")


@pytest.mark.asyncio
async def test_an_office_that_repeats_itself_too_fast_waits() -> None:
    answer = await push(raw(document()), times=31)
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")


@pytest.mark.asyncio
async def test_a_list_of_needs_goes_in_by_its_own_key() -> None:
    topic = Topic()
    answer = await push(LIST.encode("cp932"), topic=topic, bearer=f"Bearer {OTHER}", content_type="text/csv")
    assert answer.status_code == 202
    assert topic.sent[0][3]["feed"] == b"supply"


def test_every_key_is_compared_and_only_a_whole_one_is_one() -> None:
    keys = (key(), key(OTHER))
    assert key_of(keys, f"bearer {OTHER}") is keys[1]
    short = "s" * 20
    assert key_of((key(short),), f"Bearer {short}") is None, "a key that short was made by hand"


GOOD = {"name": "a", "sha256": "0" * 64, "feed": "dis", "codes": ["13123"]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "no name"),
        ({"sha256": KEY}, "never the key itself"),
        ({"sha256": "z" * 64}, "not hexadecimal"),
        ({"feed": "jma"}, "feed is one of"),
        ({"codes": []}, "codes are"),
        ({"codes": ["131237"]}, "codes are"),
    ],
)
def test_a_file_of_keys_that_is_doubtful_is_refused_without_naming_one(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(_toml(GOOD), encoding="utf-8")
    assert keys_at(file)[0].codes == {"13123"}
    file.write_text(_toml({**GOOD, **changes}), encoding="utf-8")
    with pytest.raises(KeysError) as refused:
        keys_at(file)
    assert words in str(refused.value)
    assert KEY not in str(refused.value)


def test_two_offices_never_share_a_key(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(_toml(GOOD) + _toml({**GOOD, "name": "b"}), encoding="utf-8")
    with pytest.raises(KeysError):
        keys_at(file)
    file.write_text("", encoding="utf-8")
    with pytest.raises(KeysError):
        keys_at(file)


def _toml(row: dict[str, Any]) -> str:
    return "[[key]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in row.items())
