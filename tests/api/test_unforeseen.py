"""What once ended as a bare 500: a line that breaks, a file that another process holds, a key shown in two tabs."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.console import process
from streams.brokers.client import Producer
from streams.brokers.errors import BrokerNotReady, SendError
from streams.topics import AUDIT, COMMANDS
from tests.api.test_office import PASSWORD, Room, Seat
from tests.api.test_passkeys import OURS, Door, door, ready

__all__ = ["door"]


@contextmanager
def held_elsewhere(room: Room) -> Iterator[None]:
    """Let another process hold the file of the accounts for as long as it likes; ours waits for a moment only."""
    for connection in (room.accounts._db, getattr(getattr(room.office.passkeys, "store", None), "_db", None)):
        if connection is not None:
            connection.execute("PRAGMA busy_timeout = 1")
    (path,) = {row[2] for row in room.accounts._db.execute("PRAGMA database_list")}
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_while_another_process_holds_the_accounts_pages_go_on_and_acts_are_refused_in_words(door: Door) -> None:
    room = door.room
    seat, key = ready(door)
    draft = room.drafts["feed"].draft_id
    room.clock.now += timedelta(seconds=60)  # a session is prolonged by now
    with held_elsewhere(room):
        for path in ("/", f"/drafts/{draft}", "/passkeys", "/post"):
            assert seat.get(path).status_code == 200, path
        refused = [
            seat.decide("approve", draft),
            door.sign_in(key),
            door.confirm(seat, key),
            room.form("/sign-in", {"name": "sato", "password": PASSWORD, "code": room.code("sato")}),
            room.form("/sign-out", {"csrf": door.csrf(seat)}, {"cookie": seat.cookie}),
        ]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "accounts-unavailable")
        assert "NOT SENT" in answer.json()["title"]
        assert "SAFE TO RETRY" in answer.json()["detail"]
        assert answer.headers["retry-after"]
    assert room.topics.of(COMMANDS.name) == []
    assert [act for _, act, _ in room.topics.acts()] == ["sign-in", "passkey-added"]
    assert seat.decide("approve", draft, code=door.confirm(seat, key).json()["code"]).status_code == 303


def test_a_line_that_breaks_while_a_form_is_sent_does_nothing_and_is_no_fault_of_ours(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    seat, _ = ready(door)
    paths = (f"/drafts/{door.room.drafts['feed'].draft_id}/approve", "/passkeys/confirm", "/sign-in", "/post/closure")
    before = list(door.room.topics.records)
    for path in paths:
        (start, *_) = asyncio.run(_cut_off(door.room, path, seat))
        assert start["status"] == 400, path
    assert door.room.topics.records == before
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def _cut_off(room: Room, path: str, seat: Seat) -> list[dict[str, Any]]:
    """Return what is answered to a request whose sender goes away in the middle of it."""
    pieces: Iterator[dict[str, Any]] = iter(
        ({"type": "http.request", "body": b"csrf=", "more_body": True}, {"type": "http.disconnect"})
    )
    answered: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(pieces)

    async def send(message: Any) -> None:
        answered.append(message)

    headers = {"host": "residents.test", "cookie": seat.cookie} | OURS
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 5000),
        "server": ("residents.test", 443),
    }
    await room.app(scope, receive, send)
    return answered


def test_one_answer_of_a_key_in_two_tabs_at_once_is_taken_once(door: Door) -> None:
    seat, key = ready(door)
    csrf = door.csrf(seat)
    options = door.ask("/passkeys/confirm/options", {"csrf": csrf}, seat).json()
    body = {"csrf": csrf, "credential": key.show(options)}
    answers = asyncio.run(_together(door.room, seat, "/passkeys/confirm", [body] * 4))
    assert sorted(one.status_code for one in answers) == [200, 403, 403, 403]
    assert {one.json()["code"] for one in answers if one.status_code == 403} == {"passkey-challenge"}


def test_many_tabs_at_once_each_with_a_challenge_of_its_own(door: Door) -> None:
    # One that never counts: which of them is first is the line's business.
    seat, key = ready(door, counts=False)
    csrf, draft = door.csrf(seat), door.room.drafts["feed"]
    asked = [door.ask("/passkeys/confirm/options", {"csrf": csrf}, seat).json() for _ in range(5)]
    bodies = [{"csrf": csrf, "credential": key.show(options), "on": "x"} for options in asked]
    answers = asyncio.run(_together(door.room, seat, "/passkeys/confirm", bodies))
    assert {one.status_code for one in answers} == {200}
    assert draft.draft is not None
    form = {"csrf": csrf, "digest": draft.draft.notice.digest}
    forms = [{**form, "code": str(one.json()["code"])} for one in answers]
    sent = asyncio.run(_together(door.room, seat, f"/drafts/{draft.draft_id}/approve", forms, as_form=True))
    assert {one.status_code for one in sent} == {303}
    assert [act for _, act, _ in door.room.topics.acts()].count("approve") == 1


async def _together(
    room: Room, seat: Seat, path: str, bodies: list[dict[str, Any]], *, as_form: bool = False
) -> list[httpx.Response]:
    transport = httpx.ASGITransport(room.app, raise_app_exceptions=False)
    headers = OURS | {"cookie": seat.cookie}
    async with httpx.AsyncClient(transport=transport, base_url="https://residents.test", headers=headers) as client:
        asked = (client.post(path, data=one) if as_form else client.post(path, json=one) for one in bodies)
        return list(await asyncio.gather(*asked))


def test_a_session_that_ends_meanwhile_is_sent_to_sign_in(door: Door) -> None:
    seat, key = ready(door)
    csrf = door.csrf(seat)
    options = door.ask("/passkeys/confirm/options", {"csrf": csrf}, seat).json()
    door.room.accounts.sign_out(seat.cookie.partition("=")[2])
    answer = door.ask("/passkeys/confirm", {"csrf": csrf, "credential": key.show(options)}, seat)
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


@pytest.mark.parametrize("name", ["on", "label", "code", "to", "csrf"])
def test_half_a_character_is_refused_before_anything_is_made_of_it(door: Door, name: str) -> None:
    seat, _ = ready(door)
    before = len(door.room.topics.of(AUDIT.name))
    body = b'{"csrf": "%s", "credential": {}, "%s": "\\ud800"}' % (door.csrf(seat).encode(), name.encode())
    for path in ("/passkeys/confirm", "/passkeys/new", "/passkeys/options", "/sign-in/passkey"):
        answer = door.room.browser.request(
            "POST", path, OURS | {"cookie": seat.cookie, "content-type": "application/json"}, content=body
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "form-malformed"), path
    assert len(door.room.topics.of(AUDIT.name)) == before


def test_a_planner_that_cannot_be_asked_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise BrokerNotReady("nobody answers")

    monkeypatch.setattr(process, "ask", away)
    assert process._foreseen("nowhere", None) is None  # type: ignore[arg-type]


def test_a_producer_that_was_closed_refuses_in_words_of_ours() -> None:
    producer = Producer("127.0.0.1:1")
    producer.close()
    with pytest.raises(SendError, match="closed"):
        producer.send(COMMANDS.name, b"k", b"v")
