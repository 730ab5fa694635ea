"""No key meets two messages, and a retry has the same bytes: whatever is killed, and however often."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

import http_ece
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.notice import Notice, NoticeKind, Text
from alerts.place import Cell
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.pool import ENTRY_BYTES, THERE, Generation, Pool, entry_for, new_generation
from dispatch.pushes import Pushes, Rows, Sealing
from dispatch.registry import Registry
from dispatch.selection import Selection, select
from dispatch.settings import DispatchSettings
from dispatch.subscription import Place, Subscription
from dispatch.told import Told, decode, encode, freeze
from dispatch.vapid import Vapid, VapidKey
from tests.dispatch.people import KOTO, NOON, notice, part, point_of, receiver_key, resident

# As many rows as are worth what was made ahead.
EVERYBODY = 10**6
SECRET = b"s" * 32
SETTINGS = DispatchSettings()
KEY = VapidKey.generate()
EXPIRES = datetime.now(UTC) + timedelta(hours=2)
SALT, PUBLIC = slice(0, 16), slice(21, 86)


@cache
def crowd() -> tuple[tuple[Subscription, ec.EllipticCurvePrivateKey], ...]:
    rng, found = random.Random(1), []
    for _ in range(12):
        key = receiver_key()
        places = [Place(Cell(KOTO)), Place(Cell(KOTO + 0))][: rng.randint(1, 2)]
        found.append((resident(rng, places, p256dh=point_of(key), language=rng.choice(("ja", "en"))), key))
    return tuple(found)


def people() -> People:
    return People(Registry.of(columns_of([person for person, _ in crowd()])))


def saying(words: str, kind: NoticeKind = NoticeKind.DANGER_IS_COMING) -> Notice:
    return notice(part(texts=(Text("ja", words, words),)), kind=kind, expires=EXPIRES)


def bodies(told: Told, generation: Generation | None, what: Notice, who: People) -> dict[int, bytes]:
    """Return the body of each row of *told*, as a worker with or without the pool makes it."""
    messages = Messages(what, SETTINGS)
    keeps = messages.digest(told.languages, told.codes()) == told.said
    sealing = Sealing(told.generation if keeps else b"", generation if keeps else None)
    made = Pushes(
        who,
        messages,
        EXPIRES.timestamp(),
        Vapid({0: KEY}, "mailto:a@b.example"),
        SETTINGS,
        SECRET,
        languages=told.languages,
        sealings=(sealing,),
    )
    rows = who.rows_of(told.rows)
    none = np.zeros(len(rows), dtype=np.uint8)
    wanted = Rows(
        rows.tolist(), rows, told.parts, told.language, told.places, none, np.zeros(len(rows), dtype=np.int64)
    )
    batches, refused = made.batches(wanted, 0.0)
    assert refused == []
    return {key: body for batch in batches for key, body in zip(batch.keys, batch.bodies, strict=True)}


def frozen(what: Notice, who: People, generation: bytes) -> Told:
    chosen: Selection = select(who, what, at=NOON)
    return freeze(who, 1, chosen, generation=generation, said=Messages(what, SETTINGS).digest)


def test_the_pool_and_whoever_has_none_make_the_same_bytes_and_the_browser_opens_them() -> None:
    who, what = people(), saying("川の水位が上がっています")
    pool = Pool(SECRET, who, 1)
    while not pool.full:
        assert pool.fill(5)
    assert pool.level == 1.0
    generation = pool.take(EVERYBODY)
    assert (pool.level, pool.full) == (0.0, False)
    told = frozen(what, who, generation.name)
    with_pool = bodies(told, generation, what, who)
    after_a_take_over = bodies(decode(encode(told)), None, what, who)
    assert with_pool == after_a_take_over
    for row, body in with_pool.items():
        person, key = crowd()[row]
        plain = http_ece.decrypt(body, private_key=key, auth_secret=person.auth, version="aes128gcm")
        assert "川の水位".encode() in plain


@given(
    st.lists(
        st.tuples(st.sampled_from(("send", "send", "kill", "restart-dry", "upgrade", "fill")), st.integers(0, 3)),
        min_size=1,
        max_size=14,
    )
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_no_key_ever_meets_two_messages(acts: list[tuple[str, int]]) -> None:
    who = people()
    stored: dict[int, tuple[bytes, str]] = {}  # number of the notice -> `told`, and its words
    met: dict[tuple[bytes, bytes, int], bytes] = {}  # public key, salt, row -> body
    sent: dict[tuple[int, int, str], bytes] = {}
    pool = Pool(SECRET, who, 2)
    version, number = "1", 0

    def send(told: Told, generation: Generation | None, notice_number: int) -> None:
        words = f"{stored[notice_number][1]} v{version}"
        for row, body in bodies(told, generation, saying(words), who).items():
            assert met.setdefault((body[PUBLIC], body[SALT], row), body) == body, "a key met a second message"
            assert sent.setdefault((notice_number, row, version), body) == body, "a retry with other bytes"

    for act, which in acts:
        match act:
            case "fill":
                pool.fill(7 * which)
            case "send":
                number += 1
                generation = pool.take(EVERYBODY)
                words = f"文 {which}"
                told = frozen(saying(f"{words} v{version}"), who, generation.name)
                stored[number] = encode(told), words
                send(told, generation, number)
            case "kill" | "restart-dry":
                pool = Pool(SECRET, who, 2 if act == "kill" else 0)
                for known, (raw, _) in stored.items():
                    send(decode(raw), None, known)
            case "upgrade":
                version = str(int(version) + 1)  # the next version words the same notice otherwise
                for known, (raw, _) in stored.items():
                    send(decode(raw), None, known)


def test_no_two_people_pushes_or_generations_share_an_entry() -> None:
    person, other = crowd()[0][0], crowd()[1][0]
    one, another = new_generation(), new_generation()

    def entries() -> Iterator[tuple[bytes, bytes]]:
        for generation in (one, another):
            for nth in (0, 1):
                # The same browser signed up twice: same keys, another id.
                for identifier, keys in ((person.id, person), (other.id, person), (other.id, other)):
                    made = entry_for(SECRET, generation, identifier, nth, keys.p256dh, keys.auth)
                    yield made.content_key, made.nonce

    found = list(entries())
    assert len(set(found)) == len(found) == 12


def test_a_generation_is_taken_once_and_a_dry_pool_gives_an_empty_one() -> None:
    pool = Pool(SECRET, people(), 2)
    pool.fill(10**6)
    names = [pool.take(EVERYBODY).name for _ in range(5)]
    assert len(set(names)) == 5
    assert not len(pool.take(EVERYBODY).entries)


def test_a_revision_for_few_leaves_what_is_made_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(SECRET, people(), 1)
    pool.fill(10**6)
    half = len(crowd()) // 2
    few = [pool.take(half - 1) for _ in range(3)]
    assert not any(len(one.entries) for one in few)
    assert len({one.name for one in few}) == 3, "they never share a key either"
    assert pool.full
    monkeypatch.setattr("dispatch.pool.WORTH_A_GENERATION", 3)
    assert not len(pool.take(2).entries)
    assert pool.take(3).filled == len(crowd()), "among many people a few thousand are worth it"


@pytest.mark.parametrize("depth", range(5))
def test_the_level_rises_to_the_depth_a_bit_at_a_time_and_falls_by_what_is_taken(depth: int) -> None:
    pool = Pool(SECRET, people(), depth)
    count = len(crowd())
    levels = [pool.level]
    while not pool.full:
        assert 0 < pool.fill(5) <= 5, "no turn makes more than it was asked for"
        levels.append(pool.level)
    assert levels == sorted(levels)
    assert levels[-1] == depth
    assert pool.fill(5) == 0
    if depth:
        assert pool.take(EVERYBODY).filled == count
        assert (pool.level, pool.full) == (depth - 1, False)


def test_only_our_own_buckets_are_filled() -> None:
    who = people()
    mine = np.zeros(256, dtype=np.bool_)
    mine[who.base.bucket[:3]] = True
    pool = Pool(SECRET, who, 1, mine)
    pool.fill(10**6)
    assert pool.full
    there = pool.take(EVERYBODY).entries[:, 0] == THERE
    assert np.array_equal(there, mine[who.base.bucket])


def test_entries_follow_their_people_into_a_registry_that_was_built_anew() -> None:
    who = people()
    pool = Pool(SECRET, who, 1)
    pool.fill(10**6)
    changed = who.changed_by([resident(random.Random(9))], [crowd()[0][0].id])
    anew, old = changed.rebuilt()
    pool.rebuilt(anew, old)
    assert not pool.full
    pool.fill(10**6)
    generation = pool.take(EVERYBODY)
    for row in range(anew.count):
        base = anew.base
        entry = entry_for(SECRET, generation.name, base.id_of(row), 0, base.p256dh(row), base.auth(row))
        assert generation.entries[row].tobytes() == (entry.sender_public + entry.salt + entry.content_key + entry.nonce)
    assert generation.entries.shape == (12, ENTRY_BYTES)


@pytest.mark.parametrize("secret", [b"", b"short"])
def test_a_short_secret_is_refused(secret: bytes) -> None:
    person = crowd()[0][0]
    with pytest.raises(ValueError, match="32 bytes"):
        entry_for(secret, new_generation(), person.id, 0, person.p256dh, person.auth)
