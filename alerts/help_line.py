"""A number that residents may telephone, and whose it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HelpLine:
    """`ward` as it signs its orders, `number` as it is dialled."""

    ward: str
    number: str
