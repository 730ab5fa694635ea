"""Signatures by pinned certificates: a real one, ones made here, and every way around them."""

import textwrap
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import SignatureConstructionMethod
from signxml.signer import XMLSigner

from alerts.lifecycle import SeriesState, accept
from alerts.report import OutcomeKind, Report
from feeds.cap_signature import NO_SIGNERS, Signers
from feeds.read import read
from feeds.xml import Element

AT = datetime(2026, 11, 25, tzinfo=UTC)
SENDER = "hsas@dhs.gov"
SIGNED_CHILD = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@cache
def key_pair(name: str) -> tuple[rsa.RSAPrivateKey, str]:
    """Return a key and its self-signed certificate, valid for a day around `AT`."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(AT - timedelta(days=1))
        .not_valid_after(AT + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return key, certificate.public_bytes(serialization.Encoding.PEM).decode()


def message(shared_data: Path) -> Element:
    return etree.fromstring((shared_data / "06_cap" / "oasiscap" / "v1dot2_appendix_adot2.xml").read_bytes())


def signed(root: Element, name: str = "agency") -> Element:
    key, certificate = key_pair(name)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped, signature_algorithm="rsa-sha256", digest_algorithm="sha256"
    )
    made: Element = signer.sign(root, key=key, cert=certificate)
    return made


def taken(root: Element, signers: Signers, at: datetime = AT) -> Report:
    return read(etree.tostring(root), name="x.cap", received=at, signers=signers)


def pinned(root: Element, *names: str) -> Signers:
    return {root.findtext("{*}sender") or "": tuple(key_pair(name)[1] for name in names)}


def test_a_message_signed_by_the_pinned_certificate_is_taken(shared_data: Path) -> None:
    root = signed(message(shared_data))
    for names in (("agency",), ("another", "agency")):
        report = taken(root, pinned(root, *names))
        assert (report.signature, report.hold) == ("signed-valid", "")


def test_without_a_pinned_certificate_nothing_is_checked_and_the_report_says_so(shared_data: Path) -> None:
    root = message(shared_data)
    assert (taken(root, NO_SIGNERS).signature, taken(root, NO_SIGNERS).hold) == ("unsigned", "")
    forged = signed(root, "stranger")
    report = taken(forged, {"somebody.else@agency.example": (key_pair("agency")[1],)})
    assert (report.signature, report.hold) == ("signed-not-checked", "")


def test_an_unsigned_message_of_a_sender_that_signs_is_held(shared_data: Path) -> None:
    root = message(shared_data)
    report = taken(root, pinned(root, "agency"))
    assert (report.signature, report.hold) == ("signature-missing", "cap-signature-missing")
    outcome = accept(SeriesState(), report).outcome
    assert (outcome.kind, outcome.reason) == (OutcomeKind.HELD, "cap-signature-missing")


def test_a_signature_by_anybody_else_is_held(shared_data: Path) -> None:
    root = signed(message(shared_data), "stranger")
    assert taken(root, pinned(root, "agency")).hold == "cap-signature-wrong"


def test_a_message_changed_after_it_was_signed_is_held(shared_data: Path) -> None:
    root = signed(message(shared_data))
    severity = next(root.iter("{*}severity"))
    severity.text = "Minor"
    assert taken(root, pinned(root, "agency")).hold == "cap-signature-wrong"


def test_an_expired_certificate_signs_nothing(shared_data: Path) -> None:
    root = signed(message(shared_data))
    assert taken(root, pinned(root, "agency"), AT + timedelta(days=2)).hold == "cap-signature-wrong"


def test_one_valid_signature_among_others_is_enough_and_too_many_are_not_tried(shared_data: Path) -> None:
    root = signed(message(shared_data))
    (own,) = root.findall(SIGNED_CHILD)
    (foreign,) = signed(message(shared_data), "stranger").findall(SIGNED_CHILD)
    root.append(foreign)
    assert taken(root, pinned(root, "agency")).signature == "signed-valid"
    for _ in range(4):
        root.append(etree.fromstring(etree.tostring(foreign)))
    root.append(own)
    assert taken(root, pinned(root, "agency")).hold == "cap-signature-wrong"


def test_a_certificate_that_is_none_lets_nothing_through(shared_data: Path) -> None:
    root = signed(message(shared_data))
    report = taken(root, {root.findtext("{*}sender") or "": ("no certificate",)})
    assert report.hold == "cap-signature-wrong"


def certificate_in(raw: bytes) -> str:
    text = etree.fromstring(raw).findtext(".//{*}X509Certificate") or ""
    lines = textwrap.wrap("".join(text.split()), 64)
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


@pytest.mark.parametrize(
    ("year", "change", "signature"),
    [
        (2020, (b"", b""), "signed-valid"),
        (2020, (b"<msgType>Cancel</msgType>", b"<msgType>Ack</msgType>"), "signature-wrong"),
        (2026, (b"", b""), "signature-wrong"),
    ],
    ids=["as-it-came", "changed", "years-later"],
)
def test_a_real_signed_message_is_checked_with_its_own_certificate(
    shared_data: Path, year: int, change: tuple[bytes, bytes], signature: str
) -> None:
    raw = (shared_data / "06_cap" / "oasiscap" / "ipaws-5e6dd9de023f1930ef6548d9.xml").read_bytes()
    sender = etree.fromstring(raw).findtext("{*}sender") or ""
    changed = raw.replace(*change) if change[0] else raw
    assert changed != raw or not change[0]
    at = datetime(year, 3, 16, tzinfo=UTC)
    report = read(changed, name="x", received=at, signers={sender: (certificate_in(raw),)})
    assert report.signature == signature
    # As shipped, with nothing pinned, it is read and its signature is not checked.
    assert read(raw, name="x", received=at).signature == "signed-not-checked"


def test_sha_1_is_no_signature_any_more(shared_data: Path) -> None:
    raw = (shared_data / "06_cap" / "google-cap-library" / "testdata__canada_signed.cap").read_bytes()
    sender = etree.fromstring(raw).findtext("{*}sender") or ""
    at = datetime(2013, 3, 1, tzinfo=UTC)
    report = read(raw, name="x", received=at, signers={sender: (certificate_in(raw),)})
    assert report.hold == "cap-signature-wrong"
