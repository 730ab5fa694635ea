"""Why what people were told while nobody had ordered holds no longer (R6, R7)."""

from enum import StrEnum


class SilenceOver(StrEnum):
    """None of these says that the danger is gone."""

    NEIGHBOUR = "neighbour"  # the order beyond the line that was spoken of was lifted, taken back or changed
    ORDERED = "ordered"  # there is an order now where they are
    UNORDERED = "unordered"  # the draft that they waited for is decided or closed, and there is none
