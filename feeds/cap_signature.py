"""Check XML signatures of CAP messages against the certificates that a deployment has pinned to a sender.

A certificate inside a message proves nothing: whoever forged the message put it there. So without a pinned
one nothing is checked, and the report says so; with one, a message of that sender that is unsigned, or signed
by anybody else, waits for a person. SHA-1 is no signature any more.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from feeds.xml import Element

# Certificates in PEM by the sender that they speak for, byte for byte as CAP's `sender` has it.
Signers = Mapping[str, tuple[str, ...]]
NO_SIGNERS: Signers = {}

MAX_SIGNATURES = 4
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


class Signed(StrEnum):
    """What is known of a message's signature. The values are recorded with the report."""

    UNSIGNED = "unsigned"
    NOT_CHECKED = "signed-not-checked"  # no certificate is pinned to its sender
    VALID = "signed-valid"
    MISSING = "signature-missing"  # a certificate is pinned to its sender
    WRONG = "signature-wrong"


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """The finding, and for a person why."""

    signed: Signed
    detail: str = ""

    @property
    def hold(self) -> str:
        """Return the reason to hold the message, empty where there is none."""
        return f"cap-{self.signed.value}" if self.signed in (Signed.MISSING, Signed.WRONG) else ""


def check_signature(root: Element, sender: str, signers: Signers, at: datetime) -> SignatureCheck:
    """Return what is known at the time *at* of the signature of the alert *root* of *sender*.

    One valid signature by a pinned certificate, over the whole message, is enough: CAP allows several.
    """
    count = len(root.findall(_SIGNATURE))
    certificates = signers.get(sender, ())
    if not certificates:
        return SignatureCheck(Signed.NOT_CHECKED if count else Signed.UNSIGNED)
    if not count:
        return SignatureCheck(Signed.MISSING, "its sender's messages are signed")
    if count > MAX_SIGNATURES:
        return SignatureCheck(Signed.WRONG, f"{count} signatures")
    details = []
    for number in range(count):
        for certificate in certificates:
            wrong = _wrong(root, number, certificate, at)
            if not wrong:
                return SignatureCheck(Signed.VALID)
            details.append(wrong)
    return SignatureCheck(Signed.WRONG, details[0])


def _wrong(root: Element, number: int, certificate: str, at: datetime) -> str:
    """Return why signature *number* is none by *certificate* over all of *root*; empty where it is one."""
    alone = copy.deepcopy(root)
    for place, signature in enumerate(alone.findall(_SIGNATURE)):
        if place != number:
            _take_out(alone, signature)
    # The default leaves SHA-1 out. The signature must be the alert's own child, not hidden in a part of it.
    wanted = SignatureConfiguration(location="./", verification_time=at)
    try:
        result = XMLVerifier().verify(alone, x509_cert=certificate, expect_config=wanted)
    except (SignXMLException, etree.LxmlError, ValueError, TypeError, KeyError) as error:
        return f"{type(error).__name__}: {str(error)[:120]}"
    signed = getattr(result, "signed_xml", None)
    if signed is None or _canonical(signed) != _canonical(_without_signatures(root)):
        return "signed is a part of the message"
    return ""


def _without_signatures(root: Element) -> Element:
    bare = copy.deepcopy(root)
    for signature in bare.findall(_SIGNATURE):
        _take_out(bare, signature)
    return bare


def _take_out(parent: Element, child: Element) -> None:
    """Remove *child* and leave the text behind it, which is the parent's."""
    before, tail = child.getprevious(), child.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(child)


def _canonical(element: Element) -> bytes:
    """Return *element* in the form that does not change when it is written again."""
    written: bytes = etree.tostring(_without_signatures(element), method="c14n", exclusive=True)
    return written
