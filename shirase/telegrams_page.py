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
    why = "".join(f"| {kinds} | `{reason}` | {said} |\n" for kinds, reason, said in _WHY_RECORDED)
    return "\n".join([*lines, "", f"{_RECORDED_ONLY}{why}", _OTHERS])


# Kinds, reason, and what is read of them or tells in their place.
_WHY_RECORDED = (
    (
        "VPWP50",
        "forecast-only",
        (
            "the hours in which level 3 or 警報級 is expected, by municipality, by its published structure and codes;"
            " codes below 30 and codes of tomorrow expect nothing. VPWW55-61 tell what holds"
        ),
    ),
    (
        "VPTW40-45, VPTW60-65",
        "forecast-only",
        "where the storm may be in each hour of the next two days (暴風域, 暴風警戒域); 暴風警報 of the offices tell",
    ),
    ("VPWS50", "kind-informational", "nothing: it repeats what VPWW55-61 said, and twice told is told too often"),
    (
        "VPTI50-52, VPZJ50, VPCJ50, VPFJ50, VPFG50, VPNO50, VFVO51, VXSE56, VYSE50-60, VZSE40, VZVO40",
        "kind-informational",
        "nothing: prose, and a rule that reads sentences would be a guess",
    ),
    ("VPFD51, VPFT50, VPTA50", "kind-informational", "nothing: weather, heat, probabilities; no danger here and now"),
    ("VFVO52-55, VFVO60, VFSV", "kind-informational", "nothing: what fell or drifts; VFVO50 and VFVO56 tell"),
    ("VXSE52", "source-only", "nothing: where it was; VXSE51 and VXSE53 tell how the ground moved"),
    ("VXSE60-62", "kind-informational", "nothing: counts and long waves; VXSE51 and VXSE53 tell"),
    ("VTSE51, VTSE52", "kind-informational", "nothing: heights and times of what VTSE41 warns of"),
    ("VXSE42-45", "eew-recorded", "nothing, ever (R23)"),
    ("any other title", "kind-unknown", "nothing: never guessed at"),
)
_RECORDED_ONLY = """\
## Why some are only recorded

Every telegram is kept byte for byte on `telegrams`, and its outcome with its reason on `reports`. Recorded means that
nothing is told from it; what may be told of the same danger comes by the kind that is named here.

| kinds | reason | what is read of them, and what tells |
|---|---|---|
"""

_OTHERS = """\
## Beside the JMA's telegrams

| what | read as |
|---|---|
| CAP 1.0, 1.1, 1.2 | told; places by polygon, circle, or a geocode of the area table; signed by pinned certificates |
| Atom indexes | recorded: a list of what there is to fetch; what it repeats of a message is not acted upon |
| RSS indexes | read by `collect` alone; as a document refused (`not-cap-or-jma`) |
| headlines alone (JSON lines) | recorded: kind, rank, office; lossy ([why](decisions/0014-headlines-warn-nobody.md)) |
"""
