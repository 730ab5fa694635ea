"""VAPID against the RFC's own token."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from dispatch.errors import KeyFileUnsafe
from dispatch.vapid import Vapid, VapidKey, generate_key_file

SUBJECT = "mailto:operations@shirase.example"
NOW = 1_780_000_000.0


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(token: str, public: bytes) -> dict[str, Any]:
    """Return the claims of *token*, after its signature was checked by hand."""
    head, claims, signature = token.split(".")
    assert json.loads(raw(head)) == {"typ": "JWT", "alg": "ES256"}
    numbers = raw(signature)
    assert len(numbers) == 64
    der = encode_dss_signature(int.from_bytes(numbers[:32], "big"), int.from_bytes(numbers[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    found: dict[str, Any] = json.loads(raw(claims))
    return found


def parts_of(header: str) -> tuple[str, bytes]:
    assert header.startswith("vapid t=")
    token, public = header.removeprefix("vapid t=").split(", k=")
    return token, raw(public)


def test_the_rfcs_own_token_passes_the_same_check_as_ours(shared_data: Path) -> None:
    vector = json.loads((shared_data / "08_webpush" / "rfc8292_section2_4.json").read_text(encoding="utf-8"))
    assert claims_of(vector["jwt"], raw(vector["k"])) == vector["claims"]
    with pytest.raises(InvalidSignature):
        claims_of(vector["jwt"], VapidKey.generate().public)


def test_a_token_names_the_origin_ends_within_a_day_and_carries_our_address() -> None:
    key = VapidKey.generate()
    header = Vapid({0: key}, SUBJECT).authorization("https://fcm.googleapis.com", NOW)
    token, public = parts_of(header)
    assert public == key.public
    claims = claims_of(token, public)
    assert claims == {"aud": "https://fcm.googleapis.com", "exp": NOW + 12 * 3600, "sub": SUBJECT}


def test_one_token_per_origin_and_key_renewed_an_hour_before_its_end() -> None:
    vapid = Vapid({0: VapidKey.generate(), 3: VapidKey.generate()}, SUBJECT)
    first = vapid.authorization("https://a.example", NOW)
    assert vapid.authorization("https://a.example", NOW + 10 * 3600) == first
    assert vapid.authorization("https://b.example", NOW) != first
    assert parts_of(vapid.authorization("https://a.example", NOW, key=3))[1] != parts_of(first)[1]
    renewed = vapid.authorization("https://a.example", NOW + 11 * 3600)
    assert renewed != first
    with pytest.raises(KeyFileUnsafe, match="number 9"):
        vapid.authorization("https://a.example", NOW, key=9)


@pytest.mark.parametrize("subject", ["", "mailto:", "https://", "operations@shirase.example", "http://x.example"])
def test_a_subject_that_reaches_nobody_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        Vapid({0: VapidKey.generate()}, subject)


def test_key_files_are_private_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "vapid.pem"
    key = generate_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert VapidKey.load(path).public == key.public
    with pytest.raises(KeyFileUnsafe, match="already there"):
        generate_key_file(path)
    path.chmod(0o604)
    with pytest.raises(KeyFileUnsafe, match="chmod 600"):
        VapidKey.load(path)
    path.chmod(0o600)
    path.write_text("not a key")
    with pytest.raises(KeyFileUnsafe, match="PEM"):
        VapidKey.load(path)
