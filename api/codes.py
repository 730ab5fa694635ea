"""Codes of the second factor at the console: how often they may be guessed, and how long one counts.

Sending wants a code of its own, so that a screen that was left alone cannot alert a city. Stopping does not
where one was given a few minutes ago: an authenticator shows the next code after up to half a minute, and a
correction must be on its way within ten seconds (promise 9).
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from api.accounts import Accounts, Session, SignInRefused
from api.errors import ApiError
from api.rate import RateLimit

FRESH_SECONDS = 15 * 60
# Codes of six digits, three of which are right at a time: a guess a minute is right after 8 months on the average.
GUESSES_AT_ONCE = 5
GUESSES_PER_MINUTE = 1.0
_MOST_SESSIONS = 1_000


@dataclass(slots=True)
class Codes:
    """Who gave a right code when, in memory; a restart of the console asks everybody again."""

    accounts: Accounts
    limit: RateLimit = field(default_factory=lambda: RateLimit(GUESSES_AT_ONCE, GUESSES_PER_MINUTE))
    _given: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, session: Session, code: str, at: int) -> SignInRefused | None:
        """Use up *code*, or say why not; raises `ApiError` 429 for who guesses. *at* is seconds since 1970."""
        name = session.account.name
        if self.limit.wait_seconds(name, float(at)):
            raise ApiError(429, "too-many", "Too many codes", "Wait a minute and try again.")
        refused = self.accounts.take_code(name, code, at)
        if refused is None:
            self.limit.forgive(name)
            self.has_given(session, at)
        return refused

    def has_given(self, session: Session, at: int) -> None:
        """Remember that *session* proved its second factor."""
        with self._lock:
            self._given[session.csrf] = at
            self._given.move_to_end(session.csrf)
            if len(self._given) > _MOST_SESSIONS:
                self._given.popitem(last=False)

    def is_fresh(self, session: Session, at: int) -> bool:
        """Say whether *session* gave a right code a short while ago: then it may stop without another."""
        with self._lock:
            given = self._given.get(session.csrf)
        return given is not None and 0 <= at - given <= FRESH_SECONDS
