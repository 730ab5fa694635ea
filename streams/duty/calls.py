"""Calls to officers by every way that each of them has: each once, and what became of it, on `pages`.

Written down before it is made: somebody may be awake already when this process ends. A call without an end is made
again by the next start, under the same id.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime

from dispatch.channel import Channel, ChannelState, Outgoing, Passage
from dispatch.device_seal import DeviceSeal
from dispatch.errors import DispatchError
from streams.brokers.client import Producer, Stored
from streams.duty.call_words import kind_of
from streams.duty.called import calls_so_far, key_of
from streams.duty.duty_book import DeviceRecord
from streams.duty.metrics import PagerMetrics
from streams.duty.roster import DutyRegister, OfficerKey, Way, device_channel
from streams.payloads import PageRecord
from streams.topics import PAGES
from streams.wire import encode

log = logging.getLogger(__name__)

_STORED_WITHIN_SECONDS = 30.0
# A call that could not be handed over for so long is no call any more; the next rung has been woken long before.
CALL_LIVES_SECONDS = 900.0


class Calls:
    """The ways to each person of *register*, and of the devices that were added on the console."""

    def __init__(
        self,
        bootstrap: str,
        producer: Producer,
        register: DutyRegister,
        metrics: PagerMetrics,
        clock: Callable[[], float],
        *,
        console_url: str = "",
        devices: tuple[DeviceSeal, OfficerKey] | None = None,
    ) -> None:
        self._producer = producer
        self._metrics = metrics
        self._clock = clock
        self._console_url = console_url
        self._devices = devices
        self._pages = calls_so_far(bootstrap)
        # By person and way; a way of a device that was added on the console ends in the device's id.
        self._channels: dict[tuple[str, str], Channel] = {
            (person, way.value): open_channel()
            for person, ways in register.ways.items()
            for way, open_channel in ways.items()
        }
        # What is under way, by channel and by the id that it left under.
        self._open: dict[tuple[str, str], dict[str, PageRecord]] = {key: {} for key in self._channels}
        self._added: dict[str, tuple[str, str]] = {}

    def people(self) -> set[str]:
        """Return who can be called."""
        return {person for person, _ in self._channels}

    def ways_of(self, person: str) -> list[str]:
        """Return every way to *person*."""
        return [way for who, way in self._channels if who == person]

    def made_about(self, about: str) -> list[PageRecord]:
        """Return what was called about a draft, or about whatever stands in its place."""
        return [page for page in self._pages.values() if page.draft_id == about]

    def knows(self, about: str, person: str, way: str) -> bool:
        """Say whether it is written down already."""
        return key_of(about, person, way) in self._pages

    @property
    def under_way(self) -> int:
        """How many calls have no end yet."""
        return sum(map(len, self._open.values()))

    def follow(self, devices: Mapping[str, DeviceRecord]) -> None:
        """Call by *devices* from now on, and by no other of the console's."""
        kept = {} if self._devices is None else devices
        for identifier in [one for one in self._added if one not in kept]:
            way = self._added.pop(identifier)
            self._channels.pop(way).close()
            self._open.pop(way)
        for identifier, device in kept.items():
            if identifier not in self._added:
                self._add(identifier, device.person, device.sealed)

    def everybody(
        self, about: str, ward: str, rung: str, people: Iterable[str], say: Callable[[str, str], bytes]
    ) -> None:
        """Call each of *people* by every way that she has."""
        for person in people:
            for way in self.ways_of(person):
                self.call(about, ward, rung, person, way, say)

    def call(self, about: str, ward: str, rung: str, person: str, way: str, say: Callable[[str, str], bytes]) -> None:
        """Call once by one *way*, if it is open; *say* gives the words for it, with links into the console at a URL."""
        if (person, way) not in self._channels or not self._is_due(about, person, way):
            return
        identifier = _id(about, person, way)
        page = PageRecord(
            draft_id=about,
            ward=ward,
            rung=rung,
            person=person,
            way=way,
            state=ChannelState.SENT,
            reason="",
            attempts=0,
            at=self._now(),
        )
        self.write(page).result(_STORED_WITHIN_SECONDS)
        self._metrics.called(page.rung, kind_of(page.way), ChannelState.SENT)
        content_type = "application/json" if way == Way.WEBHOOK.value else "application/octet-stream"
        outgoing = Outgoing(identifier, say(way, self._console_url), content_type, self._clock() + CALL_LIVES_SECONDS)
        self._open[person, way][identifier] = page
        try:
            self._channels[person, way].send(outgoing, self._clock())
        except DispatchError as error:
            self._passed((person, way), Passage(identifier, ChannelState.FAILED, error.reason, 0, ""))

    def poll(self) -> None:
        """Write down what became of the calls under way."""
        for key, channel in self._channels.items():
            for passage in channel.poll(self._clock(), 0.0):
                self._passed(key, passage)

    def write(self, page: PageRecord, person: str = "") -> "Future[Stored]":
        """Put *page* on the topic, under *person* where it names several; it is known from now on."""
        key = key_of(page.draft_id, person or page.person, page.way)
        self._pages[key] = page
        return self._producer.send(PAGES.name, key, encode(page))

    def close(self) -> None:
        """Close every way."""
        for channel in self._channels.values():
            channel.close()

    def _add(self, identifier: str, person: str, sealed: str) -> None:
        assert self._devices is not None
        seal, key = self._devices
        try:
            channel = device_channel(seal.open(person, identifier, sealed), key)()
        except DispatchError as error:
            log.error("an officer's device cannot be called", extra={"device": identifier, "reason": error.reason})
            return
        way = person, f"{Way.PUSH.value}-{identifier}"
        self._added[identifier], self._channels[way], self._open[way] = way, channel, {}

    def _is_due(self, about: str, person: str, way: str) -> bool:
        known = self._pages.get(key_of(about, person, way))
        under_way = _id(about, person, way) in self._open[person, way]
        return not under_way and (known is None or known.state is ChannelState.SENT)

    def _passed(self, key: tuple[str, str], passage: Passage) -> None:
        page = self._open[key].pop(passage.id, None)
        if page is None:
            return
        ended = replace(page, state=passage.state, reason=passage.reason, attempts=passage.attempts, at=self._now())
        if passage.state is ChannelState.FAILED:
            log.error("an officer could not be called", extra={"draft": page.draft_id, "reason": passage.reason})
        self.write(ended)
        self._metrics.called(page.rung, kind_of(page.way), passage.state)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _id(about: str, person: str, way: str) -> str:
    return f"{about}.{person}.{way}"
