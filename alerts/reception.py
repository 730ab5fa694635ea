"""What a ward says of people who come to it from another: how many it takes (R17)."""

from dataclasses import dataclass

from alerts.fact import Attribution


@dataclass(frozen=True, slots=True)
class WardCap:
    """The receiving ward's limit on one line: at most `most` people of `from_ward`. `lifted` ends it.

    Wards are labels, the ones that cells and shelters carry. Nobody who is there already is sent away by it.
    """

    id: str
    from_ward: str
    to_ward: str
    most: int
    attribution: Attribution
    lifted: bool = False
    undo: bool = False


def cap_id(from_ward: str, to_ward: str) -> str:
    """Return the id of what is said of one line: a newer word on it replaces the older."""
    return f"{from_ward}>{to_ward}"
