"""Who is called because an order runs out: those on duty, and others only where no call got through (R10).

Pure: what was called comes in, whom to call goes out. Once for each end: whoever comes on duty later, or is put on a
roster, reads it on the board.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.duty import Call, Duty, rungs
from dispatch.channel import ChannelState
from streams.payloads import PageRecord


@dataclass(frozen=True, slots=True)
class ToCall:
    """The people to be called now, and the calls that have no end yet and are made again."""

    calls: tuple[Call, ...]
    unfinished: tuple[PageRecord, ...] = ()


def to_call(duty: Duty, wards: Iterable[str], hour: int, made: Iterable[PageRecord]) -> ToCall:
    """Return whom to call about one order of *wards* (none: the metropolitan officers), after the calls *made*."""
    pages = tuple(made)
    calls: list[Call] = []
    unfinished: list[PageRecord] = []
    for ward in sorted(set(wards)) or [""]:
        here = [page for page in pages if page.ward == ward]
        if any(page.state is not ChannelState.FAILED for page in here):
            unfinished += [page for page in here if page.state is ChannelState.SENT]
            continue
        failed = {page.person for page in here}
        for rung in rungs(duty, ward, hour):
            calls += [call for call in rung if call.person not in failed]
            if any(call.person not in failed for call in rung):
                break
    first: dict[str, Call] = {}
    for call in calls:
        first.setdefault(call.person, call)
    return ToCall(tuple(first.values()), tuple(unfinished))
