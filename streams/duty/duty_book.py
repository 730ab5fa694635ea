"""What administrators and officers say on the console about who is woken, on `duty`, beside the register's file.

The file is an import: a roster that was written on the console takes its ward's place, and so do the metropolitan
officers. Direction of safety: a person who cannot be called is no rung, so that the next one costs no time; and where
a roster's end was taken away, the file's metropolitan officers are called.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.duty import Duty, Roster, Shift
from streams.brokers.client import Record
from streams.duty.roster import DutyRegister
from streams.wire import decode

METROPOLITAN = "metropolitan"
PAGER = b"pager"


@dataclass(frozen=True, slots=True)
class RosterRecord:
    """A ward's roster; of `ward` "metropolitan" `on_duty` are those with whom every ladder ends."""

    ward: str
    on_duty: tuple[str, ...]
    shifts: tuple[Shift, ...]
    deputies: tuple[str, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device on which an officer is called; `sealed` is its push subscription (`dispatch.device_seal`)."""

    id: str
    person: str
    label: str
    sealed: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """An officer asks to be called now, to see that she can be."""

    id: str
    person: str
    at: datetime

    @property
    def page(self) -> str:
        """Return what the call stands under on `pages`, where a draft's id would stand."""
        return f"trial-{self.id}"


@dataclass(frozen=True, slots=True)
class PagerRecord:
    """What the pager has from its file, for the console to show: posts, the kinds of their ways, rosters. No address.

    `opens` says whether it can open the devices that officers add.
    """

    ways: Mapping[str, tuple[str, ...]]
    rosters: tuple[Roster, ...]
    metropolitan: tuple[str, ...]
    opens: bool
    at: datetime


@dataclass(slots=True)
class DutyBook:
    """The topic, folded; the newest word counts."""

    rosters: dict[str, RosterRecord] = field(default_factory=dict)
    devices: dict[str, DeviceRecord] = field(default_factory=dict)
    trials: dict[str, TrialRecord] = field(default_factory=dict)
    pager: PagerRecord | None = None

    def apply(self, record: Record) -> None:
        """Take in one record. Raises `Refused` for one that cannot be read."""
        kind, _, rest = record.key.decode(errors="replace").partition("|")
        if record.key == PAGER:
            self.pager = None if record.value is None else decode(PagerRecord, record.value)
        elif kind == "roster":
            if record.value is None:
                self.rosters.pop(rest, None)
            else:
                self.rosters[rest] = decode(RosterRecord, record.value)
        elif kind == "device":
            if record.value is None:
                self.devices.pop(rest, None)
            else:
                self.devices[rest] = decode(DeviceRecord, record.value)
        elif kind == "trial" and record.value is not None:
            trial = decode(TrialRecord, record.value)
            self.trials[trial.person] = trial

    def devices_of(self, person: str) -> tuple[DeviceRecord, ...]:
        """Return the devices of *person*, the oldest first."""
        return tuple(sorted((one for one in self.devices.values() if one.person == person), key=lambda one: one.at))


def roster_key(ward: str) -> bytes:
    """Return the key of a ward's roster."""
    return f"roster|{ward}".encode()


def device_key(identifier: str) -> bytes:
    """Return the key of a device."""
    return f"device|{identifier}".encode()


def trial_key(person: str) -> bytes:
    """Return the key of a person's newest call to herself."""
    return f"trial|{person}".encode()


def duty_of_both(file: Duty, rosters: Mapping[str, RosterRecord], callable_: Iterable[str]) -> Duty:
    """Return the rosters of the file with those of the console in their place; only people who can be called."""
    can = frozenset(callable_)
    found = {ward: _only(roster, can) for ward, roster in file.rosters.items()}
    for ward, said in rosters.items():
        if ward != METROPOLITAN:
            found[ward] = _only(Roster(ward, said.on_duty, said.deputies, said.shifts), can)
    said_metropolitan = rosters[METROPOLITAN].on_duty if METROPOLITAN in rosters else ()
    ends = [name for name in said_metropolitan if name in can] or [name for name in file.metropolitan if name in can]
    return Duty(found, tuple(ends), file.rung_seconds)


def pager_record(register: DutyRegister, *, opens: bool, at: datetime) -> PagerRecord:
    """Return what a pager with this *register* tells the console."""
    ways = {name: tuple(way.value for way in ways) for name, ways in register.ways.items()}
    return PagerRecord(ways, tuple(register.duty.rosters.values()), register.duty.metropolitan, opens, at)


def _only(roster: Roster, can: frozenset[str]) -> Roster:
    return Roster(
        roster.ward,
        tuple(name for name in roster.on_duty if name in can),
        tuple(name for name in roster.deputies if name in can),
        tuple(shift for shift in roster.shifts if shift.person in can),
    )
