"""Write notice 2 at a river from a language's table: level, action and time, then the river and how it stands."""

from datetime import datetime

from alerts.languages.fill import body_of, issuer_of, level_of, title_of
from alerts.languages.table import Words
from alerts.level import Level
from alerts.notice import Text
from alerts.river_stage import RiverStage, next_threshold, thresholds_of
from alerts.wording import clock, shown_name


def depth_words(words: Words, rank: int | None) -> str:
    """Return how deep water would stand; what is not known is said so."""
    return words.rivers.depth_unknown if rank is None else words.rivers.depths[rank]


def write_river(
    words: Words, level: Level | None, stage: RiverStage, issuer: str, expires: datetime, depth: str
) -> Text:
    """Return title and body; *depth* is in words of the same language, empty where nothing is said of it."""
    table, names, now = words.rivers, words.names, stage.now
    said_level = level_of(names, level)
    title = title_of((table.title if said_level else table.title_without_level,), level=said_level)
    coming, ladder = next_threshold(stage), thresholds_of(stage.thresholds)
    against = ""
    if coming is not None:
        against = table.below.format(threshold=table.thresholds[coming[0]], metres=f"{coming[1] - now.stage_m:.2f}")
    elif ladder:
        against = table.above.format(threshold=table.thresholds[ladder[-1][0]])
    forecast = ""
    if stage.forecast:
        peak = max(stage.forecast, key=lambda one: one.stage_m)
        forecast = table.forecast.format(time=clock(peak.at), stage=f"{peak.stage_m:.2f}")
    sentences = (
        table.first.format(
            level=f"{said_level} " if said_level else "",
            action=words.warnings.level_actions[level] if level is not None else table.action,
            time=clock(now.at),
            river=names.shown(shown_name(stage.river)) or table.river,
        ),
        table.stage.format(
            station=names.shown(shown_name(stage.name)),
            stage=f"{now.stage_m:.2f}",
            trend=table.trends[stage.trend] if stage.trend else "",
        ),
        against,
        forecast,
        table.depth.format(depth=depth) if depth else "",
        table.end.format(issuer=issuer_of(names, issuer, names.issuer), until=clock(expires)),
    )
    return Text(words.language, title, body_of(names, sentences))
