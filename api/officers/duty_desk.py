"""Who is on duty, as the console knows it: the topic `duty`, folded, beside the accounts. No clock."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from alerts.duty import Roster
from api.officers.accounts import Account, Role
from streams.brokers.client import Record
from streams.duty.duty_book import METROPOLITAN, DeviceRecord, DutyBook, PagerRecord, RosterRecord, TrialRecord
from streams.topics import DUTY

FOLLOWED = (DUTY.name,)


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Everything at one moment. `rosters` are those in force, by the five digits of the ward."""

    rosters: Mapping[str, Roster]
    metropolitan: tuple[str, ...]
    said: Mapping[str, RosterRecord]
    devices: tuple[DeviceRecord, ...]
    trials: Mapping[str, TrialRecord]
    pager: PagerRecord | None

    @property
    def callable(self) -> frozenset[str]:
        """Return whoever can be called, by a post's way or a device of her own."""
        if self.pager is None:
            return frozenset()
        own = (one.person for one in self.devices) if self.pager.opens else ()
        return frozenset(self.pager.ways) | frozenset(own)

    def devices_of(self, person: str) -> tuple[DeviceRecord, ...]:
        """Return the devices of *person*, the oldest first."""
        return tuple(sorted((one for one in self.devices if one.person == person), key=lambda one: one.at))


@dataclass(slots=True)
class DutyDesk:
    """One thread applies, any thread may look."""

    _book: DutyBook = field(default_factory=DutyBook)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record. Raises `Refused` for one that cannot be read."""
        if record.topic == DUTY.name:
            with self._lock:
                self._book.apply(record)

    def view(self) -> OnDuty:
        """Return what holds now."""
        with self._lock:
            book, file = self._book, self._book.pager
            rosters = {} if file is None else {one.ward: one for one in file.rosters}
            for ward, said in book.rosters.items():
                if ward != METROPOLITAN:
                    rosters[ward] = Roster(ward, said.on_duty, said.deputies, said.shifts)
            end = book.rosters.get(METROPOLITAN)
            return OnDuty(
                rosters,
                end.on_duty if end is not None else () if file is None else file.metropolitan,
                dict(book.rosters),
                tuple(book.devices.values()),
                dict(book.trials),
                file,
            )


def people(accounts: Iterable[tuple[Account, bool]], pager: PagerRecord | None) -> frozenset[str]:
    """Return who may stand in a roster: active accounts that may approve, and the posts of the pager's file."""
    posts = frozenset() if pager is None else frozenset(pager.ways)
    return posts | {account.name for account, ended in accounts if not ended and account.role is not Role.DRAFTER}


def may_approve(accounts: Iterable[tuple[Account, bool]], ward: str, pager: PagerRecord | None) -> frozenset[str]:
    """Return those of whom it is known that they may approve for *ward*; who holds a post tonight nobody knows."""
    posts = frozenset() if pager is None else frozenset(pager.ways)
    return posts | {
        account.name
        for account, ended in accounts
        if not ended
        and account.role is not Role.DRAFTER
        and (account.everywhere or any(code.startswith(ward) for code in account.wards))
    }


def may_edit(account: Account, ward: str) -> bool:
    """Say whether *account* writes the roster of *ward*: its administrator; of the metropolitan one, theirs."""
    if account.role is not Role.ADMINISTRATOR:
        return False
    return account.everywhere or (ward != METROPOLITAN and any(code[:5] == ward for code in account.wards))
