"""An area is kept under a name, to be chosen by it later: read from the order's own form. Pure.

Errs towards refusing: a name that a ward has is not given a second time, and nobody keeps what she could not order in.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from api.http.errors import FormWrong
from api.officers.accounts import Account
from api.orders.area_form import Wanted
from feeds.console import console_area
from feeds.console_fields import MAX_NAME
from streams.payloads import KeptArea

# A list that a person can look through.
MOST_KEPT = 200


def kept_of(form: Mapping[str, str], area: Wanted, wards: Collection[str], by: str, at: datetime) -> KeptArea:
    """Return *area* under the name of *form*, as the *wards*' (codes); raises `FormWrong` without a name."""
    name = " ".join(form.get("keep_as", "").split())
    if not 0 < len(name) <= MAX_NAME:
        raise FormWrong(f"残す範囲に、{MAX_NAME}字までの名前を付けてください。", "kept-name")
    own = tuple(sorted(wards))
    identity = hashlib.sha256("|".join((*own, name)).encode()).hexdigest()[:16]
    return KeptArea(identity, name, own, tuple(console_area(one) for one in area.areas), by, at)


def may_be_kept(new: KeptArea, known: Iterable[KeptArea]) -> None:
    """Raise `FormWrong` where the name is taken by another area, or the wards keep as many as they may."""
    theirs = [one for one in known if one.wards == new.wards]
    same = [one for one in theirs if one.id == new.id]
    if any(one.areas != new.areas for one in same):
        raise FormWrong(
            f"「{new.name}」という範囲はもうあります。別の名前にするか、一覧で消してから残してください。",
            "kept-name-taken",
        )
    if not same and len(theirs) >= MOST_KEPT:
        raise FormWrong(f"残せるのは{MOST_KEPT}件までです。使わないものを一覧で消してください。", "kept-too-many")


def offered_to(account: Account, known: Iterable[KeptArea]) -> tuple[KeptArea, ...]:
    """Return those of *known* in which *account* may order: every ward of it is its own."""
    return tuple(one for one in known if account.everywhere or (one.wards and frozenset(one.wards) <= account.wards))
