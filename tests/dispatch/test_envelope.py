"""Encryption against the RFCs' own numbers and against another implementation."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from dispatch.envelope import (
    HEADER_BYTES,
    LARGEST_PLAINTEXT_BYTES,
    OVERHEAD_BYTES,
    Entry,
    content_keys,
    derived_entry,
    encrypt,
    entry_from,
    fresh_entry,
    seal,
)
from tests.dispatch.people import point_of, receiver_key


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def vectors(shared_data: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shared_data / "08_webpush" / name).read_text(encoding="utf-8"))["vectors"]
    return found


def key_of(private: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(raw(private), "big"), ec.SECP256R1())


def opened(body: bytes, receiver: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    plaintext: bytes = http_ece.decrypt(body, private_key=receiver, auth_secret=auth, version="aes128gcm")
    return plaintext


def test_rfc8291_appendix_a_byte_for_byte(shared_data: Path) -> None:
    for vector in vectors(shared_data, "rfc8291_appendix_a.json"):
        sender, auth, salt = raw(vector["as_private"]), raw(vector["auth_secret"]), raw(vector["salt"])
        entry = entry_from(sender, salt, raw(vector["ua_public"]), auth)
        assert entry == Entry(raw(vector["as_public"]), salt, raw(vector["cek"]), raw(vector["nonce"]))
        assert content_keys(raw(vector["ikm"]), salt) == (raw(vector["cek"]), raw(vector["nonce"]))
        body = seal(entry, raw(vector["plaintext"]))
        assert body == raw(vector["body"])
        assert opened(body, key_of(vector["ua_private"]), auth) == vector["plaintext_text"].encode()


def test_rfc8188_section_3_keys_and_padding(shared_data: Path) -> None:
    single = vectors(shared_data, "rfc8188_section3.json")[0]
    content_key, nonce = content_keys(raw(single["ikm"]), raw(single["salt"]))
    assert (content_key, nonce) == (raw(single["cek"]), raw(single["nonce"]))
    record = raw(single["body"])[21:]
    assert AESGCM(content_key).decrypt(nonce, record, None) == raw(single["padded_plaintext"])
    assert AESGCM(content_key).encrypt(nonce, b"I am the walrus\x02", None) == record


@given(st.binary(max_size=LARGEST_PLAINTEXT_BYTES), st.integers(0, LARGEST_PLAINTEXT_BYTES), st.booleans())
def test_another_library_opens_what_we_seal(plaintext: bytes, padded: int, derived: bool) -> None:
    receiver, auth = receiver_key(), os.urandom(16)
    point = point_of(receiver)
    entry = derived_entry(b"s" * 32, plaintext, padded, point, auth) if derived else fresh_entry(point, auth)
    body = seal(entry, plaintext, padded)
    assert len(body) == max(len(plaintext), padded) + OVERHEAD_BYTES <= 4096
    assert body[16:21] == b"\x00\x00\x10\x00\x41"
    assert opened(body, receiver, auth) == plaintext


def test_a_key_pair_and_salt_are_never_used_twice() -> None:
    receiver, auth = point_of(receiver_key()), os.urandom(16)
    heads = {encrypt(receiver, auth, b"the same words")[:HEADER_BYTES] for _ in range(200)}
    assert len(heads) == 200


def test_derived_bytes_are_the_same_for_the_same_message_and_differ_in_every_other_case() -> None:
    one, other = point_of(receiver_key()), point_of(receiver_key())
    auth, secret = os.urandom(16), os.urandom(32)
    assert derived_entry(secret, b"a", 64, one, auth) == derived_entry(secret, b"a", 64, one, auth)
    variants = [
        derived_entry(secret, b"a", 64, one, auth),
        derived_entry(secret, b"b", 64, one, auth),
        derived_entry(secret, b"a", 128, one, auth),
        derived_entry(secret, b"a", 64, other, auth),
        derived_entry(secret, b"a", 64, one, os.urandom(16)),
        derived_entry(os.urandom(32), b"a", 64, one, auth),
    ]
    for name in ("sender_public", "salt", "content_key", "nonce"):
        assert len({getattr(entry, name) for entry in variants}) == len(variants)
    with pytest.raises(ValueError, match="32 bytes"):
        derived_entry(b"short", b"a", 64, one, auth)


def test_the_largest_plaintext_fills_4096_bytes_and_no_more_is_taken() -> None:
    entry = fresh_entry(point_of(receiver_key()), os.urandom(16))
    assert len(seal(entry, bytes(LARGEST_PLAINTEXT_BYTES))) == 4096
    with pytest.raises(ValueError, match="one record"):
        seal(entry, bytes(LARGEST_PLAINTEXT_BYTES + 1))
