"""Who may let a draft go: a pure rule with its reason.

A person of the place approves, never the one who wrote it where it could harm many: what a coordinator
wrote that threatens lives or covers more than one ward needs somebody else. What repeats a feed was
written by nobody here, so one person is enough (R7, R9).
"""

from dataclasses import dataclass
from enum import StrEnum

from alerts.claim import Lane
from api.officers.accounts import Account, Role

# From how many wards on something is wide-area; people are counted where the deployment has counts.
WIDE_WARDS = 2
WIDE_PEOPLE = 50_000


def is_wide_area(wards: int, people: int | None) -> bool:
    """Say whether what covers so many *wards* and *people* is wide-area.

    Errs towards two persons: of no ward that is known, and with people whom nobody counted (None), it is.
    """
    return not 0 < wards < WIDE_WARDS or people is None or people > WIDE_PEOPLE


class MayNot(StrEnum):
    """Why this person cannot approve this draft; stable codes."""

    ROLE = "role-cannot-approve"
    OTHER_WARD = "cells-beyond-your-ward"
    OWN = "written-by-you"
    TWICE = "approved-by-you-first"
    NO_WARD = "no-ward-known"
    OTHER_WAY = "ended-by-its-own-form"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the rule looks at. Nobody wrote what a feed said; `people` is None where nobody counted.

    `authors` are who wrote it and whoever has edited it since: none of them is the second person.
    """

    authors: frozenset[str]
    lane: Lane
    wards: frozenset[str]
    people: int | None = None
    twice: bool = False
    """A check of reception: whoever has approved it first is among the authors from then on (R19)."""

    @property
    def is_wide(self) -> bool:
        """Say whether it covers more than one ward or more than 50,000 people, as far as anybody knows."""
        return is_wide_area(len(self.wards), self.people)

    @property
    def needs_somebody_else(self) -> bool:
        """Say whether who wrote or edited it may not be the one who approves it.

        A drill reaches nobody who did not ask for drills: one officer may rehearse alone (R18).
        """
        many = self.lane is Lane.LIFE_SAFETY or self.is_wide or self.twice
        return bool(self.authors) and self.lane is not Lane.DRILL and many


def may_not_approve(account: Account, proposal: Proposal) -> MayNot | None:
    """Return why *account* cannot approve, or None when it can. Fails closed: no known ward is nobody's ward."""
    if account.role is Role.DRAFTER:
        return MayNot.ROLE
    if proposal.needs_somebody_else and account.name in proposal.authors:
        return MayNot.TWICE if proposal.twice else MayNot.OWN
    if account.everywhere:
        return None
    if not proposal.wards:
        return MayNot.NO_WARD
    return None if proposal.wards <= account.wards else MayNot.OTHER_WARD


def stands_in(account: Account, proposal: Proposal, *, orders: bool) -> bool:
    """Say whether *account* would order people to leave in a ward's place: then it writes why (R7).

    A ward orders; the metropolitan role does so only for one that cannot, and says why. A drill orders nobody.
    """
    return orders and account.everywhere and proposal.lane is Lane.LIFE_SAFETY


def may_void(account: Account, proposal: Proposal) -> MayNot | None:
    """Return why *account* cannot discard: stopping needs no second person, only a role and a place in it."""
    if account.role is Role.DRAFTER and account.name not in proposal.authors:
        return MayNot.ROLE
    if account.everywhere or proposal.wards & account.wards:
        return None
    return MayNot.OTHER_WARD
