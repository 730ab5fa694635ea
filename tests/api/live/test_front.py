"""The short way says what the long way says, to the letter; what is not of the plainest kind it leaves alone."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from api.drawing.style import PAGE
from api.http.metrics import ApiMetrics
from api.http.reader import Freshness
from api.http.security import guard_headers, policy_for
from api.live.facts import Section
from api.live.lane import Front, Ready
from tests.api.evening import NINE_PM
from tests.api.live.test_board import CURRENT, NAME, SCHOOL, Desk, closure

PATH = Section.CLOSURES.path(NAME)
DATE = [(b"date", b"Fri, 18 Sep 2026 12:00:00 GMT")]


def desk() -> Desk:
    found = Desk(SCHOOL)
    for number in range(9):
        found.road(closure(f"bridge-{number}"))
    found.board.refresh(NINE_PM)
    return found


DESK = desk()
METRICS = CollectorRegistry()
FRONT = Front(Ready(DESK.board, lambda: CURRENT, guard_headers(policy_for([PAGE]))), ApiMetrics(METRICS))
LONG = DESK.browser()
ETAG = DESK.board.answers.bodies[PATH].etag


def question(path: str = PATH, *headers: str, verb: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{verb} {path} HTTP/{version}", "Host: shirase.example", *headers, "", ""]
    return "\r\n".join(lines).encode("utf-8")


def parted(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("ascii").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    assert len(dict(pairs)) == len(pairs)
    return int(status.split()[1]), {name: value for name, value in pairs if name != "date"}, body


SAID = {
    "accept-encoding": st.sampled_from(["gzip, deflate, br", "identity", "br", "GZIP", "gzip"]),
    "if-none-match": st.sampled_from(["*", ETAG, f'"other", {ETAG}', '"other"', " * "]),
    "connection": st.sampled_from(["keep-alive", "Keep-Alive"]),
    "user-agent": st.text("abc /0123456789;.()", max_size=30),
    "accept": st.just("*/*"),
    "cookie": st.text("abc=;", max_size=20),
}
HEADERS = st.lists(st.sampled_from(sorted(SAID)), unique=True).flatmap(
    lambda names: st.tuples(*(st.tuples(st.just(name), SAID[name]) for name in names))
)


@given(HEADERS, st.sampled_from([str.title, str.lower, str.upper]))
def test_both_ways_say_the_same(headers: tuple[tuple[str, str], ...], spelled: object) -> None:
    spell = spelled if callable(spelled) else str
    short = FRONT(question(PATH, *(f"{spell(name)}: {value}" for name, value in headers)), DATE)
    assert short is not None
    long = LONG.get(PATH, {"accept-encoding": "", **dict(headers)})
    status, said, body = parted(short)
    assert status == long.status_code
    assert said == {name: value for name, value in long.headers.items() if name != "date"}
    packed = said.get("content-encoding") == "gzip"
    assert (gzip.decompress(body) if packed else body) == long.content


@pytest.mark.parametrize(
    "data",
    [
        question("/"),
        question(PATH + "?x=1"),
        question(PATH + "%00"),
        question("http://shirase.example" + PATH),
        question("/live/ffffffffffffffff/closures.geojson"),
        question("/live/\u6c34/closures.geojson"),
        question(verb="HEAD"),
        question(verb="POST"),
        question(version="1.0"),
        question(PATH, "Content-Length: 5") + b"hello",
        question(PATH, "Content-Length: 0"),
        question(PATH, "Transfer-Encoding: chunked"),
        question(PATH, "Expect: 100-continue"),
        question(PATH, "Upgrade: websocket", "Connection: upgrade"),
        question(PATH, "Connection: close"),
        question(PATH, "X: 1\r\n folded"),
        question(PATH, "X: 1\n\nGET / HTTP/1.1"),
        question(PATH, "X: \x00"),
        question()[:-1],
        question()[:20],
        question() + question(),
        question(PATH, "X: " + "a" * 9_000),
        b"",
        b"\r\n" + question(),
        b"GET",
    ],
)
def test_whatever_is_not_plain_goes_the_long_way(data: bytes) -> None:
    assert FRONT(data, DATE) is None


@given(st.binary(max_size=60), st.integers(0, len(question())))
def test_no_bytes_make_it_fail_or_answer_half_a_question(noise: bytes, at: int) -> None:
    whole = question()
    answer = FRONT(whole[:at] + noise + whole[at:], DATE)
    if answer is not None:
        assert parted(answer)[0] in (200, 304)
        assert (whole[:at] + noise + whole[at:]).count(b"\r\n\r\n") == 1


def test_what_is_not_current_yet_is_no_answer() -> None:
    waiting = Ready(DESK.board, lambda: Freshness(False, 5, None), [])
    assert Front(waiting, ApiMetrics(CollectorRegistry()))(question(), DATE) is None


def test_a_change_is_in_the_next_answer() -> None:
    own = desk()
    front = Front(Ready(own.board, lambda: CURRENT, []), ApiMetrics(CollectorRegistry()))
    before = front(question(), DATE)
    own.road(closure("one-more"))
    own.board.refresh(NINE_PM)
    after = front(question(), DATE)
    assert before is not None
    assert after is not None
    assert parted(before)[1]["etag"] != parted(after)[1]["etag"]
    assert b"one-more" in parted(after)[2]


def test_answers_are_counted_under_their_route_and_never_by_what_was_asked() -> None:
    registry = CollectorRegistry()
    front = Front(Ready(DESK.board, lambda: CURRENT, []), ApiMetrics(registry))
    front(question(), DATE)
    front(question(PATH, f"If-None-Match: {ETAG}"), DATE)
    text = generate_latest(registry).decode()
    route = 'route="/live/{shard}/closures.geojson"'
    assert f'api_requests_total{{{route},status="2xx"}} 1.0' in text
    assert f'api_requests_total{{{route},status="3xx"}} 1.0' in text
    assert NAME not in text
