"""The notices that are on their way at a worker: which range is stored next, and what gives way to what."""

import logging
from collections.abc import Callable, Iterator, Mapping

from alerts.notice import Notice, Phase
from alerts.place import Cells
from alerts.reception_check import NoCheck, is_check
from dispatch.told import Told
from geo.cells import intersection
from streams.brokers.client import Producer
from streams.fanout.course import Course
from streams.fanout.fanout import FanOut
from streams.fanout.ledger import Ledger
from streams.fanout.outbox import Outbox, Sending
from streams.fanout.told_book import ToldBook
from streams.fanout.warming import MakePushes
from streams.notices.edit import ground_of

log = logging.getLogger(__name__)

# The first request must be on its way before the two thousandth is made, so the socket gets its turn after these:
# an entry from the pool leaves 3 us of work for a row, one made now costs 60 where C makes those of a turn together.
ROWS_A_TURN = 1024
UNPOOLED_ROWS_A_TURN = 64

# Revisions of these phases make nothing void that was said before.
_SAYS_MORE = frozenset((Phase.ISSUED, Phase.RAISED))


class Courses:
    """All courses that have not ended, the most urgent first."""

    def __init__(
        self,
        told: ToldBook,
        producer: Producer,
        ledger: Ledger,
        outbox: Outbox,
        pushes: MakePushes,
    ) -> None:
        """*pushes* makes what writes the requests of a range."""
        self._told = told
        self._producer = producer
        self._ledger = ledger
        self._outbox = outbox
        self._pushes = pushes
        self._courses: list[Course] = []

    def __iter__(self) -> Iterator[Course]:
        return iter(self._courses)

    def __len__(self) -> int:
        return len(self._courses)

    @property
    def begin_soon(self) -> bool:
        """Say whether a notice waits for nothing but the broker: its first range is being stored."""
        return any(one.storing is not None and not one.going for one in self._courses)

    def of_lineage(self, lineage: str) -> list[Course]:
        """Return those of one lineage."""
        return [one for one in self._courses if one.notice.lineage == lineage]

    def start(self, course: Course) -> None:
        """Begin with the first range of *course*; what older revisions have for its rows waits for it."""
        self._courses.append(course)
        self._courses.sort(key=lambda one: one.urgency)
        if course.left:
            course.freeze(self._told, self._producer)
        older = [fanout for fanout in self._outbox.fanouts if _is_older(fanout, course.notice)]
        if older and not course.tail:
            coming = course.coming()[0]
            for fanout in older:
                fanout.yield_to(coming)

    def resume(self, course: Course, frozen: Mapping[int, Told]) -> None:
        """Send what an owner before stored of *course* and did not send."""
        self._send(course, course.resume(frozen, self._ledger.resumed(course.notice, frozen)), made_before=True)

    def go_on(self) -> None:
        """Send the ranges that the broker has, and hand it the next while those before them go out."""
        for course in self._courses:
            if course.storing is not None and course.storing.done:
                # Its first rows go out in this turn; the next range can wait for the next one.
                self._send(course, course.begin())
            elif course.storing is None and course.left and self._outbox.wants_more(course):
                course.freeze(self._told, self._producer)

    def freeze_older(self, notice: Notice, alive: Callable[[], None], meanwhile: Callable[[], None]) -> None:
        """Store all ranges of older revisions: *notice* may speak to all whom they tell, and is chosen by that.

        For a million people that takes seconds, so *alive* is called after every range, and *meanwhile* again and
        again: what is stored already goes out, as if *notice* had come so much later. Not where *notice* takes
        anything back.
        """
        goes_on = all(part.phase in _SAYS_MORE for part in notice.parts)
        for course in self._courses:
            while _is_older(course, notice) and (course.left or course.storing is not None):
                if course.storing is None:
                    course.freeze(self._told, self._producer)
                while goes_on and course.storing is not None and not course.storing.done:
                    alive()
                    meanwhile()
                self._send(course, course.begin())
                alive()
                if goes_on:
                    meanwhile()

    def withdraw_checks(self, ground: Cells) -> None:
        """Stop every check of reception that goes out where something is up now: in *ground* (R19)."""
        for course in self._courses:
            if is_check(course.notice) and intersection(ground_of(course.notice), ground):
                log.warning("check withdrawn", extra={"lineage": course.notice.lineage, "reason": NoCheck.DANGER.value})
                course.withdraw()
                for fanout in self._outbox.fanouts:
                    if fanout.notice is course.notice:
                        fanout.withdraw()

    def ended(self, course: Course, fanout: FanOut) -> None:
        """Take note of a range that has ended."""
        course.ended(fanout)
        if not course.done:
            self._ledger.settle(fanout)

    def finished(self) -> list[Course]:
        """Take out the courses that have ended."""
        done = [one for one in self._courses if one.done]
        for one in done:
            self._courses.remove(one)
        return done

    def _send(self, course: Course, fanout: FanOut, *, made_before: bool = False) -> None:
        """Send a range whose order is stored."""
        notice = course.notice
        # Who joins late was looked for among all revisions: the newest that speaks to her place is this one.
        if made_before or not course.tail:
            fanout.give_way(self._told.units_after(notice.lineage, notice.revision))
            for newer in self._courses:
                if _is_older(fanout, newer.notice):
                    fanout.yield_to(newer.coming()[0])
        self._put_in_order(fanout)
        if course.withdrawn:
            fanout.withdraw()
        pooled = not made_before and course.generation is not None and course.generation.filled > 0
        rows_a_turn = ROWS_A_TURN if pooled else UNPOOLED_ROWS_A_TURN
        self._outbox.add(
            Sending(course, fanout, self._pushes(course.people, course.messages, notice, fanout), rows_a_turn)
        )

    def _put_in_order(self, fanout: FanOut) -> None:
        """Let every row hear the newest revision last, and no row wait for another's push service.

        Also after a restart, when a newer revision may have gone out already: its `told` says to whom.
        """
        units = fanout.units()
        for older in self._outbox.fanouts:
            if _is_older(older, fanout.notice):
                fanout.hold(older.give_way(units))


def _is_older(one: Course | FanOut, notice: Notice) -> bool:
    """Say whether *one* is of an earlier revision of the lineage of *notice*."""
    return one.notice.lineage == notice.lineage and one.notice.revision < notice.revision
