"""What a language consists of: names, and sentences with blanks. Every file of `alerts.languages` fills one in.

A sentence ends with its own stop. Blanks are written `{time}`; the same in every language, which tests compare.
Mappings are complete: a danger without a word would be a push that is not sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alerts.cap import Severity
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Phase
from alerts.river_stage import Trend
from alerts.shaking import Intensity
from alerts.silence_over import SilenceOver


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called. `shown` writes a Japanese name as its readers can read it; `gap` parts sentences."""

    shown: Callable[[str], str]
    gap: str
    comma: str
    level: str
    hazards: Mapping[HazardKind, str]
    more_hazards: str
    warnings: Mapping[Level, str]
    orders: Mapping[Level, str]
    phases: Mapping[Phase, str]  # as one word, empty for what is new
    areas: str
    inside: str  # several areas of one ward
    all_areas: str
    no_area: str
    issuer: str
    municipality: str
    day: str
    edge: str
    not_gone: str
    drill_title: str
    drill_body: str


@dataclass(frozen=True, slots=True)
class Warnings:
    """Sentences about a warning. No one orders anybody to leave."""

    what: str
    what_without_level: str
    severities: Mapping[Severity, str]
    titles: tuple[str, ...]  # the first that fits is taken
    titles_of_change: tuple[str, ...]
    title_without_level: str
    title_of_change_without_level: str
    level_actions: Mapping[Level, str]
    actions: Mapping[HazardKind, str]
    first: str
    also: str
    did: Mapping[Phase, str]
    lifted: str
    lifted_more: str
    cancelled: str
    cancelled_more: str
    kinds: str
    until: str


@dataclass(frozen=True, slots=True)
class Orders:
    """Sentences about a municipality's order to leave, about its end, and that it goes on beyond the end it had."""

    titles: tuple[str, ...]
    titles_of_change: tuple[str, ...]
    actions: Mapping[Level, str]
    more: Mapping[Level, str]
    first: str
    by: str
    holds: str
    lifted: str
    lifted_by: str
    cancelled: str
    cancelled_by: str
    goes_on_titles: tuple[str, ...]
    goes_on: str
    goes_on_until: str
    goes_on_by: str


@dataclass(frozen=True, slots=True)
class Rivers:
    """Sentences about the stage of a river (notice 2)."""

    title: str
    title_without_level: str
    action: str
    first: str
    stage: str
    trends: Mapping[Trend, str]
    thresholds: Mapping[int, str]
    below: str
    above: str
    forecast: str
    depths: Mapping[int, str]
    depth_unknown: str
    depth: str
    end: str
    river: str


@dataclass(frozen=True, slots=True)
class Quakes:
    """Sentences about an earthquake and about a tsunami."""

    intensities: Mapping[Intensity, str]
    titles: tuple[str, ...]
    titles_of_change: tuple[str, ...]
    first: str
    after: str
    strong: str
    sea: str
    by: str
    end: str
    waves: Mapping[str, str]  # by the agency's own word
    wave_titles: tuple[str, ...]
    wave_titles_of_change: tuple[str, ...]
    wave_first: str
    flee: str
    shore: str
    height: str
    height_over: str
    height_unknown: str
    arriving: str
    arrives: str
    wave_by: str
    wave_end: str


@dataclass(frozen=True, slots=True)
class Silences:
    """Sentences for where nobody has decided yet (R6), and for where only another ward has ordered (R7)."""

    title: str
    title_across: str
    across: str
    first: str
    no_order: str
    shelters: str
    no_shelters: str
    titles_of_end: Mapping[SilenceOver, str]
    ends: Mapping[SilenceOver, str]


@dataclass(frozen=True, slots=True)
class Informations:
    """Sentences about somebody else's place: what was said there, and never what to do (R5)."""

    title: str
    titles_of_change: tuple[str, ...]
    first: str
    first_without_level: str
    order: str
    warning: str
    information: str
    issued: str
    changed: str
    not_for_you: str


@dataclass(frozen=True, slots=True)
class Helps:
    """Whom to telephone (R3): a ward's number, the sentence with some of them, and the one without."""

    line: str
    named: str
    unnamed: str


@dataclass(frozen=True, slots=True)
class GoUps:
    """Sentences of "go up" (R3), by what `routing.go_up` decides. Whoever may not climb is told whom to ask first."""

    floor: str
    floor_top: str
    collapse: str
    under: str
    under_unknown: str
    acts: Mapping[str, str]  # by need
    own: str  # of those who can climb, in a house that stands and is high enough
    stays: Mapping[str, str]  # by how long the water stays
    slopes: Mapping[str, str]  # by need
    refuge: str  # the ward's own high ground or 待避施設


@dataclass(frozen=True, slots=True)
class Ways:
    """Sentences of a way (kind 3). Mappings are by values of `routing`: what changed, what to do, where to turn."""

    here: str
    title: str
    title_end: str
    end: str
    check: str
    first: str
    first_changed: str
    why: Mapping[str, str]
    unnamed: str
    acts: Mapping[str, str]
    act_titles: Mapping[str, str]
    by_time: str
    early: str
    replaces: str
    walk: str
    turns: str
    turn: str
    turn_at: str
    turn_street: str
    turn_street_at: str
    sides: Mapping[str, str]
    designated: str
    unconfirmed: str
    turn_back: str
    leave_how: str
    leave_to: str  # where the ward names its 広域避難先
    no_way: str
    step_free_way: str
    step_free_act: str
    step_free_none: str
    other_side: str
    by: str


@dataclass(frozen=True, slots=True)
class Checks:
    """Sentences of a visible check of reception (R19): nothing is to be done."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Words:
    """All of one language that a push may say."""

    language: str
    names: Names
    warnings: Warnings
    orders: Orders
    rivers: Rivers
    quakes: Quakes
    silences: Silences
    informations: Informations
    helps: Helps
    ways: Ways
    go_ups: GoUps
    checks: Checks
