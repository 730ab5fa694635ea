"""Send one notice to numbered rows, note the progress in a local file, and expect to be killed.

The smallest dispatcher that keeps the promise: rows in frozen order for each push service, what is open and what
is ended but not noted together never more than `max_in_flight`, and what is noted is never sent again.

    python -m load_tests.resume_worker --origins A,B --rows 200000 --progress FILE --ca FILE --data NEW_FOLDER
"""

import argparse
import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from alerts.claim import Lane
from dispatch.batch import Batch, BatchAnswer
from dispatch.engine import batch_sender_of
from dispatch.envelope import Entry, derived_entry, seal
from dispatch.outcomes import rule_of
from dispatch.progress import Progress, decode, encode
from dispatch.sender import Headers
from dispatch.settings import DispatchSettings
from dispatch.slots import Slots
from dispatch.vapid import Vapid, VapidKey
from load_tests.receivers import receivers

SAVE_ENDS = 1000
SAVE_SECONDS = 0.05
BATCH = 256
PADDED_BYTES = 512  # with the envelope about 600 bytes of body
SECRET = b"a secret of the load test only!!"


class Worker:
    """One life of a worker."""

    def __init__(
        self, origins: Sequence[str], rows: int, progress: Path, settings: DispatchSettings, pool: str
    ) -> None:
        self._origins = origins
        self._file = progress
        self._settings = settings
        self._sender = batch_sender_of(settings)
        self._slots = Slots(settings, len(origins))
        self._expires_at = time.time() + 3600
        per_origin = rows // len(origins)
        self._progress = {origin: Progress(per_origin) for origin in origins}
        if progress.exists():
            self._progress = decode(progress.read_bytes())
        self._fresh = {origin: list(reversed(list(self._progress[origin].open_rows()))) for origin in origins}
        self._again: dict[str, list[int]] = {origin: [] for origin in origins}
        self._retrying: dict[str, set[int]] = {origin: set() for origin in origins}
        self._people = receivers()
        self._plaintexts = {origin: f"{origin} 避難してください。".encode() for origin in origins}
        self._pool: dict[tuple[str, int], Entry] = {}
        if pool == "full":
            # Few people and one text each: the same entry never seals two different plaintexts.
            people = range(len(self._people))
            self._pool = {(origin, person): self._entry(origin, person) for origin in origins for person in people}
        self._headers = {origin: _headers(origin) for origin in origins}
        self._not_noted = 0
        self._noted_at = 0.0
        self.outcomes: Counter[str] = Counter()

    def run(self) -> None:
        """Send until every row has its end."""
        while not all(progress.done for progress in self._progress.values()):
            now = time.time()
            for origin in self._origins:
                self._hand_over(origin, now)
            for answer in self._sender.poll_batches(SAVE_SECONDS):
                self._answered(answer, time.time())
            if self._not_noted >= SAVE_ENDS or time.monotonic() - self._noted_at >= SAVE_SECONDS:
                self._note()
        self._note()
        self._sender.close()

    def _hand_over(self, origin: str, now: float) -> None:
        for rows, retry in ((self._again[origin], True), (self._fresh[origin], False)):
            room = self._slots.room(origin, Lane.LIFE_SAFETY, now, retry=retry)
            room = min(room, self._sender.free - self._not_noted, BATCH, len(rows))
            if room <= 0:
                continue
            keys = [rows.pop() for _ in range(room)]
            if retry:
                self._retrying[origin].update(keys)
            self._slots.take_many(origin, Lane.LIFE_SAFETY, room, retry=retry)
            paths = [b"/push/%d" % key for key in keys]
            bodies = [self._body(origin, key) for key in keys]
            self._sender.submit_batch(Batch(origin, self._headers[origin], self._expires_at, keys, paths, bodies))

    def _entry(self, origin: str, person: int) -> Entry:
        p256dh, auth = self._people[person]
        return derived_entry(SECRET, self._plaintexts[origin], PADDED_BYTES, p256dh, auth)

    def _body(self, origin: str, row: int) -> bytes:
        # An entry of the pool, or the same one derived: a repeat has the same bytes either way.
        person = row % len(self._people)
        entry = self._pool.get((origin, person)) or self._entry(origin, person)
        return seal(entry, self._plaintexts[origin], PADDED_BYTES)

    def _answered(self, answer: BatchAnswer, now: float) -> None:
        origin, progress = answer.batch.origin, self._progress[answer.batch.origin]
        keys = list(answer.keys)
        retried = self._retrying[origin].intersection(keys)
        self._retrying[origin] -= retried
        if retried:
            self._slots.give_back(origin, Lane.LIFE_SAFETY, retry=True, count=len(retried))
        self._slots.give_back(origin, Lane.LIFE_SAFETY, count=len(keys) - len(retried))
        self._slots.answered(origin, answer.outcome, len(keys), now, answer.retry_after_seconds)
        self.outcomes[answer.outcome.value] += len(keys)
        if rule_of(answer.outcome).retry:
            self._again[origin] += keys
            return
        for key in keys:
            progress.mark_final(key)
        self._not_noted += len(keys)

    def _note(self) -> None:
        # Whole or not at all: a kill between the two lines leaves the older record.
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(encode(self._progress))
        fresh.replace(self._file)
        self._not_noted, self._noted_at = 0, time.monotonic()


def _headers(origin: str) -> Headers:
    vapid = Vapid({0: VapidKey.generate()}, "mailto:operations@shirase.example")
    return (
        ("Urgency", "high"),
        ("Topic", "d8vrK6KL64pPc6tM"),
        ("Content-Encoding", "aes128gcm"),
        ("Content-Type", "application/octet-stream"),
        ("Authorization", vapid.authorization(origin, time.time())),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Send all that the progress file does not call final; print a JSON line when ready and one at the end."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.resume_worker")
    parser.add_argument("--origins", required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--progress", type=Path, required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--data", type=Path, required=True, help="a folder of this life's own; must not exist")
    parser.add_argument("--pool", choices=("full", "dry"), default="dry")
    parser.add_argument("--engine", default="h2")
    parser.add_argument("--timeout", type=float, default=5.0)
    given = parser.parse_args(arguments)
    given.data.mkdir(parents=True)
    os.chdir(given.data)
    origins = tuple(given.origins.split(","))
    settings = DispatchSettings(
        engine=given.engine, extra_origins=origins, ca_file=given.ca, total_timeout_seconds=given.timeout
    )
    worker = Worker(origins, given.rows, given.progress, settings, given.pool)
    print(json.dumps({"ready": True}), flush=True)
    began, used = time.monotonic(), _processor_seconds()
    worker.run()
    said = {
        "seconds": time.monotonic() - began,
        "cpu_seconds": _processor_seconds() - used,
        "outcomes": dict(worker.outcomes),
    }
    print(json.dumps(said), flush=True)
    return 0


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
