"""Who crosses the lines between wards, as the receiving ward is shown it before the notice goes out (R17)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from routing.assignment import WardLimits
from streams.payloads import Crossing

# A few families who live at the line are no burden that a ward has to be asked about.
MOST_UNSEEN = 50


class WardLines:
    """What was last shown of each line."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], Crossing] = {}

    def recall(self, crossing: Crossing) -> None:
        """Take back what was shown."""
        self._shown[crossing.from_ward, crossing.to_ward] = crossing

    def news(self, crossings: Iterable[tuple[str, str, int]], limits: WardLimits, at: datetime) -> tuple[Crossing, ...]:
        """Return what differs from what was shown: new numbers and caps, and lines that nobody crosses any more.

        A line is shown from more than MOST_UNSEEN people on, and then until nobody crosses it.
        """
        now: dict[tuple[str, str], int] = {}
        for origin, target, people in crossings:
            # Each variant counts its own people, and everybody is among those of the general one.
            now[origin, target] = max(people, now.get((origin, target), 0))
        caps = {(origin, target): most for origin, target, most in limits}
        found = []
        for line in sorted(now.keys() | self._shown.keys()):
            people, before = now.get(line, 0), self._shown.get(line)
            if before is None and people <= MOST_UNSEEN:
                continue
            since = before.since if before is not None and before.people else at
            crossing = Crossing(*line, people, since, at, caps.get(line))
            if before is None or replace(before, at=at) != replace(crossing, since=before.since):
                self._shown[line] = crossing
                found.append(crossing)
        return tuple(found)


def crossing_key(crossing: Crossing) -> bytes:
    """Return the key of a line."""
    return f"{crossing.from_ward}>{crossing.to_ward}".encode()
