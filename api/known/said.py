"""The one word that every act of a coordinator is answered with, and what to do then."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What became of it; stable codes."""

    SENT = "sent"
    NOT_SENT = "not-sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Said:
    """A state in words: the word itself, what it says, what to do, and the same in English."""

    word: str
    said: str
    then: str
    english: str


WORDS: Mapping[State, Said] = {
    State.SENT: Said(
        "SENT",
        "送られた",
        "出ていきました。止めるには取り消しか解除です。",
        "It went out. Only a correction or an all-clear stops it.",
    ),
    State.NOT_SENT: Said(
        "NOT SENT",
        "送られていない",
        "だれにも届いていません。理由を読み、直してもう一度。",
        "Nobody was told. Read why, mend it, try again.",
    ),
    State.UNKNOWN: Said(
        "UNKNOWN",
        "まだ分からない",
        "待って読み直します。もう一度押しても二重には送られません（SAFE TO RETRY）。",
        "Wait and look again. Pressing again never sends twice.",
    ),
}
