"""Bodies open elsewhere, and a push service that stores by Topic ends with the newest, whatever the order."""

import hashlib
import os
import random
from pathlib import Path

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.notice import NoticeKind
from dispatch.envelope import LARGEST_PLAINTEXT_BYTES, derived_entry, seal
from dispatch.message import topic_and_tag
from dispatch.pool import entry_for, new_generation
from load_tests.node_open import opened_by_node
from load_tests.peers import web_push_modules
from tests.dispatch.people import point_of

SECRET = b"s" * 32
PROJECT = Path(__file__).resolve().parents[2]


@given(
    scalar=st.integers(1, 2**255),
    auth=st.binary(min_size=16, max_size=16),
    size=st.integers(0, LARGEST_PLAINTEXT_BYTES),
    padded=st.integers(0, LARGEST_PLAINTEXT_BYTES),
    pooled=st.booleans(),
)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_any_body_opens_with_http_ece(scalar: int, auth: bytes, size: int, padded: int, pooled: bool) -> None:
    key = ec.derive_private_key(scalar, ec.SECP256R1())
    plaintext = random.Random(size).randbytes(size)
    if pooled:
        entry = entry_for(SECRET, new_generation(), bytes(16), 0, point_of(key), auth)
    else:
        entry = derived_entry(SECRET, plaintext, padded, point_of(key), auth)
    body = seal(entry, plaintext, padded)
    # http_ece takes the zeros of the padding off and the delimiter with them.
    assert http_ece.decrypt(body, private_key=key, auth_secret=auth, version="aes128gcm") == plaintext


def test_web_pushs_own_library_opens_every_size() -> None:
    modules = web_push_modules(PROJECT / ".cache" / "bench")
    if modules is None:
        if os.environ.get("CI"):
            pytest.fail("npm gives no web-push, and CI skips nothing")
        pytest.skip("npm gives no web-push: install Node 18 or newer")
    rng, sealed, expected = random.Random(8), [], []
    for size in (0, 1, 15, 16, 17, 1023, 1024, LARGEST_PLAINTEXT_BYTES, *(rng.randint(0, 3993) for _ in range(30))):
        scalar, auth, plaintext = rng.randbytes(31), rng.randbytes(16), rng.randbytes(size)
        point = point_of(ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1()))
        padded = rng.choice((0, 1024, LARGEST_PLAINTEXT_BYTES))
        entry = derived_entry(SECRET, plaintext, padded, point, auth)
        sealed.append((seal(entry, plaintext, padded), b"\x00" + scalar, auth))
        expected.append(hashlib.sha256(plaintext).hexdigest())
    sealed.append((sealed[0][0], sealed[1][1], sealed[0][2]))  # a body for somebody else
    opened = opened_by_node(sealed, modules)
    assert opened == [*expected, None]


@pytest.mark.parametrize("seed", range(10))
def test_a_store_by_topic_ends_with_the_newest_revision_of_each_kind_and_place(seed: int) -> None:
    """A thousand interleavings each: revisions in order, the older one's answer before the newer's POST (0010)."""
    rng = random.Random(seed)
    for _ in range(1000):
        store: dict[str, tuple[NoticeKind, int, int]] = {}
        newest: dict[tuple[str, int], int] = {}
        pending = {
            (kind, place): list(range(1, rng.randint(2, 5)))
            for kind, place in ((NoticeKind.DANGER_IS_COMING, 0), (NoticeKind.GO_THERE, 1), (NoticeKind.GO_THERE, 2))
        }
        while any(pending.values()):
            kind, place = rng.choice([one for one, left in pending.items() if left])
            revision = pending[kind, place].pop(0)
            topic = topic_and_tag("lineage", place, kind3=kind is NoticeKind.GO_THERE)
            for _ in range(rng.randint(1, 3)):  # repeats of an unread answer, same bytes and Topic
                store[topic] = kind, place, revision
            newest[kind.name, place] = revision
        assert sorted(store.values()) == sorted(
            (NoticeKind[name], place, revision) for (name, place), revision in newest.items()
        )
        assert len(store) == 3, "a way never replaces a warning, nor the way of another place"
