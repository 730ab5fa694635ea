"""Changes are told as they come, to each at its own pace, and nobody is waited for."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.http.metrics import ApiMetrics
from api.http.reader import Freshness
from api.live import events
from api.live.board import SHARDS
from api.live.events import Hub
from api.residents.app import Residents, residents_app
from tests.api.evening import NINE_PM
from tests.api.live.test_board import CURRENT, NAME, SCHOOL, Desk, attribution, closure


class Phone:
    """One listener, without a socket."""

    def __init__(self, app: FastAPI, last: str = "") -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.leaving = asyncio.Event()
        headers = [(b"last-event-id", last.encode())] if last else []
        scope = {
            "type": "http", "method": "GET", "path": "/live/events", "raw_path": b"/live/events", "query_string": b"",
            "headers": headers, "http_version": "1.1", "scheme": "http", "server": ("t", 80), "client": ("c", 1),
        }  # fmt: skip
        self.task = asyncio.ensure_future(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.messages.put(dict(message))

    async def next(self) -> list[tuple[str, str, Any]]:
        """Return the events of the next block."""
        message = await asyncio.wait_for(self.messages.get(), 10)
        found = []
        for block in message["body"].decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if line and line[0] != ":")
            if "event" in fields:
                found.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
        return found

    async def leave(self) -> None:
        """Close the page."""
        self.leaving.set()
        await asyncio.wait_for(self.task, 10)


def app_of(desk: Desk, fresh: Freshness = CURRENT) -> FastAPI:
    registry = CollectorRegistry()
    desk.board.refresh(NINE_PM)
    residents = Residents(desk.board.state, lambda: fresh)
    return residents_app(residents, ApiMetrics(registry), registry, lambda: NINE_PM, live=desk.board)


def change(desk: Desk, minutes: int) -> None:
    desk.road(closure(said=attribution(minutes=minutes)))
    desk.board.refresh(NINE_PM + timedelta(minutes=minutes))


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        await asyncio.wait_for(story(), 30)

    asyncio.run(within())


def test_a_listener_hears_the_index_first_and_then_each_change_with_its_digests() -> None:
    desk = Desk(SCHOOL)

    async def story() -> None:
        phone = Phone(app_of(desk))
        start = await asyncio.wait_for(phone.messages.get(), 10)
        headers = dict(start["headers"])
        assert headers[b"content-type"].startswith(b"text/event-stream")
        assert b"no-store" in headers[b"cache-control"]
        assert headers[b"x-accel-buffering"] == b"no"
        assert b"content-encoding" not in headers
        ((kind, _, said),) = await phone.next()
        assert (kind, said["index"]) == ("index", desk.board.answers.bodies[SHARDS].digest)
        change(desk, 1)
        ((kind, _, said),) = await phone.next()
        assert kind == "change"
        assert list(said["shards"]) == [NAME]
        body = desk.board.answers.bodies[f"/live/{NAME}/closures.geojson"]
        assert said["shards"][NAME]["closures"] == body.digest
        await phone.leave()

    run(story)


def test_who_comes_back_hears_what_it_missed_and_nothing_twice() -> None:
    desk = Desk(SCHOOL)

    async def story() -> None:
        app = app_of(desk)
        phone = Phone(app)
        await phone.messages.get()
        await phone.next()
        change(desk, 1)
        ((_, last, _),) = await phone.next()
        await phone.leave()
        change(desk, 2)
        change(desk, 3)
        again = Phone(app, last)
        await again.messages.get()
        missed = await again.next()
        assert [kind for kind, _, _ in missed] == ["change", "change"]
        await again.leave()

    run(story)


@pytest.mark.parametrize("last", ["another-1", "x", "-1", "0-99999999999999999999"])
def test_an_event_of_another_process_is_answered_by_the_index(last: str) -> None:
    desk = Desk(SCHOOL)

    async def story() -> None:
        phone = Phone(app_of(desk), last)
        await phone.messages.get()
        assert [kind for kind, _, _ in await phone.next()] == ["index"]
        await phone.leave()

    run(story)


def test_who_falls_behind_the_ring_compares_the_index_and_nobody_keeps_a_queue_for_it() -> None:
    desk = Desk(SCHOOL)
    desk.board.refresh(NINE_PM)
    hub = Hub(desk.board)
    _, first = hub.after("")
    for minute in range(1, 400):
        change(desk, minute)
    text, _ = hub.after(first)
    assert text.startswith(b"event: index")
    assert len(text) < 500


def test_a_quiet_hour_has_beats_that_say_how_old_the_state_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.001)
    desk = Desk(SCHOOL)

    async def story() -> None:
        phone = Phone(app_of(desk))
        await phone.messages.get()
        await phone.next()
        ((kind, _, said),) = await phone.next()
        assert (kind, said) == ("beat", {"age_seconds": 0.5})
        await phone.leave()

    run(story)


def test_a_phone_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_SEND_SECONDS", 0.001)
    desk = Desk(SCHOOL)

    async def story() -> None:
        app = app_of(desk)
        taken: list[str] = []

        async def stuck(message: Any) -> None:
            taken.append(message["type"])
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        scope = {
            "type": "http", "method": "GET", "path": "/live/events", "raw_path": b"/live/events", "query_string": b"",
            "headers": [], "http_version": "1.1", "scheme": "http", "server": ("t", 80), "client": ("c", 1),
        }  # fmt: skip
        await app(scope, receive, stuck)
        assert taken == ["http.response.start", "http.response.body"]

    run(story)


def test_beyond_the_bound_a_listener_is_sent_to_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_STREAMS", 1)
    desk = Desk(SCHOOL)

    async def story() -> None:
        app = app_of(desk)
        first = Phone(app)
        await first.messages.get()
        await first.next()
        second = Phone(app)
        start = await asyncio.wait_for(second.messages.get(), 10)
        assert start["status"] == 503
        assert json.loads((await second.messages.get())["body"])["code"] == "streams-full"
        await first.leave()
        third = Phone(app)
        assert (await asyncio.wait_for(third.messages.get(), 10))["status"] == 200
        await third.leave()

    run(story)
