"""No page shows an officer a code alone: words first, the code small beside them."""

import re
from html import unescape
from pathlib import Path

import pytest

from alerts.report import OutcomeKind
from api.console.code_words import ENDED_ELSE, OUTCOMES, PASSAGES, SOURCES, VERDICTS, coded
from api.known.verdict import Why
from api.officers.accounts import Role
from dispatch.outcomes import PushOutcome
from feeds.errors import FetchReason
from streams.brokers.client import Record
from streams.payloads import FactEffect, Preview, SourceRecord
from streams.topics import DEAD_LETTERS
from streams.topics import SOURCES as SOURCES_TOPIC
from streams.wire import encode
from tests.api.evening import NINE_PM
from tests.api.test_office import Room, room_in
from tests.api.test_posting import CLOSED, ORDER, Stages, filled, post, send
from tests.streams.evening import wards_table

_SMALL = re.compile(r"<(script|style|small|svg)\b.*?</\1>", re.S)
_TAGS = re.compile(r"<[^>]+>")
# A code: lower-case words joined by hyphens. Names of people, hosts and addresses are none.
_CODE = re.compile(r"(?<![\w./@-])[a-z]+(?:-[a-z]+)+(?![\w./@-])")


def bare_codes(html: str) -> set[str]:
    """Return the codes that stand on a page where a person reads, outside what is small."""
    return set(_CODE.findall(unescape(_TAGS.sub(" ", _SMALL.sub(" ", html)))))


def test_a_code_alone_is_found_and_one_that_is_small_is_not() -> None:
    assert bare_codes("<td><code>wire-field</code></td><script>a-b</script>") == {"wire-field"}
    assert bare_codes("<td>項目の値が違う <small><code>wire-field</code></small></td>") == set()


def test_every_member_of_an_enumeration_has_words() -> None:
    assert {one.value for one in OutcomeKind} == OUTCOMES.keys()
    assert {one.value for one in Why} == VERDICTS.keys()
    assert {one.value for one in FetchReason} == SOURCES.keys()
    assert {one.value for one in PushOutcome} - {PushOutcome.ACCEPTED.value} <= PASSAGES.keys()
    assert "決まりのとおり" in coded("never-heard-of", SOURCES, ENDED_ELSE)
    assert coded("", SOURCES, ENDED_ELSE) == ""
    assert "<b>" not in coded("<b>", SOURCES, ENDED_ELSE)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    seen = Preview("x", NINE_PM, "blocks", 2, (), (), 0)
    return room_in(tmp_path, wards_table(), foresee=lambda _: seen)


def test_officers_pages_show_no_code_alone(room: Room) -> None:
    stages = Stages(room)
    room.add("sato", Role.ADMINISTRATOR, ("*",))
    seat = room.sign_in("sato")
    # A closure that blocks, an order, one whose words say that it is a drill: held.
    closed = post(seat, "closure", **CLOSED)
    ordered = post(seat, "order", **ORDER)
    drill = post(seat, "closure", **{**CLOSED, "name": "訓練の橋"})
    stages.go_on()
    thing = stages.reports[0].series.split(":", 2)[2]
    stages.says(FactEffect(thing, NINE_PM.replace(year=2027), NINE_PM, "blocks", ("a",), 1, 30))
    for reason in ("wire-field", "xml-malformed", "never-heard-of"):
        headers = {"reason": reason.encode(), "detail": b"at a byte"}
        room.desk.apply(Record(DEAD_LETTERS.name, 0, 1, f"claims-0-{reason}".encode(), b"?", headers, 1))
    for reason in (*SOURCES, "cap-no-info"):
        source = SourceRecord(f"source {reason.title()}", "役所", "03-0000-0000", None, NINE_PM, reason, NINE_PM)
        room.desk.apply(Record(SOURCES_TOPIC.name, 0, 1, reason.encode(), encode(source), {}, 1))
    paths = [answer.headers["location"] for answer in (closed, ordered, drill)]
    drafts = [f"/drafts/{one.draft_id}" for one in room.desk.view().drafts]
    for path in ("/", "/post", "/drill", "/areas", "/channels", "/console/rehearse", "/console/card", *paths, *drafts):
        answer = seat.get(path)
        assert answer.status_code == 200, path
        assert bare_codes(answer.text) == set(), path
    looked = room.form("/post/closure/preview", filled(seat, "closure", **CLOSED), {"cookie": seat.cookie})
    assert "通れなくなる" in looked.text
    refused = send(seat, "order", filled(seat, "order", **{**ORDER, "wards": "", "places": "架空町"}))
    assert refused.status_code == 422
    for page in (looked.text, refused.text):
        assert bare_codes(page) == set()
    front = seat.get("/").text
    assert "実際の電文に訓練の言葉がある" in front
    assert "つながらない" in front
