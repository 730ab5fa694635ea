"""Codes of the second factor at the console, or a passkey in their place: how often one may guess, how long it counts.

Sending wants a code of its own, so that a screen that was left alone cannot alert a city. Stopping does not
where one was given a few minutes ago: an authenticator shows the next code after up to half a minute, and a
correction must be on its way within ten seconds (promise 9).
"""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from api.http.errors import ApiError
from api.http.rate import RateLimit
from api.officers.accounts import Accounts, Session, SignInRefused

FRESH_SECONDS = 15 * 60
# Codes of six digits, three of which are right at a time: a guess a minute is right after 8 months on the average.
GUESSES_AT_ONCE = 5
GUESSES_PER_MINUTE = 1.0
# From the finger on the telephone to the form that it was for.
PASS_SECONDS = 60
_PASSKEY = "passkey-"
_MOST_SESSIONS = 1_000


@dataclass(slots=True)
class Codes:
    """Who gave a right code when, in memory; a restart of the console asks everybody again."""

    accounts: Accounts
    limit: RateLimit = field(default_factory=lambda: RateLimit(GUESSES_AT_ONCE, GUESSES_PER_MINUTE))
    _given: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _passes: OrderedDict[str, tuple[str, int]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, session: Session, code: str, at: int) -> SignInRefused | None:
        """Use up *code*, or say why not; raises `ApiError` 429 for who guesses. *at* is seconds since 1970."""
        name = session.account.name
        if code.startswith(_PASSKEY):
            return self._take_pass(session, code, at)
        if self.limit.wait_seconds(name, float(at)):
            raise ApiError(429, "too-many", "Too many codes", "Wait a minute and try again.")
        refused = self.accounts.take_code(name, code, at)
        if refused is None:
            self.limit.forgive(name)
            self.has_given(session, at)
        return refused

    def give_pass(self, session: Session, at: int) -> str:
        """Return what stands in a form in a code's place, once: *session* has just shown a passkey."""
        given = _PASSKEY + secrets.token_urlsafe(24)
        with self._lock:
            self._passes[given] = session.csrf, at
            if len(self._passes) > _MOST_SESSIONS:
                self._passes.popitem(last=False)
        return given

    def _take_pass(self, session: Session, given: str, at: int) -> SignInRefused | None:
        with self._lock:
            holder, since = self._passes.pop(given, ("", 0))
        if holder != session.csrf or not 0 <= at - since <= PASS_SECONDS:
            return SignInRefused.SECOND_FACTOR
        self.has_given(session, at)
        return None

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
