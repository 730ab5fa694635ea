"""Rows of "go up" in the languages that have a table: the same rows, found by the same key (R3)."""

from alerts.languages.table import Words
from geo.depth import DepthRank
from routing.go_up import FLOORS, SLOPE, TWO_STOREYS, Need

_RANKS: dict[str, DepthRank | None] = {
    "unknown": None,
    **{rank.name.lower().replace("_", "-"): rank for rank in DepthRank},
}


def go_up_text(key: str, words: Words, *, refuge: str = "") -> str:
    """Return what the row of *key* says, without whom to telephone; *refuge* is the ward's own, as it is read.

    Raises KeyError for a key that is no row's.
    """
    table, gap = words.go_ups, words.names.gap
    rank_name, _, rest = key.partition("/")
    if rank_name == SLOPE:
        return table.slopes[rest]
    house, duration, need = rest.split("/")
    rank = _RANKS[rank_name]
    storeys = FLOORS[rank]
    floor = table.floor.format(floor=storeys) if storeys else table.floor_top
    stands = storeys is not None and storeys <= TWO_STOREYS and house == "stands"
    own = stands and need == Need.GENERAL
    act = table.own if own else table.acts[need]
    there = table.refuge.format(name=refuge) if refuge and not own else ""
    sentences = (_house(words, rank, house, stands), act.format(floor=floor), table.stays[duration], there)
    return gap.join(sentence for sentence in sentences if sentence)


def _house(words: Words, rank: DepthRank | None, house: str, stands: bool) -> str:
    table = words.go_ups
    if house == "collapse":
        return table.collapse
    if stands:
        return ""
    return table.under_unknown if rank is None else table.under.format(depth=words.rivers.depths[rank])
