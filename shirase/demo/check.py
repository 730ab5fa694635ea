"""Check a run against judges that share no code with the sender.

Three questions: were exactly the people selected who should have been (a count over the plain list of
the synthetic subscribers), did the push service accept exactly as many (its own log), and can the
receivers read what they got (their private keys, pywebpush's own decryption library)?
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import http_ece
import orjson

from alerts.notice import Notice, NoticeKind
from dispatch.message import topic_and_tag
from dispatch.stub.bodies import stored
from dispatch.stub.judge import by_topic
from dispatch.subscription import MAX_PLACES
from dispatch.ways import with_ways
from shirase.demo.brute import BruteForce, load_people
from shirase.demo.receivers import Receivers
from shirase.demo.run import Run
from streams.evacuation.plan_book import PlanBook


@dataclass(frozen=True, slots=True)
class Verdict:
    """The three answers, and what they were read from."""

    brute_force: int
    stub_accepted: int
    stub_duplicates: int
    decrypted: int
    decrypt_failures: int

    def plain(self) -> Mapping[str, Any]:
        """Return the verdict for the JSON line."""
        return {
            "brute_force": self.brute_force,
            "stub_accepted": self.stub_accepted,
            "stub_duplicates": self.stub_duplicates,
            "decrypted": self.decrypted,
            "decrypt_failures": self.decrypt_failures,
        }


def check_run(run: Run, sample: int = 1000) -> Verdict:
    """Return what the judges say of *run*, which must be drained and have a stub of its own."""
    if run.stub is None:
        raise ValueError("only a run with the push-service stub can be checked")
    run.stub.flush()
    notices = sorted(run.observer.account.notices.values(), key=lambda notice: (notice.lineage, notice.revision))
    people = BruteForce(load_people(run.synth))
    brute = sum(count.selected for count in people.count_all((notice, notice.approved_at) for notice in notices))
    topics = {topic for notice in notices for topic in topics_of(notice)}
    verdicts = [verdict for topic, verdict in by_topic([run.stub.log_path]).items() if topic in topics]
    good, bad = _decrypted(run, sample)
    return Verdict(
        brute_force=brute,
        stub_accepted=sum(verdict.accepted for verdict in verdicts),
        stub_duplicates=sum(verdict.duplicates for verdict in verdicts),
        decrypted=good,
        decrypt_failures=bad,
    )


def topics_of(notice: Notice) -> frozenset[str]:
    """Return the Topics under which *notice* may be sent: of kind 3 one for each place of a person."""
    if notice.kind is not NoticeKind.GO_THERE:
        return frozenset({topic_and_tag(notice.lineage)})
    return frozenset(topic_and_tag(notice.lineage, place, kind3=True) for place in range(1, MAX_PLACES + 1))


def worded(notices: Iterable[Notice], bootstrap: str) -> Iterator[Notice]:
    """Yield *notices* with their words; those of ways are made once more from the plans that they name."""
    book = PlanBook(bootstrap)
    for notice in notices:
        yield with_ways(notice, book.for_notice(notice) or {})[0]
    book.close()


def _decrypted(run: Run, sample: int) -> tuple[int, int]:
    """Open up to *sample* stored bodies; a body counts when it is one of our notices, word for word."""
    assert run.stub is not None
    receivers = Receivers.load(run.synth)
    words = {
        (text.title, text.body)
        for notice in worded(run.observer.account.notices.values(), run.pipeline.broker.bootstrap)
        for part in notice.parts
        for text in part.texts
    }
    good = bad = 0
    for body in stored(run.stub.bodies_path):
        receiver = receivers.of(body.token)
        if receiver is None:
            bad += 1
            continue
        plain = http_ece.decrypt(
            body.body, private_key=receiver.private_key, auth_secret=receiver.auth, version="aes128gcm"
        )
        opened = orjson.loads(plain.rstrip(b"\0 "))
        shown = opened["notification"]
        if (shown["title"], shown["body"]) in words:
            good += 1
        else:
            bad += 1
        if good + bad >= sample:
            break
    return good, bad
