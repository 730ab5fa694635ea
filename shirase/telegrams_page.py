"""docs/telegrams.md: which kinds of documents are read, and what becomes of each."""

from feeds.jma.kinds import Family, family_of, informational_reason, titles

# What each family makes of a telegram. A family without its sentence has no page: a test compares.
_TOLD = {
    Family.WARNING: "told by municipality, each kind with its status; both generations",
    Family.LANDSLIDE: "told by municipality, level 4",
    Family.RIVER: "told by the municipalities that the reach may flood; the gauges' levels stand beside it",
    Family.RECORD_RAIN: "told by forecast area for 3 h",
    Family.TORNADO: "told by municipality until its own end",
    Family.INTENSITY: "told from 震度５弱 on, by municipality or quake area; below that recorded",
    Family.TSUNAMI: "told by coast; held where the coast is not in the area table",
    Family.VOLCANO: "told by municipality; the volcanic alert level stands beside it",
    Family.ERUPTION: "told by municipality for 6 h",
    Family.BULLETIN: "told by its tag (記録雨, 短時間大雪) for its forecast areas; other tags recorded",
}
_RECORDED = {
    "eew-recorded": "recorded, never told (R23)",
    "source-only": "recorded: where it was, not how strongly the ground moved",
    "forecast-only": "recorded; level 3 (警報級, 暴風警戒域) expected for a night opens a draft before dark (R8)",
    "kind-informational": "recorded",
}


def telegrams_page() -> str:
    """Return the page from the tables of `feeds.jma.kinds`."""
    lines = [
        "# Telegrams",
        "",
        "Made from `feeds/jma/kinds.py` by `make docs`; a test fails when it is out of date. A kind is told by",
        "`Control/Title`. One that is not listed is recorded as `kind-unknown`: never guessed at, and never lost.",
        "",
        "In every kind `Status` comes first: 訓練 and 試験 leave the live path. Then `InfoType`: 訂正 replaces, 取消",
        "ends, to exactly those who were told. A kind with 解除 or なし is not in force. What cannot be understood is",
        "refused with a reason; it is never read as the end of a danger.",
        "",
        "| kind | title | what becomes of it |",
        "|---|---|---|",
    ]
    for title, kind in titles():
        reason = informational_reason(kind)
        lines.append(f"| {kind} | {title} | {_RECORDED[reason] if reason else _TOLD[family_of(kind)]} |")
    return "\n".join([*lines, "", _OTHERS])


_OTHERS = """\
## Beside the JMA's telegrams

| what | read as |
|---|---|
| CAP 1.0, 1.1, 1.2 | told; places by polygon, circle, or a geocode of the area table; signed by pinned certificates |
| Atom and RSS indexes | recorded: a list of what there is to fetch; what it repeats of a message is not acted upon |
| headlines alone (JSON lines) | recorded: kind, rank, office; lossy ([why](decisions/0014-headlines-warn-nobody.md)) |
"""
