"""What residents read of notice 2 at a river: how high it stands, what its agency forecasts, how deep it may get.

Complete in itself, because it replaces the notice before it on a phone: the level and what to do come first
(R15), the picture's figures after them. The limits are those of `alerts.words`.
"""

from dataclasses import dataclass
from datetime import datetime

from alerts.languages.known import words_of
from alerts.languages.readings import in_latin
from alerts.languages.river import write_river
from alerts.level import Level
from alerts.notice import Text
from alerts.river_stage import RiverStage, Trend, next_threshold, thresholds_of
from alerts.wording import clock, shown_name
from alerts.words import level_action

_THRESHOLDS_JA = {1: "水防団待機水位", 2: "氾濫注意水位", 3: "避難判断水位", 4: "氾濫危険水位"}
_THRESHOLDS_EN = {1: "stand-by level", 2: "caution level", 3: "evacuation level", 4: "danger level"}
_TRENDS_JA = {Trend.RISING: "上昇中", Trend.STEADY: "横ばい", Trend.FALLING: "下降中"}
_TRENDS_EN = {Trend.RISING: "rising", Trend.STEADY: "steady", Trend.FALLING: "falling"}


@dataclass(frozen=True, slots=True)
class RiverFacts:
    """What is true for everybody in a part. `depth` is in words of the reader's language, empty where not known."""

    level: Level | None
    stage: RiverStage
    issuer: str
    expires: datetime
    depth: str = ""


def compose_river(facts: RiverFacts, language: str) -> Text:
    """Return title and body in *language*; one that is not known reads English."""
    words = words_of(language)
    if words is not None:
        return write_river(words, facts.level, facts.stage, facts.issuer, facts.expires, facts.depth)
    return _japanese(facts) if language.partition("-")[0].lower() == "ja" else _english(facts)


def _japanese(facts: RiverFacts) -> Text:
    stage, now = facts.stage, facts.stage.now
    level = f"レベル{facts.level.value} " if facts.level is not None else ""
    action = level_action(facts.level, "ja") or "川から離れる"
    # The river is named where it begins a sentence: it is the place.
    body = f"{level}{action}。{clock(now.at)}現在、"
    trend = f"（{_TRENDS_JA[stage.trend]}）" if stage.trend else ""
    body += f"{shown_name(stage.river) or '川'}の{shown_name(stage.name)}は{now.stage_m:.2f}m{trend}。"
    coming = next_threshold(stage)
    if coming is not None:
        body += f"{_THRESHOLDS_JA[coming[0]]}まであと{coming[1] - now.stage_m:.2f}m。"
    elif thresholds_of(stage.thresholds):
        body += f"{_THRESHOLDS_JA[thresholds_of(stage.thresholds)[-1][0]]}を超えています。"
    if stage.forecast:
        peak = max(stage.forecast, key=lambda one: one.stage_m)
        body += f"予報では{clock(peak.at)}に{peak.stage_m:.2f}m。"
    if facts.depth:
        body += f"あふれると浸水の深さは{facts.depth}の想定。"
    body += f"{shown_name(facts.issuer) or '発表機関'}の発表。{clock(facts.expires)}を過ぎても解除ではありません。"
    return Text("ja", f"{level}川の水位のいま", body)


def _english(facts: RiverFacts) -> Text:
    stage, now = facts.stage, facts.stage.now
    level = f"Level {facts.level.value}" if facts.level is not None else ""
    action = level_action(facts.level, "en") or "Keep away from the river"
    river = in_latin(shown_name(stage.river)) or "River"
    body = f"{river} {clock(now.at)}: {action}."
    trend = f", {_TRENDS_EN[stage.trend]}" if stage.trend else ""
    body += f" At {in_latin(shown_name(stage.name))}: {now.stage_m:.2f} m{trend}."
    coming = next_threshold(stage)
    if coming is not None:
        body += f" {coming[1] - now.stage_m:.2f} m below its {_THRESHOLDS_EN[coming[0]]}."
    elif thresholds_of(stage.thresholds):
        body += f" Above its {_THRESHOLDS_EN[thresholds_of(stage.thresholds)[-1][0]]}."
    if stage.forecast:
        peak = max(stage.forecast, key=lambda one: one.stage_m)
        body += f" Forecast: {peak.stage_m:.2f} m at {clock(peak.at)}."
    if facts.depth:
        body += f" If it overflows, water may stand {facts.depth}."
    issuer = in_latin(shown_name(facts.issuer)) or "the agency"
    body += f" By {issuer}. Past {clock(facts.expires)} this is no all-clear."
    return Text("en", f"{level}: the river now" if level else "The river now", body)
