"""Tails: what goes out to those who joined while a notice was in force, beside the notice's own ranges."""

import time
from collections.abc import Mapping

import numpy as np

from alerts.notice import Notice
from dispatch.columns import U16, U64
from dispatch.pool import Generation
from dispatch.selection import Selection
from dispatch.told import Told
from streams.fanout.course import Course
from streams.fanout.courses import Courses
from streams.fanout.ledger import Ledger
from streams.fanout.planned import Planned
from streams.fanout.subscribers import Subscribers
from streams.fanout.told_book import ToldBook


class Tails:
    """Begin tails, and go on with those of an owner before."""

    def __init__(
        self,
        subscribers: Subscribers,
        planned: Planned,
        told: ToldBook,
        ledger: Ledger,
        courses: Courses,
        epoch: int,
    ) -> None:
        """*epoch* is the owner's: its ranges are numbered by it."""
        self._subscribers = subscribers
        self._planned = planned
        self._told = told
        self._ledger = ledger
        self._courses = courses
        self._epoch = epoch

    def coming(self, notice: Notice) -> tuple[U64, U16]:
        """Return whom the ranges of *notice* itself are still going to tell: units, sorted, and their parts."""
        found = [one.coming() for one in self._courses if one.notice == notice and not one.tail]
        return found[0] if found else (np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint16))

    def begin(self, notice: Notice, received_ms: int, late: Selection) -> None:
        """Tell *late*, who have joined."""
        going = [one.tail for one in self._courses if one.notice == notice]
        tail = 1 + max([*going, self._told.last_tail(notice.lineage, notice.revision)])
        course = Course(
            notice,
            self._planned.messages(notice),
            self._subscribers.people,
            late,
            received_ms=received_ms,
            chosen_ms=round(time.time() * 1000),
            epoch=self._epoch,
            tail=tail,
            # A handful would spend what is made ahead for everybody, and most of them are not in it.
            generation=Generation.empty(0),
            before=lambda: self._told.before(notice.lineage, notice.revision),
        )
        self._courses.start(course)

    def resume(self, notice: Notice, received_ms: int) -> None:
        """Go on with what an owner before began for *notice* and did not end."""
        for tail, frozen in self._told.tails(notice.lineage, notice.revision).items():
            if not self._ledger.is_done(notice, tail):
                self._resume(notice, received_ms, tail, frozen)

    def _resume(self, notice: Notice, received_ms: int, tail: int, frozen: Mapping[int, Told]) -> None:
        course = Course(
            notice,
            self._planned.messages(notice),
            self._subscribers.people,
            Selection.nobody(),
            received_ms=received_ms,
            chosen_ms=0,
            epoch=self._epoch,
            tail=tail,
        )
        self._courses.start(course)
        self._courses.resume(course, frozen)
