"""Keys in escrow: any few of the holders open it, fewer do not, and what was changed or miscopied is found."""

import base64
import json
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import EscrowError
from dispatch.escrow import differences, head_of, open_sealed, seal
from dispatch.secret_sharing import combine, split

AT = datetime(2026, 4, 1, tzinfo=UTC)
FILES = {"vapid.pem": b"-----BEGIN", "seal.json": b"{}", "envelope.bin": bytes(range(32))}


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.binary(min_size=1, max_size=40), st.integers(2, 6), st.integers(0, 4), st.randoms(use_true_random=False))
def test_any_of_the_holders_as_many_as_are_needed_have_the_secret_and_one_fewer_do_not(
    secret: bytes, needed: int, spare: int, random: object
) -> None:
    shares = split(secret, needed=needed, holders=needed + spare)
    for some in list(combinations(shares, needed))[:6]:
        assert combine({number: shares[number] for number in some}) == secret
    assert combine(shares) == secret, "more than needed do no harm"


def test_one_share_fewer_fits_every_secret() -> None:
    # Of one byte and two holders: whatever the one share is, each of 256 secrets is met by one share of the other.
    (known, *_) = split(b"k", needed=2, holders=2).values()
    met = {combine({1: known, 2: bytes([other])}) for other in range(256)}
    assert len(met) == 256


@pytest.mark.parametrize(("needed", "holders"), [(1, 3), (4, 3), (2, 256)])
def test_numbers_of_which_no_escrow_is_made(needed: int, holders: int) -> None:
    with pytest.raises(ValueError, match="two or more"):
        split(b"key", needed=needed, holders=holders)


def test_every_pair_of_three_opens_it_in_any_order_and_as_people_type() -> None:
    raw, shares = seal(FILES, needed=2, holders=3, at=AT)
    for first, second in combinations(shares, 2):
        assert open_sealed(raw, (second.lower().replace("shirase1", "SHIRASE1"), f" {first}\n")) == FILES
    assert open_sealed(raw, shares) == FILES
    assert differences(head_of(raw), FILES) == ()
    assert differences(head_of(raw), {**FILES, "seal.json": b"[]", "new.bin": b"1"}) == ("new.bin", "seal.json")


def test_neither_the_sealed_file_nor_a_share_holds_a_key() -> None:
    raw, shares = seal(FILES, needed=2, holders=3, at=AT)
    for said in (raw, *(share.encode() for share in shares)):
        for secret in FILES.values():
            if len(secret) > 2:
                assert secret not in said
                assert base64.b64encode(secret) not in said


def test_what_does_not_open_says_why_and_opens_nothing() -> None:
    raw, shares = seal(FILES, needed=2, holders=3, at=AT)
    other = seal(FILES, needed=2, holders=3, at=AT)[1]
    plain = json.loads(raw)
    fewer = json.dumps({**plain, "head": {**plain["head"], "needed": 3}}).encode()
    # Not its last letter: of that only some bits are read.
    words = shares[0].split()
    typo = " ".join((*words[:3], ("A" if words[3][0] != "A" else "B") + words[3][1:], *words[4:]))
    for sealed, given_, reason in (
        (raw, shares[:1], "escrow-too-few-shares"),
        (raw, (shares[0], shares[0]), "escrow-too-few-shares"),
        (raw, (shares[0], other[1]), "escrow-other-share"),
        (raw, (typo, shares[1]), "escrow-miscopied"),
        (raw, ("", shares[1]), "escrow-no-share"),
        (raw, ("SHIRASE1 ab 1 !!", shares[1]), "escrow-no-share"),
        (fewer, shares, "escrow-not-opened"),
        (b"{}", shares, "escrow-not-sealed"),
        (b"\xff", shares, "escrow-not-sealed"),
        (json.dumps({**plain, "head": {}}).encode(), shares, "escrow-not-sealed"),
    ):
        with pytest.raises(EscrowError) as refused:
            open_sealed(sealed, given_)
        assert refused.value.reason == reason
