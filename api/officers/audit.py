"""The audit trail: every act of a coordinator, chained by hashes, so that an edit, a gap or a swap shows.

One writer, one partition. Each entry names the hash of the one before it; the first names zeros. It says
who, when, what and on which draft, and never a resident.
"""

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from enum import StrEnum

from streams.brokers.client import Producer, Stored
from streams.brokers.errors import StreamsError
from streams.topics import AUDIT

BEGINNING = "0" * 64
_ROUTE = b"audit"
_STORED_WITHIN_SECONDS = 10.0
# Each entry names the hash of the one before, so that one at a time is under way: the others wait for their turn, and
# who has not begun by then has written nothing.
_TURN_WITHIN_SECONDS = 5.0
# A bad night's acts of all wards.
_MOST_ACTS = 5_000


class Act(StrEnum):
    """What was done."""

    SIGN_IN = "sign-in"
    SIGN_IN_REFUSED = "sign-in-refused"
    SIGN_OUT = "sign-out"
    SEALED_CODE = "sealed-code"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    PASSKEY_SHOWN = "passkey-shown"
    PASSKEY_REFUSED = "passkey-refused"
    DEVICE_ADDED = "device-added"
    DEVICE_REMOVED = "device-removed"
    DEVICE_REFUSED = "device-refused"
    ROSTER = "roster"
    ROSTER_REFUSED = "roster-refused"
    TRIAL_CALL = "trial-call"
    APPROVE = "approve"
    APPROVE_REFUSED = "approve-refused"
    VOID = "void"
    VOID_REFUSED = "void-refused"
    POST = "post"
    POST_REFUSED = "post-refused"
    AREA_KEPT = "area-kept"
    AREA_REMOVED = "area-removed"
    AREA_REFUSED = "area-refused"
    EDIT = "edit"
    EDIT_REFUSED = "edit-refused"
    EXTEND = "extend"
    EXTEND_REFUSED = "extend-refused"
    LIFT = "lift"
    CORRECT = "correct"
    DRILL = "drill"
    REHEARSE = "rehearse"
    REHEARSE_APPROVED = "rehearse-approved"
    REHEARSE_ENDED = "rehearse-ended"
    REHEARSED = "rehearsed"
    END_REFUSED = "end-refused"
    CHANNEL_AGAIN = "channel-again"
    CHANNEL_TYPED = "channel-typed-by-hand"
    ALONE = "approve-alone"
    ALONE_REFUSED = "approve-alone-refused"
    POLICY_ADOPT = "policy-adopt"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `number` rises by one; `before` is the hash of the entry before."""

    number: int
    at: str
    by: str
    act: str
    on: str
    detail: str
    before: str

    @property
    def hash(self) -> str:
        """Return the SHA-256 over everything above."""
        plain = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(plain.encode()).hexdigest()


def write(entry: Entry) -> bytes:
    """Return *entry* as its record."""
    return json.dumps({**asdict(entry), "hash": entry.hash}, ensure_ascii=False, separators=(",", ":")).encode()


def read(raw: bytes) -> tuple[Entry, str]:
    """Return an entry and the hash that stands beside it; raises ValueError for what is no entry."""
    try:
        plain = json.loads(raw)
        stated = str(plain.pop("hash"))
        return Entry(**plain), stated
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no audit entry: {error}") from None


def broken_at(records: Iterable[bytes]) -> str:
    """Return where the chain is broken and how, or nothing when it is whole."""
    before, number = BEGINNING, 0
    for raw in records:
        try:
            entry, stated = read(raw)
        except ValueError as error:
            return f"after entry {number}: {error}"
        if entry.number != number + 1:
            return f"entry {number + 1} is missing: {entry.number} follows {number}"
        if entry.before != before:
            return f"entry {entry.number} does not follow the one before it: something was changed, removed or moved"
        if entry.hash != stated:
            return f"entry {entry.number} was changed"
        before, number = entry.hash, entry.number
    return ""


def last_hash(records: Sequence[bytes]) -> str:
    """Return the hash that the newest of *records* states: what shows later whether an end was cut off."""
    return read(records[-1])[1] if records else BEGINNING


class Trail:
    """The one writer; an act is done when its entry is stored. Any thread may write, and look while others write."""

    def __init__(
        self,
        producer: Producer,
        records: Iterable[bytes],
        now: Callable[[], str],
        *,
        turn_within_seconds: float = _TURN_WITHIN_SECONDS,
        stored_within_seconds: float = _STORED_WITHIN_SECONDS,
    ) -> None:
        """Continue behind *records*; raises ValueError when their chain is broken: a person looks first."""
        kept = list(records)
        broken = broken_at(kept)
        if broken:
            raise ValueError(f"the audit trail is broken: {broken}")
        self._number, self._before = len(kept), read(kept[-1])[0].hash if kept else BEGINNING
        self._acts: OrderedDict[tuple[str, str, str, str], str] = OrderedDict()
        for raw in kept[-_MOST_ACTS:]:
            self._remember(read(raw)[0])
        self._producer = producer
        self._now = now
        self._turn_within, self._stored_within = turn_within_seconds, stored_within_seconds
        # Held while a broker is waited for, by one writer; never by whoever looks.
        self._writing = threading.Lock()
        # Held for a moment, over what is remembered.
        self._looking = threading.Lock()
        self._unknown: tuple[Entry, Future[Stored]] | None = None

    def add(self, by: str, act: Act, on: str = "", detail: str = "") -> Entry:
        """Store one entry; raises what the broker raises, and then the act must not be done.

        Raises TimeoutError as long as it is not known whether the entry before was stored: two of one number break the
        chain for good. And where its turn has not come in time: then nothing was written.
        """
        until = time.monotonic() + self._turn_within
        if not self._writing.acquire(timeout=self._turn_within):
            raise TimeoutError("other acts are being written down")
        try:
            self._settle(until)
            entry = Entry(self._number + 1, self._now(), by, act.value, on, detail[:500], self._before)
            self._unknown = entry, self._producer.send(AUDIT.name, _ROUTE, write(entry))
            refused = self._settle(time.monotonic() + self._stored_within)
        finally:
            self._writing.release()
        if refused is not None:
            raise refused
        return entry

    def _settle(self, until_monotonic: float) -> StreamsError | None:
        """Take in the entry that is under way; return why the broker refused it, if it did. Its caller is the writer.

        The producer goes on trying for longer than anybody waits here: what was given up may still be stored.
        """
        if self._unknown is None:
            return None
        entry, stored = self._unknown
        try:
            stored.result(max(0.0, until_monotonic - time.monotonic()))
        except StreamsError as error:
            self._unknown = None
            return error
        with self._looking:
            self._remember(entry)
        self._number, self._before = entry.number, entry.hash
        self._unknown = None
        return None

    def done_at(self, by: str, act: Act, on: str, detail: str) -> str:
        """Return when *by* last did exactly this, "" when never: by it the same form sent again is known.

        Read back at the start as well, so that the answer to a form is the same after the process was killed. It waits
        for no writer: what is under way counts as soon as the broker has it.
        """
        asked, under_way = (by, act.value, on, detail[:500]), self._unknown
        with self._looking:
            known = self._acts.get(asked, "")
        if under_way is None or _key(under_way[0]) != asked:
            return known
        entry, stored = under_way
        return entry.at if stored.done() and stored.exception() is None else known

    def latest(self, act: Act) -> tuple[tuple[str, str, str], ...]:
        """Return by whom, on what and when *act* was done, as far as is kept in memory."""
        with self._looking:
            return tuple((by, on, at) for (by, done, on, _), at in self._acts.items() if done == act.value)

    def _remember(self, entry: Entry) -> None:
        self._acts[_key(entry)] = entry.at
        self._acts.move_to_end(_key(entry))
        if len(self._acts) > _MOST_ACTS:
            self._acts.popitem(last=False)


def _key(entry: Entry) -> tuple[str, str, str, str]:
    return entry.by, entry.act, entry.on, entry.detail
