"""What holds at every door: headers on each answer, a bound on each request, a word in each form, nothing in a log."""

import asyncio
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry

from api.console.app import console_app
from api.http import serve as serving
from api.http.metrics import ApiMetrics
from api.http.reader import Freshness
from api.intake.app import intake_app
from api.known.desk import Desk
from api.known.state import State
from api.residents.app import Residents, residents_app
from streams.topics import AUDIT
from tests.api.browser import Browser
from tests.api.test_intake import Topic, key
from tests.api.test_office import Room, room_in

CURRENT = Freshness(True, 0, 0.5)
WANTED = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "",
    "permissions-policy": "camera=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=",
}


def residents() -> FastAPI:
    registry = CollectorRegistry()
    return residents_app(Residents(State(), lambda: CURRENT), ApiMetrics(registry), registry)


def console() -> FastAPI:
    registry = CollectorRegistry()
    return console_app(Desk(), lambda: CURRENT, ApiMetrics(registry), registry)


def intake() -> FastAPI:
    return intake_app((key(),), Topic(), CollectorRegistry())


def failing(app: FastAPI) -> FastAPI:
    """Add a page that fails in a way that nobody foresaw, with something in its words that must not leave."""

    @app.get("/fails")
    def fails() -> None:
        raise RuntimeError("secret-in-an-error")

    return app


DOORS: dict[str, Callable[[], FastAPI]] = {"residents": residents, "console": console, "intake": intake}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("question", ["GET /", "GET /health", "GET /none", "DELETE /", "GET /fails", "PUT /%00"])
def test_every_answer_has_the_headers(door: str, question: str, caplog: pytest.LogCaptureFixture) -> None:
    verb, path = question.split(" ")
    answer = Browser(failing(DOORS[door]())).request(verb, path)
    for name, value in WANTED.items():
        assert value in answer.headers[name], f"{name} of {question} at {door}"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "secret-in-an-error" not in answer.text + caplog.text


def read_by(app: FastAPI, path: str, size: int, *, headers: tuple[tuple[bytes, bytes], ...] = ()) -> tuple[int, int]:
    """Return the status of a POST whose body comes in pieces without a length, and how many bytes of it were read."""
    read, status = 0, 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 65_536
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": read < size}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"door.test"), *headers],
        "client": ("192.0.2.1", 1),
        "server": ("door.test", 443),
        "scheme": "https",
        "root_path": "",
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return status, read


@pytest.mark.parametrize(
    ("door", "path", "most"), [("intake", "/reports", 1_300_000), ("console", "/sign-in", 200_000)]
)
def test_a_body_without_end_is_not_read_to_its_end(door: str, path: str, most: int, tmp_path: Path) -> None:
    app = room_in(tmp_path).app if door == "console" else DOORS[door]()
    bearer = ((b"authorization", b"Bearer " + b"k" * 43), (b"content-type", b"application/json"))
    status, read = read_by(app, path, 100_000_000, headers=bearer)
    assert status == 413
    assert read <= most


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path)


def forms(routes: Iterable[Any]) -> Iterator[str]:
    """Yield the paths that something can be sent to."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield from (route.path for method in route.methods or () if method == "POST")
        else:
            yield from forms(getattr(getattr(route, "original_router", None), "routes", ()))


# Nobody is signed in there: a session's word cannot be asked for. The cookie is SameSite=Strict, and an Origin counts.
BEFORE = re.compile(r"/sign-in")


def test_no_form_of_the_console_is_taken_without_the_word_of_its_session(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    paths = [path for path in forms(room.app.routes) if not BEFORE.match(path)]
    assert len(paths) >= 8
    for path in paths:
        filled = re.sub(r"\{(\w+)(:\w+)?\}", room.drafts["feed"].draft_id, path)
        for fields in ({}, {"csrf": "x"}):
            answer = room.form(filled, fields, {"cookie": seat.cookie})
            assert answer.status_code in (403, 404, 422), f"{path} took a form without its word: {answer.status_code}"
        foreign = room.form(filled, {"csrf": "x"}, {"cookie": seat.cookie, "origin": "https://evil.example"})
        assert foreign.status_code in (403, 404, 422), path
    assert {topic for topic, _, _ in room.topics.records} <= {AUDIT.name}
    assert not [act for by, act, _ in room.topics.acts() if act not in ("sign-in", "sign-out") and "refused" not in act]


def test_a_form_of_another_site_signs_nobody_in(room: Room) -> None:
    room.add("sato")
    fields = {"name": "sato", "password": "x" * 12, "code": "000000"}
    answer = room.form("/sign-in", fields, {"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_server_writes_down_no_question_and_only_residents_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    nicer: list[int] = []
    kept: list[frozenset[int]] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **words: told.append(words))
    monkeypatch.setattr(os, "nice", nicer.append)
    monkeypatch.setattr(serving, "keep_to", kept.append)
    serving.serve(residents(), "127.0.0.1", 1, gives_way=True)
    serving.serve(console(), "127.0.0.1", 2)
    serving.serve(residents(), "127.0.0.1", 1, gives_way=True, processors=frozenset({0, 2}))
    serving.serve(console(), "127.0.0.1", 2, processors=frozenset({0}))
    for words in told:
        assert words["access_log"] is False
        assert words["server_header"] is False
        assert words["log_level"] == "warning"
        assert words["forwarded_allow_ips"] == "127.0.0.1"
        assert words["limit_concurrency"]
    assert nicer == [serving.GIVE_WAY] * 2
    # No door is kept to processors that nobody named.
    assert kept == [frozenset({0, 2}), frozenset({0})]


@pytest.mark.parametrize("door", DOORS)
def test_no_line_of_a_log_says_what_was_asked(door: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser = Browser(failing(DOORS[door]()))
    for path in ("/live/862f5aad7ffffff/plan.json?lat=35.67", "/s/Vt3kS4mplePass", "/fails?home=892f5aad7c3ffff"):
        browser.get(path, {"cookie": "__Host-shirase=secret-session", "authorization": "Bearer secret-key"})
    ours = "\n".join(record.getMessage() + str(record.__dict__) for record in caplog.records if record.name != "httpx")
    for word in ("862f5aad7ffffff", "35.67", "Vt3kS4mplePass", "892f5aad7c3ffff", "secret"):
        assert word not in ours
